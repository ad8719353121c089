//! The server's certificate, key and password, from the request or from the state directory.

use std::path::{Path, PathBuf};

use tracing::warn;

use super::{ServeRequest, create_data_directory};
use crate::foundation::random;
use crate::foundation::secret::Secret;
use crate::keystore::{ServerIdentity, ServerState, is_world_readable};
use crate::pipeline::PipelineError;
use crate::transfer::is_certificate_for;

/// Files of the server's state directory that clients need copies of.
#[derive(Debug, Clone)]
pub struct StateFiles {
    /// The certificate, unless another one was given.
    pub certificate: Option<PathBuf>,
    /// The password, unless another one was given.
    pub password: Option<PathBuf>,
}

/// Creates the data directory, the certificate and the password if they do not exist, without serving.
///
/// # Errors
/// As [`serve`](super::serve), except errors of listening.
pub fn prepare(mut request: ServeRequest) -> Result<StateFiles, PipelineError> {
    create_data_directory(&request.data)?;
    Ok(request.credentials()?.files)
}

/// The certificate and key that the server presents, and the password that it requires.
pub(super) struct Credentials {
    pub(super) identity: ServerIdentity,
    pub(super) password: Secret<String>,
    pub(super) files: StateFiles,
}

impl ServeRequest {
    /// Returns the given credentials, or else those in the state directory, which are created if they do not exist.
    pub(super) fn credentials(&mut self) -> Result<Credentials, PipelineError> {
        self.secrets.iter().chain([&self.state]).try_for_each(|secret| require_outside_data(secret, &self.data))?;
        let state = ServerState::open(&self.state)?;
        let given = self.secrets.iter().filter(|path| is_world_readable(path)).cloned();
        for file in state.world_readable_files().chain(given) {
            warn!(file = %file.display(), "every user of this machine can read this secret");
        }
        let files = StateFiles {
            certificate: self.identity.is_none().then(|| state.certificate_file()),
            password: self.password.is_none().then(|| state.password_file()),
        };
        let names = if self.names.is_empty() { &self.default_names } else { &self.names };
        let identity = self.identity.take().map_or_else(|| state.identity(names), Ok)?;
        for name in self.names.iter().filter(|name| !is_certificate_for(name, &identity.certificate)) {
            warn!(name, "the existing certificate is not for this name");
        }
        let password = match self.password.take() {
            Some(password) => password,
            None => state.password(&mut random::from_system()?)?,
        };
        Ok(Credentials { identity, password, files })
    }
}

/// Fails if a secret lies in the data directory.
fn require_outside_data(secret: &Path, data: &Path) -> Result<(), PipelineError> {
    // Clients cannot read a pipe or a device.
    if secret.metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
        return Ok(());
    }
    let real = |path: &Path| path.canonicalize().map_err(PipelineError::file(path.display()));
    let absolute = std::path::absolute(secret).map_err(PipelineError::file(secret.display()))?;
    // The secret may not exist yet.
    let existing = absolute.ancestors().find(|path| path.exists()).unwrap_or(&absolute);
    if real(existing)?.starts_with(real(data)?) {
        let (secret, data) = (secret.display().to_string(), data.display().to_string());
        return Err(PipelineError::SecretInData { secret, data });
    }
    Ok(())
}
