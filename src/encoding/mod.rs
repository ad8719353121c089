//! From rows of decimals to slots of small integers, and from exact slot totals back to sums.

pub mod plan;
pub mod slots;

pub use plan::{ColumnPlan, Plan, PlanMismatch};
pub use slots::{LIMB_BITS, SlotGroup};
