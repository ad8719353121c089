//! Sizes in bytes, which are the same on every machine.

use hestat::he::Layout;
use hestat::he::parameters::POLYNOMIAL_SIZE;
use hestat::package::{DatasetHeader, Digest, JobId, TotalsHeader};

use crate::rows::{Aim, Row};

const ROWS: u64 = 100_000;

/// Computes the bytes of a dataset per slot value, how full its blocks are, and the bytes of the totals: the worst case
/// of 1 to 5,000 slots.
pub(crate) fn rows() -> [Row; 3] {
    let layouts: Vec<Layout> = (1..=5000).map(|slots| Layout::new(ROWS, slots).expect("a valid layout")).collect();
    let largest = worst(&layouts, bytes_per_value);
    let emptiest = worst(&layouts, |layout| -fullness(layout));
    let totals = [34, 5000].map(|slots: usize| totals_bytes(&layouts[slots - 1]));
    let per_value = bytes_per_value(largest);
    [
        Row::new("dataset, 100,000 rows of 1–5,000 slots, worst", format!("{per_value:.3} bytes/slot value"))
            .beside("8 bytes: a body coefficient")
            .ratio(format!("{:.4} ({} slots)", per_value / 8.0, largest.slots()))
            .aim(Aim::AtMost(8.05, " bytes"), per_value),
        Row::new("· least full blocks", format!("{:.1} %", 100.0 * fullness(emptiest)))
            .ratio(format!("{} slots", emptiest.slots())),
        Row::new("totals, 34 and 5,000 slots", format!("{} and {} bytes", totals[0], totals[1]))
            .beside("32,768 bytes: one mask")
            .ratio(format!("{:.3} (34 slots)", totals[0] as f64 / 32_768.0)),
    ]
}

fn worst(layouts: &[Layout], badness: impl Fn(&Layout) -> f64) -> &Layout {
    layouts.iter().max_by(|a, b| badness(a).total_cmp(&badness(b))).expect("there are layouts")
}

fn bytes_per_value(layout: &Layout) -> f64 {
    let bytes = DatasetHeader::new(JobId::from_bytes([0; 16]), layout).file_bytes().expect("the header is short");
    bytes as f64 / (layout.rows() * layout.slots() as u64) as f64
}

fn fullness(layout: &Layout) -> f64 {
    let coefficients = layout.block_count() as f64 * POLYNOMIAL_SIZE as f64;
    (layout.rows() * layout.slots() as u64) as f64 / coefficients
}

fn totals_bytes(layout: &Layout) -> u64 {
    let header = TotalsHeader::new(JobId::from_bytes([0; 16]), Digest([0; 32]), layout);
    header.file_bytes().expect("the header is short")
}
