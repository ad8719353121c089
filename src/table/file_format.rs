//! File formats that are often mistaken for CSV text, and conversions to lines of UTF-8.

/// What a file is that is not CSV text in a supported encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// XLSX, ODS or another ZIP archive.
    Zip,
    /// A workbook in the old binary format of Excel.
    Xls,
    /// Compressed with gzip.
    Gzip,
    /// Compressed with zstd.
    Zstd,
    /// Compressed with xz.
    Xz,
    /// Compressed with bzip2.
    Bzip2,
    /// Apache Parquet.
    Parquet,
    /// Apache Avro.
    Avro,
    /// HDF5.
    Hdf5,
    /// SQLite.
    Sqlite,
    /// PDF.
    Pdf,
    /// UTF-32 text.
    Utf32,
}

impl std::fmt::Display for FileFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Zip => "a workbook (XLSX, ODS) or another ZIP archive",
            Self::Xls => "a workbook in an old format (XLS)",
            Self::Gzip => "compressed with gzip",
            Self::Zstd => "compressed with zstd",
            Self::Xz => "compressed with xz",
            Self::Bzip2 => "compressed with bzip2",
            Self::Parquet => "a Parquet file",
            Self::Avro => "an Avro file",
            Self::Hdf5 => "an HDF5 file",
            Self::Sqlite => "an SQLite database",
            Self::Pdf => "a PDF document",
            Self::Utf32 => "UTF-32 text",
        })
    }
}

/// How to convert a file to UTF-8 lines that end with LF, which line-oriented tools such as sed need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineConversion {
    /// The file is UTF-16 with a byte order mark.
    Utf16,
    /// The file is UTF-16, little-endian, without a byte order mark.
    Utf16LittleEndian,
    /// The file is UTF-16, big-endian, without a byte order mark.
    Utf16BigEndian,
    /// The lines end with CR alone.
    CarriageReturn,
}
