//! Work on links from a program that is not asynchronous itself.

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::error::WireError;
use crate::foundation::observer::Observer;

/// How often the observer is asked whether to go on.
const TICK: Duration = Duration::from_millis(50);

/// How long what still blocks at the end is waited for.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);

/// Does `work` and returns when it is done. Its token is cancelled when the observer wants an end; how it ends then is its
/// own affair.
///
/// # Errors
/// [`WireError::Runtime`], and those of `work`.
pub fn run<T, E: From<WireError>>(
    observer: &dyn Observer,
    work: impl AsyncFnOnce(CancellationToken) -> Result<T, E>,
) -> Result<T, E> {
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(WireError::Runtime)?;
    let stop = CancellationToken::new();
    let outcome = runtime.block_on(async {
        let work = work(stop.clone());
        tokio::pin!(work);
        loop {
            tokio::select! {
                outcome = &mut work => return outcome,
                () = sleep(TICK) => if observer.check_cancelled().is_err() { stop.cancel() },
            }
        }
    });
    runtime.shutdown_timeout(SHUTDOWN_GRACE);
    outcome
}

/// Does what takes long or waits for a disk where it keeps nobody else from working.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and whoever awaits this with it.
            Err(_) => std::future::pending().await,
        },
    }
}
