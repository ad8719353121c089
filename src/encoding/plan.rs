//! The encoding plan: the meaning of each slot. Only the client has it; the server learns only the number of slots.

use dashu_int::{IBig, UBig};
use serde::{Deserialize, Serialize};

use super::slots::{SlotGroup, join_limbs};
use crate::foundation::big_decimal::BigDecimal;
use crate::foundation::decimal::MAX_EXPONENT;
use crate::statistics::{Statistic, Sums, Term};
use crate::table::limits::MAX_RANGE_BITS;
use crate::table::{Cell, ColumnProfile};

/// The encoding of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnPlan {
    name: String,
    /// The index of the field in the row, from 0.
    position: usize,
    /// Values are integers in units of 10^`exponent`.
    exponent: i32,
    /// Subtracted from each value before encoding, in those units.
    minimum: i128,
    /// The largest offset from the minimum.
    range: u128,
    /// The column's slots.
    groups: Vec<SlotGroup>,
}

/// The encoding of a table.
///
/// A plan comes from [`Plan::new`] or from deserialization, which rejects the plans that [`Plan::new`] cannot return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawPlan")]
pub struct Plan {
    rows: u64,
    /// The columns, in the order of the CSV file.
    columns: Vec<ColumnPlan>,
    /// Whether squares are summed.
    squares: bool,
}

/// A [`ColumnPlan`] as stored, before validation; the same fields in the same order.
#[derive(Deserialize)]
struct RawColumnPlan {
    name: String,
    position: usize,
    exponent: i32,
    minimum: i128,
    range: u128,
    groups: Vec<SlotGroup>,
}

/// A [`Plan`] as stored, before validation; the same fields in the same order.
#[derive(Deserialize)]
struct RawPlan {
    rows: u64,
    columns: Vec<RawColumnPlan>,
    squares: bool,
}

/// A stored plan that no table can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid plan")]
struct InvalidPlan;

/// The data does not match the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanMismatch;

impl Plan {
    /// Returns the plan of the slots that `statistics` need for a table with these column profiles. The table has at
    /// least one row and one column.
    pub fn new(rows: u64, profiles: &[ColumnProfile], statistics: &[&dyn Statistic]) -> Self {
        let squares = statistics.iter().any(|statistic| statistic.terms().contains(&Term::Square));
        let columns = profiles.iter().map(|profile| ColumnPlan::new(profile, squares)).collect();
        Self { rows, columns, squares }
    }

    /// Returns the number of rows of the table.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the number of columns that are encoded.
    pub fn column_count(&self) -> usize {
        self.columns.len()
    }

    /// Returns the number of slots per row, at least one.
    pub fn slots(&self) -> usize {
        self.columns.iter().map(ColumnPlan::width).sum()
    }

    /// Encodes a row. `cell` returns the field at a position; `slots` has [`Self::slots`] entries.
    ///
    /// # Errors
    /// [`PlanMismatch`] if a cell cannot be encoded with this plan.
    pub fn encode(&self, cell: impl Fn(usize) -> Cell, slots: &mut [u32]) -> Result<(), PlanMismatch> {
        let mut rest = slots;
        for column in &self.columns {
            let (own, others) = rest.split_at_mut_checked(column.width()).ok_or(PlanMismatch)?;
            column.encode(cell(column.position), own)?;
            rest = others;
        }
        Ok(())
    }

    /// Decodes the totals of all slots over all rows to the sums of each column.
    ///
    /// # Errors
    /// [`PlanMismatch`] if there are fewer totals than slots, or more values than rows.
    pub fn sums(&self, totals: &[u128]) -> Result<Vec<(String, Sums)>, PlanMismatch> {
        let mut rest = totals;
        let mut sums = |column: &ColumnPlan| {
            let (own, others) = rest.split_at_checked(column.width()).ok_or(PlanMismatch)?;
            rest = others;
            Ok((column.name.clone(), column.sums(self.rows, self.squares, own)?))
        };
        self.columns.iter().map(&mut sums).collect()
    }
}

impl TryFrom<RawPlan> for Plan {
    type Error = InvalidPlan;

    fn try_from(raw: RawPlan) -> Result<Self, InvalidPlan> {
        let RawPlan { rows, columns, squares } = raw;
        if rows == 0 || columns.is_empty() {
            return Err(InvalidPlan);
        }
        let columns = columns.into_iter().map(|column| column.validated(squares)).collect::<Result<_, _>>()?;
        Ok(Self { rows, columns, squares })
    }
}

impl RawColumnPlan {
    /// Returns the column if its limits hold and it has exactly the slots that [`ColumnPlan::new`] assigns.
    fn validated(self, squares: bool) -> Result<ColumnPlan, InvalidPlan> {
        let Self { name, position, exponent, minimum, range, groups } = self;
        let column = ColumnPlan { name, position, exponent, minimum, range, groups };
        let limits_hold = (-MAX_EXPONENT..=MAX_EXPONENT).contains(&exponent) && range >> MAX_RANGE_BITS == 0;
        let expected = limits_hold.then(|| slot_groups(column.has(Term::Presence), squares, range));
        if expected.is_some_and(|expected| expected == column.groups) { Ok(column) } else { Err(InvalidPlan) }
    }
}

/// Returns the slots of a column with offsets up to `range`. Presence needs a slot only if values are missing. Squares
/// of the offsets 0 and 1 need none, because they equal the offsets.
fn slot_groups(has_missing: bool, squares: bool, range: u128) -> Vec<SlotGroup> {
    let presence = has_missing.then_some(Term::Presence);
    let square = (squares && range > 1).then_some(Term::Square);
    let terms = presence.into_iter().chain([Term::Value]).chain(square);
    terms.map(|term| SlotGroup::new(term, range)).collect()
}

