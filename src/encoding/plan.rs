//! The plan: which slot means what. It is private to the data owner; the server only learns how many slots there are.

use dashu_int::{IBig, UBig};
use serde::{Deserialize, Serialize};

use super::slots::{SlotGroup, join_limbs};
use crate::foundation::big_decimal::BigDecimal;
use crate::foundation::decimal::MAX_EXPONENT;
use crate::statistics::{Statistic, Sums, Term};
use crate::table::limits::MAX_RANGE_BITS;
use crate::table::{Cell, ColumnProfile};

/// How one column is encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnPlan {
    /// The column's name.
    pub name: String,
    /// Field of the row, from 0.
    pub position: usize,
    /// Values are integers in units of 10^`exponent`.
    pub exponent: i32,
    /// Subtracted from each value before encoding, in those units.
    pub minimum: i128,
    /// The largest offset from the minimum.
    pub range: u128,
    /// The column's slots, group after group.
    pub groups: Vec<SlotGroup>,
}

/// How a table is encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Rows of the table.
    pub rows: u64,
    /// The columns, in the CSV's order.
    pub columns: Vec<ColumnPlan>,
    /// Whether squares are summed.
    pub squares: bool,
}

/// A cell that does not fit the plan: the file is not the one that the plan was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanMismatch;

impl Plan {
    /// The slots that `statistics` need for columns with these profiles.
    pub fn new(rows: u64, profiles: &[ColumnProfile], statistics: &[&dyn Statistic]) -> Self {
        let squares = statistics.iter().any(|statistic| statistic.terms().contains(&Term::Square));
        let columns = profiles.iter().map(|profile| ColumnPlan::new(profile, squares)).collect();
        Self { rows, columns, squares }
    }

    /// Whether this can be a plan that [`Plan::new`] made; to be asked of one that was read from a file.
    pub fn is_sound(&self) -> bool {
        self.rows > 0 && !self.columns.is_empty() && self.columns.iter().all(ColumnPlan::is_sound)
    }

    /// Slots per row; at least one.
    pub fn slots(&self) -> usize {
        self.columns.iter().map(ColumnPlan::width).sum()
    }

    /// Writes a row's slots; `cell` gives the row's field at a position, `slots` has [`Self::slots`] entries.
    ///
    /// # Errors
    /// [`PlanMismatch`] for a cell that the plan has no place for.
    pub fn encode(&self, cell: impl Fn(usize) -> Cell, slots: &mut [u32]) -> Result<(), PlanMismatch> {
        let mut rest = slots;
        for column in &self.columns {
            let (own, others) = rest.split_at_mut_checked(column.width()).ok_or(PlanMismatch)?;
            column.encode(cell(column.position), own)?;
            rest = others;
        }
        Ok(())
    }

    /// The columns' sums from the totals of all slots over all rows.
    ///
    /// # Errors
    /// [`PlanMismatch`] if there are fewer totals than slots, or more rows present than the table has.
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

impl ColumnPlan {
    /// Squares of offsets 0 and 1 are the offsets themselves and need no slots of their own; presence needs one only
    /// where something is missing.
    fn new(profile: &ColumnProfile, squares: bool) -> Self {
        let presence = (profile.missing > 0).then_some(Term::Presence);
        let square = (squares && profile.range > 1).then_some(Term::Square);
        let terms = presence.into_iter().chain([Term::Value]).chain(square);
        Self {
            name: profile.name.clone(),
            position: profile.position,
            exponent: profile.exponent,
            minimum: profile.minimum,
            range: profile.range,
            groups: terms.map(|term| SlotGroup::new(term, profile.range)).collect(),
        }
    }

    fn is_sound(&self) -> bool {
        let groups = self.groups.iter().all(|group| *group == SlotGroup::new(group.term, self.range));
        self.exponent.abs() <= MAX_EXPONENT && self.range >> MAX_RANGE_BITS == 0 && groups && self.has(Term::Value)
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
