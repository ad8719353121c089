//! Which connections fail, where in their bytes, and how; all of it follows from one seed.

use std::time::Duration;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Control,
    Data,
}

/// How a connection ends that is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// In order: each side reads to the end of what was passed on.
    Close,
    /// At once: each side's next use of it fails.
    Reset,
}

/// What befalls a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is cut; the others are not.
    Cut(Ending),
    /// It is cut, and so are all others.
    CutAll(Ending),
    /// Nothing passes for so long, and then it goes on.
    Stall(Duration),
    /// From here on so many bytes a second pass.
    Slow(u64),
}

/// A fault that strikes when so many bytes have passed, both ways together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fate {
    pub(crate) after: u64,
    pub(crate) fault: Fault,
}

/// Numbers that follow from a seed (SplitMix64): a test that failed can be run again as it was.
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of 0, 1, … `sides` − 1.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.roll(choices.len() as u64) as usize]
    }
}

/// The kinds of weather that tests ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Climate {
    /// Nothing fails.
    Calm,
    /// Any connection is cut anywhere.
    Cuts,
    /// Only data connections are.
    DataCuts,
    /// Only control connections are.
    ControlCuts,
    /// All connections are cut at once.
    Outages,
    /// Nothing passes for longer than a client waits.
    Stalls,
    /// Bytes trickle, now and then to a stop.
    Slowness,
    /// All of this.
    Anything,
}

const SINGLE: [Climate; 6] =
    [Climate::Cuts, Climate::DataCuts, Climate::ControlCuts, Climate::Outages, Climate::Stalls, Climate::Slowness];

/// Decides what befalls each connection; after some faults it is calm.
#[derive(Debug)]
pub(crate) struct Weather {
    climate: Climate,
    dice: Dice,
    left: u64,
    /// How many bytes an undisturbed connection passes.
    spans: Spans,
    certain: Option<(Channel, Fate)>,
}

/// Bytes of an undisturbed conversation, on either channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spans {
    pub(crate) control: u64,
    pub(crate) data: u64,
}

impl Weather {
    pub(crate) fn calm() -> Self {
        Self { climate: Climate::Calm, dice: Dice(0), left: 0, spans: Spans { control: 1, data: 1 }, certain: None }
    }

    /// This fault for the next connection of this kind, and else calm.
    pub(super) fn only(channel: Channel, fate: Option<Fate>) -> Self {
        Self { certain: fate.map(|fate| (channel, fate)), ..Self::calm() }
    }

    /// Up to five faults, where connections of these lengths have their bytes.
    pub(crate) fn new(climate: Climate, seed: u64, spans: Spans) -> Self {
        let mut dice = Dice(seed);
        let left = 1 + dice.roll(5);
        Self { climate, dice, left, spans, certain: None }
    }

    /// What befalls the next connection.
    pub(super) fn fate(&mut self, channel: Channel) -> Option<Fate> {
        if let Some((_, fate)) = self.certain.take_if(|(certain, _)| *certain == channel) {
            return Some(fate);
        }
        let climate = if self.climate == Climate::Anything { self.dice.one_of(&SINGLE) } else { self.climate };
        let spared = match climate {
            Climate::Calm => true,
            Climate::DataCuts => channel == Channel::Control,
            Climate::ControlCuts => channel == Channel::Data,
            _ => false,
        };
        if spared || self.left == 0 || self.dice.roll(4) == 0 {
            return None;
        }
        self.left -= 1;
        Some(Fate { after: self.moment(channel), fault: self.fault(climate) })
    }

    /// Anywhere, or near the beginning, where handshakes and short files are.
    fn moment(&mut self, channel: Channel) -> u64 {
        let span = if channel == Channel::Control { self.spans.control } else { self.spans.data };
        let reach = self.dice.one_of(&[span, span / 2, span / 8]);
        self.dice.roll(reach.max(1) + 1)
    }

    fn fault(&mut self, climate: Climate) -> Fault {
        let ending = self.dice.one_of(&[Ending::Close, Ending::Reset]);
        match climate {
            Climate::Outages => Fault::CutAll(ending),
            Climate::Stalls => Fault::Stall(Duration::from_millis(1500 + self.dice.roll(1500))),
            Climate::Slowness => Fault::Slow(self.dice.one_of(&[20_000, 100_000, 1_000_000])),
            _ => Fault::Cut(ending),
        }
    }
}
