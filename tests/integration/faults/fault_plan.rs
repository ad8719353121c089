//! Plans which connections fail, after how many bytes, and how. Everything follows from one seed.

use std::time::Duration;

/// What a connection carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Control,
    Data,
}

/// How a cut connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Orderly: each side reads to the end of what was forwarded.
    Close,
    /// Abruptly: each side's next operation fails.
    Reset,
}

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is cut; other connections stay.
    Cut(Ending),
    /// It is cut together with all other connections.
    CutAll(Ending),
    /// Nothing is forwarded for this time; then it continues.
    Stall(Duration),
    /// From now on only this many bytes per second are forwarded.
    Slow(u64),
}

/// A fault that occurs after this many bytes, both directions together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScheduledFault {
    pub(crate) after: u64,
    pub(crate) fault: Fault,
}

/// A seeded generator (SplitMix64), so that a failed test can be repeated.
#[derive(Debug, Clone)]
pub(crate) struct SeededRng(pub(crate) u64);

impl SeededRng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 to `bound` − 1.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Returns one of `choices`.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// The kinds of faults that a test asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultProfile {
    /// Nothing fails.
    None,
    /// Any connection is cut anywhere.
    Cuts,
    /// Only data connections are cut.
    DataCuts,
    /// Only control connections are cut.
    ControlCuts,
    /// All connections are cut at once.
    Outages,
    /// Nothing is forwarded for longer than a client waits.
    Stalls,
    /// Connections are slow.
    Slow,
    /// Each fault is of any of these kinds.
    Mixed,
}

const SINGLE: [FaultProfile; 6] = [
    FaultProfile::Cuts,
    FaultProfile::DataCuts,
    FaultProfile::ControlCuts,
    FaultProfile::Outages,
    FaultProfile::Stalls,
    FaultProfile::Slow,
];

/// Decides which connections fail and how. After at most five faults nothing fails.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    profile: FaultProfile,
    rng: SeededRng,
    left: u64,
    /// How many bytes an undisturbed connection carries.
    lengths: ConnectionLengths,
    fixed: Option<(Channel, ScheduledFault)>,
}

/// Bytes of an undisturbed connection on each channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLengths {
    pub(crate) control: u64,
    pub(crate) data: u64,
}

impl FaultPlan {
    pub(crate) fn without_faults() -> Self {
        Self {
            profile: FaultProfile::None,
            rng: SeededRng(0),
            left: 0,
            lengths: ConnectionLengths { control: 1, data: 1 },
            fixed: None,
        }
    }

    /// Plans one fault for the next connection on this channel, and none after it.
    pub(super) fn only(channel: Channel, fault: Option<ScheduledFault>) -> Self {
        Self { fixed: fault.map(|fault| (channel, fault)), ..Self::without_faults() }
    }

    /// Plans up to five faults, on connections of these lengths.
    pub(crate) fn new(profile: FaultProfile, seed: u64, lengths: ConnectionLengths) -> Self {
        let mut rng = SeededRng(seed);
        let left = 1 + rng.below(5);
        Self { profile, rng, left, lengths, fixed: None }
    }

    /// Returns the fault of the next connection, if it has one.
    pub(super) fn next_fault(&mut self, channel: Channel) -> Option<ScheduledFault> {
        if let Some((_, fault)) = self.fixed.take_if(|(fixed, _)| *fixed == channel) {
            return Some(fault);
        }
        let profile = if self.profile == FaultProfile::Mixed { self.rng.one_of(&SINGLE) } else { self.profile };
        let is_exempt = match profile {
            FaultProfile::None => true,
            FaultProfile::DataCuts => channel == Channel::Control,
            FaultProfile::ControlCuts => channel == Channel::Data,
            _ => false,
        };
        if is_exempt || self.left == 0 || self.rng.below(4) == 0 {
            return None;
        }
        self.left -= 1;
        Some(ScheduledFault { after: self.position(channel), fault: self.fault(profile) })
    }

    /// Chooses any position, with a preference for the beginning, where handshakes and short files are.
    fn position(&mut self, channel: Channel) -> u64 {
        let span = if channel == Channel::Control { self.lengths.control } else { self.lengths.data };
        let reach = self.rng.one_of(&[span, span / 2, span / 8]);
        self.rng.below(reach.max(1) + 1)
    }

    fn fault(&mut self, profile: FaultProfile) -> Fault {
        let ending = self.rng.one_of(&[Ending::Close, Ending::Reset]);
        match profile {
            FaultProfile::Outages => Fault::CutAll(ending),
            FaultProfile::Stalls => Fault::Stall(Duration::from_millis(1500 + self.rng.below(1500))),
            FaultProfile::Slow => Fault::Slow(self.rng.one_of(&[20_000, 100_000, 1_000_000])),
            _ => Fault::Cut(ending),
        }
    }
}