impl ColumnPlan {
    fn new(profile: &ColumnProfile, squares: bool) -> Self {
        Self {
            name: profile.name.clone(),
            position: profile.position,
            exponent: profile.exponent,
            minimum: profile.minimum,
            range: profile.range,
            groups: slot_groups(profile.missing > 0, squares, profile.range),
        }
    }

    fn width(&self) -> usize {
        self.groups.iter().map(|group| group.width()).sum()
    }

    fn has(&self, term: Term) -> bool {
        self.groups.iter().any(|group| group.term == term)
    }

    fn encode(&self, cell: Cell, slots: &mut [u32]) -> Result<(), PlanMismatch> {
        let number = match cell {
            Cell::Number(number) => number,
            Cell::Missing if self.has(Term::Presence) => {
                slots.fill(0);
                return Ok(());
            }
            Cell::Missing | Cell::Text(_) => return Err(PlanMismatch),
        };
        let units = number.at_exponent(self.exponent).filter(|units| *units >= self.minimum).ok_or(PlanMismatch)?;
        let offset = units.abs_diff(self.minimum);
        if offset > self.range {
            return Err(PlanMismatch);
        }
        let mut rest = slots;
        for group in &self.groups {
            let (own, others) = rest.split_at_mut_checked(group.width()).ok_or(PlanMismatch)?;
            group.encode(offset, own);
            rest = others;
        }
        Ok(())
    }

    /// With y = x − m (m the minimum) and n values: Σx = Σy + n·m and Σx² = Σy² + 2m·Σy + n·m².
    fn sums(&self, rows: u64, squares: bool, totals: &[u128]) -> Result<Sums, PlanMismatch> {
        let present = match self.total(Term::Presence, totals) {
            Some(total) => u64::try_from(total).ok().filter(|present| *present <= rows).ok_or(PlanMismatch)?,
            None => rows,
        };
        let offsets = IBig::from(self.total(Term::Value, totals).ok_or(PlanMismatch)?);
        // Without slots for squares, offsets are 0 or 1 and equal their squares, or no squares are needed.
        let offset_squares = self.total(Term::Square, totals).map_or_else(|| offsets.clone(), IBig::from);
        let (n, minimum) = (IBig::from(present), IBig::from(self.minimum));
        let value = &offsets + &n * &minimum;
        let square = offset_squares + IBig::from(2) * &minimum * &offsets + &n * &minimum * &minimum;
        Ok(Sums {
            rows,
            present,
            value: BigDecimal::new(value, self.exponent),
            square: squares.then(|| BigDecimal::new(square, 2 * self.exponent)),
        })
    }

    fn total(&self, term: Term, totals: &[u128]) -> Option<UBig> {
        let index = self.groups.iter().position(|group| group.term == term)?;
        let start: usize = self.groups.iter().take(index).map(|group| group.width()).sum();
        let group = self.groups.get(index)?;
        Some(join_limbs(totals.get(start..start + group.width())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::codec;

    fn encoded<T: Serialize>(part: &T) -> Vec<u8> {
        codec::encode(part, 1 << 10).unwrap()
    }

    /// The bytes of a plan with one column, as `secrets.hes` stores them.
    fn stored(rows: u64, exponent: i32, range: u128, groups: &[(u32, u8)]) -> Vec<u8> {
        let column = ("x", 4_u64, exponent, -70_i128, range, groups.to_vec());
        encoded(&(rows, vec![column], true))
    }

    fn decode(bytes: &[u8]) -> Option<Plan> {
        codec::decode(bytes, 1 << 10).ok()
    }

    #[test]
    fn a_plan_is_stored_and_read_back() {
        let profile = ColumnProfile {
            name: "x".into(),
            position: 4,
            present: 8,
            missing: 1,
            exponent: -2,
            minimum: -70,
            range: 1 << 21,
        };
        let variance = crate::statistics::by_name("variance").unwrap();
        let plan = Plan::new(9, &[profile], &[variance]);
        let bytes = encoded(&plan);
        assert_eq!(bytes, stored(9, -2, 1 << 21, &[(0, 1), (1, 2), (2, 3)]));
        assert_eq!(decode(&bytes), Some(plan));
    }

    #[test]
    fn plans_that_no_table_can_have_are_rejected() {
        let groups = [(1, 1), (2, 1)];
        for valid in
            [stored(1, 400, 7, &groups), stored(1, 0, 1, &[(1, 1)]), stored(1, 0, 7, &[(0, 1), (1, 1), (2, 1)])]
        {
            assert!(decode(&valid).is_some(), "{valid:?}");
        }
        for invalid in [
            stored(0, 0, 7, &groups),
            stored(1, 401, 7, &groups),
            stored(1, i32::MIN, 7, &groups),
            stored(1, 0, 1 << MAX_RANGE_BITS, &[(1, 7), (2, 13)]),
            stored(1, 0, 7, &[]),
            stored(1, 0, 7, &[(0, 1)]),
            stored(1, 0, 7, &[(1, 2), (2, 1)]),
            stored(1, 0, 7, &[(1, 1), (2, 0)]),
            stored(1, 0, 7, &[(1, 1), (3, 1)]),
            // Squares are missing, superfluous, repeated, or before the values.
            stored(1, 0, 7, &[(1, 1)]),
            stored(1, 0, 1, &groups),
            stored(1, 0, 7, &[(1, 1), (2, 1), (2, 1)]),
            stored(1, 0, 7, &[(2, 1), (1, 1)]),
            encoded(&(1_u64, Vec::<u8>::new(), true)),
        ] {
            assert_eq!(decode(&invalid), None, "{invalid:?}");
        }
    }
}
