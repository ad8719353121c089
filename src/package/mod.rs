//! The `.hes` file formats and the server's status file. `docs/FORMAT.md` specifies the bytes.

pub mod dataset;
pub mod digest;
pub mod error;
pub mod header;
pub mod hes_file;
pub mod status;
pub mod totals;

pub use dataset::{DatasetHeader, DatasetReader, DatasetWriter};
pub use digest::{Digest, verify_digest};
pub use error::PackageError;
pub use header::JobId;
pub use hes_file::FileKind;
pub use status::{JobState, Status};
pub use totals::{AcceptedTotals, TotalsFile, TotalsHeader};
