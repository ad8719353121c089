//! Whoever has the checkout, if that is not root.

use super::checkout::Checkout;
use crate::sandbox::CommandOutput;

/// The owner of a checkout, without a right of root's.
pub(super) struct Person<'c> {
    checkout: &'c Checkout,
    /// Root is no such person, and makes one.
    pub(super) is_made: bool,
}

/// The number of a person that is made, and of its group.
const USER: &str = "54321";

impl<'c> Person<'c> {
    /// Whoever owns this checkout, from now on.
    pub(super) fn of(checkout: &'c Checkout) -> Self {
        let is_made = rustix::process::geteuid().is_root();
        if is_made {
            let own = ["-R", &format!("{USER}:{USER}"), checkout.path().to_str().unwrap()];
            assert!(checkout.command("chown", &own).status().unwrap().success());
        }
        Self { checkout, is_made }
    }

    /// Runs a script as this person.
    pub(super) fn run(&self, script: &str) -> CommandOutput {
        self.run_as(USER, script)
    }

    /// Runs a script as somebody else of the person's group, which only one that was made can.
    pub(super) fn run_as(&self, user: &str, script: &str) -> CommandOutput {
        let become_user = ["--reuid", user, "--regid", USER, "--clear-groups", "sh", "-ec", script];
        let (program, arguments) = if self.is_made { ("setpriv", &become_user[..]) } else { ("sh", &become_user[6..]) };
        self.checkout.command(program, arguments).output().unwrap().into()
    }
}
