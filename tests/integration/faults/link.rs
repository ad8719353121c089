//! One connection through the proxy, from its first byte to its end.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_linger;

use super::proxy::Shared;
use super::weather::{Channel, Ending, Fate, Fault};

const PIECE: u64 = 16 << 10;

/// The most time between two looks whether all connections are cut, or the proxy is gone.
const LOOK: Duration = Duration::from_millis(10);

/// Both ends and what is to befall them. The ends are the client's and the server's, in this order.
pub(super) struct Link {
    ends: [TcpStream; 2],
    /// Which of them may still say something.
    open: [bool; 2],
    channel: Channel,
    fate: Option<Fate>,
    passed: u64,
    /// Bytes a second, if it is slow.
    pace: Option<u64>,
    /// How many outages there were when it began.
    outages: u64,
    shared: Arc<Shared>,
}

impl Link {
    pub(super) fn new(ends: [TcpStream; 2], channel: Channel, shared: Arc<Shared>) -> Self {
        for end in &ends {
            end.set_nodelay(true).unwrap();
            // A peer that reads no more does not hold the test.
            end.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        }
        let fate = shared.weather.lock().unwrap().fate(channel);
        let outages = shared.outages.load(Ordering::SeqCst);
        Self { ends, open: [true; 2], channel, fate, passed: 0, pace: None, outages, shared }
    }

    /// Passes bytes on until both sides have ended, or the fault is that they cannot.
    pub(super) fn run(mut self) {
        while self.open.contains(&true) && !self.is_cut_off() && !self.is_struck_down() {
            let passed = self.readable().and_then(|ready| ready.into_iter().try_for_each(|end| self.pass(end)));
            if passed.is_err() {
                break;
            }
        }
        self.shared.note_length(self.channel, self.passed);
    }

    fn is_cut_off(&self) -> bool {
        let cut = self.shared.outages.load(Ordering::SeqCst) != self.outages;
        if cut {
            self.end(Ending::Reset);
        }
        cut || self.shared.is_over()
    }

    /// Lets the fault strike if its moment has come; whether the connection is no more.
    fn is_struck_down(&mut self) -> bool {
        let Some(Fate { fault, .. }) = self.fate.take_if(|fate| self.passed >= fate.after) else { return false };
        self.shared.struck.fetch_add(1, Ordering::SeqCst);
        match fault {
            Fault::Cut(ending) => self.end(ending),
            Fault::CutAll(ending) => {
                self.shared.outages.fetch_add(1, Ordering::SeqCst);
                self.end(ending);
            }
            Fault::Stall(time) => self.stall(time),
            Fault::Slow(pace) => self.pace = Some(pace),
        }
        matches!(fault, Fault::Cut(_) | Fault::CutAll(_))
    }

    /// Ends both sides when they are dropped, which is soon.
    fn end(&self, ending: Ending) {
        if ending == Ending::Reset {
            let reset = |end| set_socket_linger(end, Some(Duration::ZERO));
            self.ends.iter().try_for_each(reset).unwrap();
        }
    }

    /// That time passes is the fault itself.
    fn stall(&self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end && !self.shared.is_over() {
            thread::sleep(LOOK);
        }
    }

    /// The sides that have said something, or ended.
    fn readable(&self) -> io::Result<Vec<usize>> {
        let open: Vec<usize> = (0..2).filter(|end| self.open[*end]).collect();
        let mut asked: Vec<_> = open.iter().map(|end| PollFd::new(&self.ends[*end], PollFlags::IN)).collect();
        poll(&mut asked, Some(&Timespec::try_from(LOOK).unwrap()))?;
        Ok(open.iter().zip(&asked).filter(|(_, asked)| !asked.revents().is_empty()).map(|(end, _)| *end).collect())
    }

    /// Takes a piece from one side to the other, and no byte beyond the one at which the fault strikes.
    fn pass(&mut self, from: usize) -> io::Result<()> {
        let before_fault = self.fate.map_or(PIECE, |fate| fate.after - self.passed);
        let at_once = self.pace.map_or(PIECE, |pace| pace / 50);
        let mut piece = vec![0; PIECE.min(before_fault).min(at_once) as usize];
        if piece.is_empty() {
            return Ok(());
        }
        let count = (&self.ends[from]).read(&mut piece)?;
        if count == 0 {
            self.open[from] = false;
            return self.ends[1 - from].shutdown(Shutdown::Write);
        }
        (&self.ends[1 - from]).write_all(&piece[..count])?;
        self.passed += count as u64;
        self.shared.record(&piece[..count]);
        if let Some(pace) = self.pace {
            thread::sleep(Duration::from_secs_f64(count as f64 / pace as f64));
        }
        Ok(())
    }
}
