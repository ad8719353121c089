//! An unprivileged user who owns the checkout.

use super::checkout::Checkout;
use crate::sandbox::{CommandOutput, is_root};

/// The user ID and group ID of the created user.
const USER: &str = "54321";

/// The unprivileged owner of a checkout.
pub(super) struct CheckoutOwner<'c> {
    checkout: &'c Checkout,
    /// Whether the user was created for the test, because root runs the tests.
    pub(super) is_created: bool,
}

impl<'c> CheckoutOwner<'c> {
    /// Returns the owner of this checkout. If root runs the tests, first gives the checkout to an unprivileged user.
    pub(super) fn of(checkout: &'c Checkout) -> Self {
        let is_created = is_root();
        if is_created {
            let own = ["-R", &format!("{USER}:{USER}"), checkout.path().to_str().unwrap()];
            assert!(checkout.command("chown", &own).status().unwrap().success());
        }
        Self { checkout, is_created }
    }

    /// Runs a script as the owner.
    pub(super) fn run(&self, script: &str) -> CommandOutput {
        if self.is_created {
            return self.run_as(USER, script);
        }
        self.checkout.command("sh", &["-ec", script]).output().unwrap().into()
    }

    /// Runs a script as another user of the owner's group.
    #[track_caller]
    pub(super) fn run_as(&self, user: &str, script: &str) -> CommandOutput {
        assert!(self.is_created, "only root can switch users");
        let arguments = ["--reuid", user, "--regid", USER, "--clear-groups", "sh", "-ec", script];
        self.checkout.command("setpriv", &arguments).output().unwrap().into()
    }
}
