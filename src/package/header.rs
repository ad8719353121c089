//! Header fields that several kinds of files share: the job ID and the shape of the dataset.

use std::fmt;
use std::str::FromStr;

use rand_core::Rng;
use serde::{Deserialize, Serialize};

use super::digest::{parse_hex, write_hex};
use super::error::PackageError;
use crate::foundation::random::Randomness;
use crate::he::Layout;
use crate::he::parameters::PARAMETER_SET;

/// The ID of a job: 128 random bits, written as 32 hexadecimal digits. It reveals nothing about the data.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct JobId([u8; 16]);

impl JobId {
    /// Draws a new ID.
    pub fn draw(random: &mut Randomness) -> Self {
        let mut bytes = [0; 16];
        random.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Returns the 16 bytes of the ID.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// Returns the ID with these bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is not 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a job ID is 32 lower-case hexadecimal digits")]
pub struct ParseJobIdError;

impl FromStr for JobId {
    type Err = ParseJobIdError;

    fn from_str(text: &str) -> Result<Self, ParseJobIdError> {
        parse_hex(text).map(Self).ok_or(ParseJobIdError)
    }
}

impl From<JobId> for String {
    fn from(job: JobId) -> Self {
        job.to_string()
    }
}

impl TryFrom<String> for JobId {
    type Error = ParseJobIdError;

    fn try_from(text: String) -> Result<Self, ParseJobIdError> {
        text.parse()
    }
}

/// A layout as stored in a header. The lanes follow from the number of slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetShape {
    parameter_set: u16,
    rows: u64,
    slots: u64,
}

impl DatasetShape {
    /// Returns the header field for `layout`.
    pub fn of(layout: &Layout) -> Self {
        Self { parameter_set: PARAMETER_SET, rows: layout.rows(), slots: layout.slots() as u64 }
    }

    /// Returns the layout that the field describes.
    ///
    /// # Errors
    /// [`PackageError::Header`] for an unknown parameter set, and for rows and slots that no layout has.
    pub fn layout(&self) -> Result<Layout, PackageError> {
        if self.parameter_set != PARAMETER_SET {
            return Err(PackageError::Header(format!("unknown parameter set {}", self.parameter_set)));
        }
        let too_many = |_| PackageError::Header(format!("{} slots per row", self.slots));
        let slots = usize::try_from(self.slots).map_err(too_many)?;
        Layout::new(self.rows, slots).map_err(|error| PackageError::Header(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_32_lower_case_hexadecimal_digits_are_a_job_id() {
        let text = "00ff10aa5500ff10aa5500ff10aa5500";
        assert_eq!(text.parse::<JobId>().unwrap().to_string(), text);
        for invalid in ["", "00", "00FF10aa5500ff10aa5500ff10aa5500", "../../../../../../etc/passwd/12", "0g"] {
            assert_eq!(invalid.parse::<JobId>(), Err(ParseJobIdError));
        }
    }
}
