//! Sessions that are opened as they are needed, and again when they break.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rand_core::Rng;

use super::super::deadline::{CloseReason, Deadline, LEAST_BYTES, TICK};
use super::super::error::TransferError;
use super::client::FtpClient;
use super::session::Session;
use crate::foundation::backoff::{CAP, pause};
use crate::foundation::random::{self, Randomness};
use crate::foundation::secret::Secret;

/// How long a server surely waits for a login.
const PATIENCE_OF_SERVERS: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct ClientState {
    pub(super) session: Option<Session>,
    password: Option<Secret<String>>,
    /// Whether a session was ever opened: from then on, a server that cannot be reached is waited for.
    met: bool,
    refuses_epsv: bool,
    random: Option<Randomness>,
}

/// How often something may be tried again. Bytes that get there earn further attempts and time for them, but no single byte
/// does: a server that gives one in each attempt keeps nobody for ever.
pub(super) struct RetryBudget {
    /// In a row, without [`LEAST_BYTES`] in between.
    failed: u32,
    most: u32,
    /// Bytes that have not earned attempts yet.
    bytes: u64,
    timeout: Duration,
    /// The time for all attempts in a row.
    allowance: Duration,
    deadline: Instant,
}

impl RetryBudget {
    fn new(most: u32, timeout: Duration) -> Self {
        let allowance = (timeout + CAP).saturating_mul(most.saturating_add(1));
        Self { failed: 0, most, bytes: 0, timeout, allowance, deadline: Instant::now() + allowance }
    }

    /// So many bytes more than ever before have got there: as in a single attempt, [`LEAST_BYTES`] earn one timeout.
    pub(super) fn progress(&mut self, bytes: u64) {
        let earned = Duration::try_from_secs_f64(self.timeout.as_secs_f64() * (bytes as f64 / LEAST_BYTES));
        let latest = Instant::now() + self.allowance;
        self.deadline = earned.ok().and_then(|earned| self.deadline.checked_add(earned)).unwrap_or(latest).min(latest);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes as f64 >= LEAST_BYTES {
            (self.failed, self.bytes) = (0, 0);
        }
    }

    /// Counts a failed attempt; whether there may be another.
    fn again(&mut self) -> bool {
        if self.failed >= self.most || Instant::now() > self.deadline {
            return false;
        }
        self.failed += 1;
        true
    }
}

impl FtpClient<'_> {
    pub(super) fn state(&self) -> MutexGuard<'_, ClientState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn look_after(&self, watch: &Arc<Deadline>) {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(watch));
    }

    /// Does `work` in a session; again in another one if the failure may pass and too many did not fail already.
    pub(super) fn retry<T>(
        &self,
        mut work: impl FnMut(&mut Session, &mut RetryBudget) -> Result<T, TransferError>,
    ) -> Result<T, TransferError> {
        let mut state = self.state();
        let mut attempts = RetryBudget::new(self.connector.retries, self.connector.timeout);
        loop {
            let error = match self.watched(|| self.attempt(&mut state, &mut attempts, &mut work)) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            state.session = None;
            // Whatever failed then, this is why.
            self.observer.check_cancelled()?;
            let may_pass = error.may_pass() && (state.met || !error.is_absence());
            if !may_pass || !attempts.again() {
                return Err(error);
            }
            let number = format!("attempt {} of {}", attempts.failed + 1, u64::from(self.connector.retries) + 1);
            self.observer.notice(&format!("{error}; going on from there ({number})"));
            self.wait(&mut state, attempts.failed)?;
        }
    }

    fn attempt<T>(
        &self,
        state: &mut ClientState,
        attempts: &mut RetryBudget,
        work: &mut impl FnMut(&mut Session, &mut RetryBudget) -> Result<T, TransferError>,
    ) -> Result<T, TransferError> {
        let mut session = match state.session.take() {
            Some(session) => session,
            None => self.open(state)?,
        };
        let value = work(&mut session, attempts);
        // Whoever hangs up on EPSV is asked by PASV the next time.
        state.refuses_epsv |= session.refuses_epsv;
        let value = value?;
        state.session = Some(session);
        Ok(value)
    }

    fn open(&self, state: &mut ClientState) -> Result<Session, TransferError> {
        let watched = |watch: &Arc<Deadline>| self.look_after(watch);
        let mut session = self.connector.open_session(&self.address, self.observer, watched)?;
        if state.password.is_none() {
            // A person may take their time, and a server may tire of that.
            *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let asked = Instant::now();
            state.password = Some((self.connector.password)(&self.address, self.observer)?);
            if asked.elapsed() > PATIENCE_OF_SERVERS {
                session = self.connector.open_session(&self.address, self.observer, watched)?;
            }
            session.watch().set_timeout(self.connector.timeout);
            watched(session.watch());
        }
        let password = state.password.as_ref().map(|password| password.expose().as_str());
        session.login(&self.address.user, password.unwrap_or_default())?;
        state.met = true;
        if state.refuses_epsv {
            session.avoid_epsv();
        }
        Ok(session)
    }

    /// Does `work` while somebody looks after deadlines and asks whether to go on.
    pub(super) fn watched<T>(&self, work: impl FnOnce() -> Result<T, TransferError>) -> Result<T, TransferError> {
        let (end, ended) = channel::<()>();
        thread::scope(|scope| {
            let look_after = move || {
                while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    match watch {
                        Some(watch) if self.observer.check_cancelled().is_err() => watch.close(CloseReason::Wanted),
                        Some(watch) => watch.tick(),
                        None => {}
                    }
                }
            };
            let started = thread::Builder::new().spawn_scoped(scope, look_after);
            started.map_err(|source| TransferError::Local { place: "a thread".into(), source })?;
            let value = work();
            drop(end);
            value
        })
    }

    fn wait(&self, state: &mut ClientState, attempt: u32) -> Result<(), TransferError> {
        if state.random.is_none() {
            let none =
                |error| TransferError::Local { place: "a random pause".into(), source: std::io::Error::other(error) };
            state.random = Some(random::from_system().map_err(none)?);
        }
        let mut left = pause(attempt, state.random.as_mut().map_or(u32::MAX, Rng::next_u32));
        while !left.is_zero() {
            self.observer.check_cancelled()?;
            let nap = left.min(TICK);
            thread::sleep(nap);
            left -= nap;
        }
        Ok(self.observer.check_cancelled()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many attempts there are if each gets so many bytes further.
    fn count(bytes: u64) -> u32 {
        let mut attempts = RetryBudget::new(2, Duration::from_secs(30));
        (1..100)
            .find(|_| {
                attempts.progress(bytes);
                !attempts.again()
            })
            .unwrap_or(100)
    }

    #[test]
    fn single_bytes_earn_no_attempts() {
        assert_eq!([0, 1, 1000, 4096, u64::MAX].map(count), [3, 3, 3, 100, 100]);
        assert_eq!(count(2048), 100, "4096 bytes in two attempts are enough");
    }

    #[test]
    fn attempts_have_a_least_rate_together() {
        let mut attempts = RetryBudget::new(2, Duration::from_secs(30));
        attempts.deadline = Instant::now();
        attempts.progress(4);
        assert!(attempts.again());
        attempts.deadline = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        attempts.progress(4);
        assert!(!attempts.again());
        attempts.progress(1 << 20);
        assert!(attempts.again() && attempts.deadline <= Instant::now() + attempts.allowance);
    }
}
