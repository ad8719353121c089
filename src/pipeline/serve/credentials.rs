//! Certificate, key and password of a server: those that are given, or those in its state.

use std::path::{Path, PathBuf};

use tracing::warn;

use super::{ServeRequest, make_data};
use crate::foundation::random;
use crate::foundation::secret::Secret;
use crate::keystore::{ServerIdentity, ServerState, is_exposed};
use crate::pipeline::PipelineError;
use crate::transfer::is_certificate_for;

/// Files of the server's state that clients need copies of.
#[derive(Debug, Clone)]
pub struct StateFiles {
    /// The certificate, if it is the one in the state.
    pub certificate: Option<PathBuf>,
    /// The password, if it is the one in the state.
    pub password: Option<PathBuf>,
}

/// Does what a first start does, but serves nobody: makes the directory, the certificate and the password where there are
/// none yet.
///
/// # Errors
/// [`PipelineError`] as of [`serve`](super::serve).
pub fn prepare(mut request: ServeRequest) -> Result<StateFiles, PipelineError> {
    make_data(&request.data)?;
    Ok(request.credentials()?.files)
}

/// What the server shows, and what it asks for.
pub(super) struct Credentials {
    pub(super) identity: ServerIdentity,
    pub(super) password: Secret<String>,
    pub(super) files: StateFiles,
}

impl ServeRequest {
    /// Those that are given, else those in the state, which are made if there are none yet.
    pub(super) fn credentials(&mut self) -> Result<Credentials, PipelineError> {
        self.secrets.iter().chain([&self.state]).try_for_each(|secret| require_outside_data(secret, &self.data))?;
        let state = ServerState::open(&self.state)?;
        let given = self.secrets.iter().filter(|path| is_exposed(path)).cloned();
        for file in state.exposed().chain(given) {
            warn!(file = %file.display(), "everybody on this machine can read this secret; chmod 600 ends that");
        }
        let files = StateFiles {
            certificate: self.identity.is_none().then(|| state.certificate_file()),
            password: self.password.is_none().then(|| state.password_file()),
        };
        let names = if self.names.is_empty() { &self.usual_names } else { &self.names };
        let identity = self.identity.take().map_or_else(|| state.identity(names), Ok)?;
        for name in self.names.iter().filter(|name| !is_certificate_for(name, &identity.certificate)) {
            warn!(name, "the certificate that there is already is not for this name; one that is made anew would be");
        }
        let password = match self.password.take() {
            Some(password) => password,
            None => state.password(&mut random::from_system()?)?,
        };
        Ok(Credentials { identity, password, files })
    }
}

fn require_outside_data(secret: &Path, data: &Path) -> Result<(), PipelineError> {
    // A pipe lies in no directory.
    if secret.metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
        return Ok(());
    }
    let real = |path: &Path| path.canonicalize().map_err(PipelineError::file(path.display()));
    let absolute = std::path::absolute(secret).map_err(PipelineError::file(secret.display()))?;
    // It may have to be made yet.
    let there = absolute.ancestors().find(|path| path.exists()).unwrap_or(&absolute);
    if real(there)?.starts_with(real(data)?) {
        let (secret, data) = (secret.display().to_string(), data.display().to_string());
        return Err(PipelineError::SecretInData { secret, data });
    }
    Ok(())
}
