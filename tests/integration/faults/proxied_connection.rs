//! One connection through the proxy, from its first byte to its end.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_linger;

use super::fault_plan::{Channel, Ending, Fault, ScheduledFault};
use super::proxy::Shared;

const BLOCK: u64 = 16 << 10;

/// The longest interval between checks for an outage or the end of the proxy.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A proxied connection and its scheduled fault. `ends` are the client's and the server's sockets, in this order.
pub(super) struct ProxiedConnection {
    ends: [TcpStream; 2],
    /// Which ends may still send.
    open: [bool; 2],
    channel: Channel,
    scheduled: Option<ScheduledFault>,
    passed: u64,
    /// Bytes per second, if the connection is slow.
    rate: Option<u64>,
    /// The number of outages when the connection began.
    outages: u64,
    shared: Arc<Shared>,
}

impl ProxiedConnection {
    pub(super) fn new(ends: [TcpStream; 2], channel: Channel, shared: Arc<Shared>) -> Self {
        for end in &ends {
            end.set_nodelay(true).unwrap();
            // A peer that stops reading must not block the test.
            end.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        }
        let scheduled = shared.fault_plan.lock().unwrap().next_fault(channel);
        let outages = shared.outages.load(Ordering::SeqCst);
        Self { ends, open: [true; 2], channel, scheduled, passed: 0, rate: None, outages, shared }
    }

    /// Forwards bytes until both sides have closed or a fault cuts the connection.
    pub(super) fn run(mut self) {
        while self.open.contains(&true) && !self.is_in_outage() && !self.trigger_fault() {
            let passed = self.readable().and_then(|ready| ready.into_iter().try_for_each(|end| self.forward(end)));
            if passed.is_err() {
                break;
            }
        }
        self.shared.note_length(self.channel, self.passed);
    }

    fn is_in_outage(&self) -> bool {
        let cut = self.shared.outages.load(Ordering::SeqCst) != self.outages;
        if cut {
            self.end(Ending::Reset);
        }
        cut || self.shared.is_over()
    }

    /// Triggers the fault if enough bytes have passed. Returns whether it ends the connection.
    fn trigger_fault(&mut self) -> bool {
        let Some(ScheduledFault { fault, .. }) = self.scheduled.take_if(|scheduled| self.passed >= scheduled.after)
        else {
            return false;
        };
        self.shared.fault_count.fetch_add(1, Ordering::SeqCst);
        match fault {
            Fault::Cut(ending) => self.end(ending),
            Fault::CutAll(ending) => {
                self.shared.outages.fetch_add(1, Ordering::SeqCst);
                self.end(ending);
            }
            Fault::Stall(time) => self.stall(time),
            Fault::Slow(rate) => self.rate = Some(rate),
        }
        matches!(fault, Fault::Cut(_) | Fault::CutAll(_))
    }

    /// Prepares the sockets so that dropping them closes or resets the connection.
    fn end(&self, ending: Ending) {
        if ending == Ending::Reset {
            let reset = |end| set_socket_linger(end, Some(Duration::ZERO));
            self.ends.iter().try_for_each(reset).unwrap();
        }
    }

    /// Forwards nothing for `time`. The sleep is the fault itself.
    fn stall(&self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end && !self.shared.is_over() {
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Returns the ends that have data to read or have closed.
    fn readable(&self) -> io::Result<Vec<usize>> {
        let open: Vec<usize> = (0..2).filter(|end| self.open[*end]).collect();
        let mut polled: Vec<_> = open.iter().map(|end| PollFd::new(&self.ends[*end], PollFlags::IN)).collect();
        poll(&mut polled, Some(&Timespec::try_from(POLL_INTERVAL).unwrap()))?;
        Ok(open.iter().zip(&polled).filter(|(_, polled)| !polled.revents().is_empty()).map(|(end, _)| *end).collect())
    }

    /// Forwards one block, but no byte beyond the one at which the fault is scheduled.
    fn forward(&mut self, from: usize) -> io::Result<()> {
        let before_fault = self.scheduled.map_or(BLOCK, |scheduled| scheduled.after - self.passed);
        let at_once = self.rate.map_or(BLOCK, |rate| rate / 50);
        let mut block = vec![0; BLOCK.min(before_fault).min(at_once) as usize];
        if block.is_empty() {
            return Ok(());
        }
        let count = (&self.ends[from]).read(&mut block)?;
        if count == 0 {
            self.open[from] = false;
            return self.ends[1 - from].shutdown(Shutdown::Write);
        }
        (&self.ends[1 - from]).write_all(&block[..count])?;
        self.passed += count as u64;
        self.shared.record(&block[..count]);
        if let Some(rate) = self.rate {
            thread::sleep(Duration::from_secs_f64(count as f64 / rate as f64));
        }
        Ok(())
    }
}
