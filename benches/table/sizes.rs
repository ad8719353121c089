//! Sizes in bytes, which are the same on every machine.

use hestat::he::Layout;
use hestat::he::parameters::POLYNOMIAL_SIZE;
use hestat::package::{DatasetHeader, Digest, JobId, TotalsHeader};

use crate::rows::{Row, Target};

const ROWS: u64 = 100_000;
/// Eight bytes per coefficient.
const MASK_BYTES: usize = 8 * POLYNOMIAL_SIZE;

/// Returns the size of a dataset per slot value and the fill level of its blocks, each the worst of 1 to 5,000 slots,
/// then the size of the totals for 34 and for 5,000 slots.
pub(crate) fn rows() -> [Row; 4] {
    let layouts: Vec<Layout> = (1..=5000).map(|slots| Layout::new(ROWS, slots).expect("a valid layout")).collect();
    let largest = worst(&layouts, bytes_per_value);
    let emptiest = worst(&layouts, |layout| -fill_level(layout));
    let [totals, large_totals] = [34, 5000].map(|slots: usize| totals_bytes(&layouts[slots - 1]));
    let per_value = bytes_per_value(largest);
    let at = |layout: &Layout| format!("{} {}", layout.slots(), if layout.slots() == 1 { "slot" } else { "slots" });
    [
        Row::new(
            format!("dataset of 100,000 rows, worst of 1–5,000 slots ({})", at(largest)),
            format!("{per_value:.3} bytes per slot value"),
        )
        .reference("8 bytes: one body coefficient")
        .ratio(format!("{:.4}", per_value / 8.0))
        .target(Target::AtMost(8.05, " bytes"), per_value),
        Row::new(
            format!("· fill level of its blocks, worst of 1–5,000 slots ({})", at(emptiest)),
            format!("{:.1} %", 100.0 * fill_level(emptiest)),
        ),
        Row::new("totals, 34 slots", format!("{totals} bytes"))
            .reference(format!("{MASK_BYTES} bytes: one mask"))
            .ratio(format!("{:.3}", totals as f64 / MASK_BYTES as f64)),
        Row::new("totals, 5,000 slots", format!("{large_totals} bytes")),
    ]
}

fn worst(layouts: &[Layout], badness: impl Fn(&Layout) -> f64) -> &Layout {
    layouts.iter().max_by(|a, b| badness(a).total_cmp(&badness(b))).expect("there are layouts")
}

fn bytes_per_value(layout: &Layout) -> f64 {
    let bytes = DatasetHeader::new(JobId::from_bytes([0; 16]), layout).file_bytes().expect("the header is short");
    bytes as f64 / (layout.rows() * layout.slots() as u64) as f64
}

fn fill_level(layout: &Layout) -> f64 {
    let coefficients = layout.block_count() as f64 * POLYNOMIAL_SIZE as f64;
    (layout.rows() * layout.slots() as u64) as f64 / coefficients
}

fn totals_bytes(layout: &Layout) -> u64 {
    let header = TotalsHeader::new(JobId::from_bytes([0; 16]), Digest([0; 32]), layout);
    header.file_bytes().expect("the header is short")
}
