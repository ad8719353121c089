//! Runs asynchronous work from blocking code, and blocking work from asynchronous code.
//!
//! The functions of a scenario block, like those of `pipeline`, and are asynchronous inside ([`block_on`]). Computation
//! and disk access run on other threads ([`blocking`]), so that they do not delay frames.

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::error::WireError;
use crate::foundation::observer::Cancel;

/// Interval at which the work is checked for cancellation.
const CANCEL_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How long the runtime waits for blocking tasks when it shuts down.
const BLOCKING_TASKS_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs `work` to its end and returns its outcome. Cancels its token once `cancel` reports a cancellation; `work`
/// decides how to end then.
///
/// # Errors
/// [`WireError::Runtime`] if no runtime can be started, and the errors of `work`.
pub fn block_on<T, E: From<WireError>>(
    cancel: &dyn Cancel,
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
                () = sleep(CANCEL_POLL_INTERVAL) => if cancel.check_cancelled().is_err() { stop.cancel() },
            }
        }
    });
    runtime.shutdown_timeout(BLOCKING_TASKS_TIMEOUT);
    outcome
}

/// Runs work that blocks or takes long on a thread of its own, so that it does not hold up other tasks.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and drops the task that awaits this.
            Err(_) => std::future::pending().await,
        },
    }
}
