//! Encodes rows of decimals as slots of small integers, and decodes exact slot totals to sums.

pub mod plan;
pub mod slots;

pub use plan::{ColumnPlan, Plan, PlanMismatch};
pub use slots::{LIMB_BITS, SlotGroup};
