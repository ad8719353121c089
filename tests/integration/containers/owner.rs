//! The owner of a checkout, without root privileges.

use super::checkout::Checkout;
use crate::sandbox::CommandOutput;

/// The unprivileged owner of a checkout.
pub(super) struct CheckoutOwner<'c> {
    checkout: &'c Checkout,
    /// Whether the user was created for the test, because root runs the tests.
    pub(super) is_created: bool,
}

/// The user ID and group ID of the created user.
const USER: &str = "54321";

impl<'c> CheckoutOwner<'c> {
    /// Returns the owner of this checkout. If root runs the tests, first gives the checkout to an unprivileged user.
    pub(super) fn of(checkout: &'c Checkout) -> Self {
        let is_created = rustix::process::geteuid().is_root();
        if is_created {
            let own = ["-R", &format!("{USER}:{USER}"), checkout.path().to_str().unwrap()];
            assert!(checkout.command("chown", &own).status().unwrap().success());
        }
        Self { checkout, is_created }
    }

    /// Runs a script as the owner.
    pub(super) fn run(&self, script: &str) -> CommandOutput {
        self.run_as(USER, script)
    }

    /// Runs a script as another user of the owner's group. Only possible if the owner was created.
    pub(super) fn run_as(&self, user: &str, script: &str) -> CommandOutput {
        let become_user = ["--reuid", user, "--regid", USER, "--clear-groups", "sh", "-ec", script];
        let (program, arguments) =
            if self.is_created { ("setpriv", &become_user[..]) } else { ("sh", &become_user[6..]) };
        self.checkout.command(program, arguments).output().unwrap().into()
    }
}
