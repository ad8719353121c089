//! The `.hes` file formats and the server's status file: framing, headers, digests. `docs/FORMAT.md` specifies the
//! bytes.

pub mod dataset;
pub mod error;
pub mod frame;
pub mod header;
pub mod status;
pub mod totals;

pub use dataset::{DatasetHeader, DatasetReader, DatasetWriter};
pub use error::PackageError;
pub use frame::{Digest, FileKind};
pub use header::JobId;
pub use status::{JobState, Status};
pub use totals::{AcceptedTotals, TotalsFile, TotalsHeader};
