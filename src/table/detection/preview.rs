//! The beginning of a table, from which delimiter, row layout and decimal separator are detected.

use std::io::{self, Read};

use crate::table::dialect::Dialect;
use crate::table::limits::MAX_ROW_BYTES;
use crate::table::numbers::number_format::trim;
use crate::table::text::character_encoding::BYTE_ORDER_MARK;
use crate::table::text::line_breaks;

/// The initial size of the preview. It doubles until the preview contains [`MIN_LINES`], but not beyond
/// 2·[`MAX_ROW_BYTES`].
const PREVIEW_BYTES: usize = 128 << 10;

/// A preview has at least this many lines, if they fit into its maximum size.
const MIN_LINES: usize = 4;

/// The end-of-file character of DOS.
pub(in crate::table) const DOS_END_OF_FILE: &[u8] = b"\x1A";

/// The most records that are examined.
const MAX_RECORDS: usize = 100;

/// The beginning of a table, without a byte order mark and skipped lines.
pub(in crate::table) struct Preview {
    text: Vec<u8>,
    /// Whether the preview reaches the end of the file.
    is_complete: bool,
    /// The number of the first line, from 1.
    pub(in crate::table) line: u64,
    /// The delimiter in a first line such as `sep=;`, as spreadsheet programs write it.
    pub(in crate::table) named_delimiter: Option<u8>,
}

/// A record of the preview.
#[derive(Debug)]
pub(in crate::table) struct Record {
    /// The record's first line, from 1.
    pub(in crate::table) line: u64,
    /// The fields, without surrounding white space.
    pub(in crate::table) fields: Vec<Vec<u8>>,
    /// Whether a field other than the first one starts with a space.
    pub(super) has_space_after_delimiter: bool,
    /// Whether the first field is quoted.
    pub(super) is_first_quoted: bool,
    /// Whether the first field is quoted and another field that is not empty is not, as in tables with row
    /// names that R writes.
    pub(super) has_quoted_row_name: bool,
}

impl Preview {
    /// Reads the preview from `input`. Skips `skip_lines` lines, and then blank lines and lines that start with
    /// `comment`.
    pub(in crate::table) fn read(input: &mut impl Read, skip_lines: u64, comment: Option<u8>) -> io::Result<Self> {
        let mut preview = Self { text: Vec::new(), is_complete: false, line: 1, named_delimiter: None };
        preview.fill(input)?;
        if preview.text.starts_with(BYTE_ORDER_MARK) {
            preview.text.drain(..BYTE_ORDER_MARK.len());
        }
        preview.skip_count(input, skip_lines)?;
        if skip_lines == 0 {
            preview.named_delimiter = preview.text.split(|byte| *byte == b'\n').next().and_then(named_delimiter);
        }
        if preview.named_delimiter.is_some() {
            preview.skip_count(input, 1)?;
        }
        preview.skip_while(input, |first| first == b'\n' || Some(first) == comment)?;
        preview.fill(input)?;
        Ok(preview)
    }

    /// The text, to be read again before the rest of the input.
    pub(in crate::table) fn into_text(self) -> Vec<u8> {
        self.text
    }

    /// Whether the preview contains this byte.
    pub(super) fn contains(&self, byte: u8) -> bool {
        self.text.contains(&byte)
    }

    /// The records split by `delimiter`, without blank ones, the end-of-file character of DOS, and a record that the
    /// end of the preview cuts off, unless it is the first.
    pub(super) fn records(&self, delimiter: u8, dialect: &Dialect) -> Vec<Record> {
        let mut reader = dialect.csv_reader(delimiter).from_reader(self.text.as_slice());
        let (mut records, mut fields, mut start) = (Vec::new(), csv::ByteRecord::new(), 0);
        // Reading bytes from memory cannot fail.
        while records.len() < MAX_RECORDS && reader.read_byte_record(&mut fields).unwrap_or(false) {
            // The reader's position in the text in memory.
            let end = reader.position().byte() as usize;
            let is_cut_off =
                end >= self.text.len() && !self.is_complete && !self.text.ends_with(b"\n") && !records.is_empty();
            // The reader is past the record's line break.
            let line = (self.line + reader.position().line()).saturating_sub(2 + line_breaks::count(fields.as_slice()));
            let record = Record::new(&fields, &self.text[start..end], delimiter, line);
            let is_end_of_file = fields.as_slice() == DOS_END_OF_FILE;
            if !is_cut_off && !is_end_of_file && record.fields.iter().any(|field| !field.is_empty()) {
                records.push(record);
            }
            start = end;
        }
        records
    }

    /// Reads until the preview has its size or the input ends.
    fn fill(&mut self, input: &mut impl Read) -> io::Result<()> {
        let mut size = PREVIEW_BYTES;
        while !self.is_complete && size <= 2 * MAX_ROW_BYTES {
            let wanted = size.saturating_sub(self.text.len());
            self.is_complete = input.by_ref().take(wanted as u64).read_to_end(&mut self.text)? < wanted;
            if self.text.iter().filter(|byte| **byte == b'\n').nth(MIN_LINES - 1).is_some() {
                return Ok(());
            }
            size *= 2;
        }
        Ok(())
    }

    /// Skips `count` lines, or all lines if there are fewer.
    fn skip_count(&mut self, input: &mut impl Read, count: u64) -> io::Result<()> {
        let mut left = count;
        self.skip_while(input, |_| {
            let skipped = left > 0;
            left = left.saturating_sub(1);
            skipped
        })
    }

    /// Skips lines while `is_skipped` is true of their first byte.
    fn skip_while(&mut self, input: &mut impl Read, mut is_skipped: impl FnMut(u8) -> bool) -> io::Result<()> {
        let mut start = 0;
        loop {
            if start == self.text.len() && !self.is_complete {
                (self.text, start) = (Vec::new(), 0);
                self.fill(input)?;
            }
            if !self.text.get(start).is_some_and(|first| is_skipped(*first)) {
                break;
            }
            self.line += 1;
            start = self.line_end(input, start)?;
        }
        self.text.drain(..start);
        Ok(())
    }

    /// The end of the line that starts at `start`. If the line is longer than the text, the text is replaced by what
    /// follows.
    fn line_end(&mut self, input: &mut impl Read, mut start: usize) -> io::Result<usize> {
        loop {
            let rest = self.text.get(start..).unwrap_or_default();
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                return Ok(start + end + 1);
            }
            if self.is_complete {
                return Ok(self.text.len());
            }
            (self.text, start) = (Vec::new(), 0);
            self.fill(input)?;
        }
    }
}

impl Record {
    /// The record with these fields, which are written as `raw`, in `line`.
    fn new(record: &csv::ByteRecord, raw: &[u8], delimiter: u8, line: u64) -> Self {
        let raw = raw.trim_ascii_start();
        let is_first_quoted = raw.starts_with(b"\"");
        let others = || record.iter().skip(1).filter(|field| !field.is_empty()).count();
        let is_other_unquoted =
            |rest: &[u8]| rest.first() == Some(&delimiter) && count_quoted_fields(rest, delimiter) < others();
        Self {
            line,
            fields: record.iter().map(|field| trim(field).to_vec()).collect(),
            has_space_after_delimiter: record.iter().skip(1).any(|field| field.starts_with(b" ")),
            is_first_quoted,
            has_quoted_row_name: is_first_quoted && after_quoted_field(raw).is_some_and(is_other_unquoted),
        }
    }
}

/// The rest of `raw` after the quoted field at its beginning.
fn after_quoted_field(raw: &[u8]) -> Option<&[u8]> {
    let mut at = 1;
    loop {
        at += raw.get(at..)?.iter().position(|byte| *byte == b'"')?;
        if raw.get(at + 1) != Some(&b'"') {
            return raw.get(at + 1..);
        }
        at += 2;
    }
}

/// The number of quoted fields in `rest`, which starts with the delimiter.
fn count_quoted_fields(mut rest: &[u8], delimiter: u8) -> usize {
    let mut count = 0;
    while let Some(at) = rest.windows(2).position(|pair| pair == [delimiter, b'"']) {
        count += 1;
        rest = rest.get(at + 1..).and_then(after_quoted_field).unwrap_or_default();
    }
    count
}

/// The delimiter in a line such as `sep=;`.
fn named_delimiter(line: &[u8]) -> Option<u8> {
    let line = match line {
        [b'"', inner @ .., b'"'] => inner,
        _ => line,
    };
    match line {
        [s, e, p, b'=', separator] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") => Some(*separator),
        _ => None,
    }
    .filter(|separator| separator.is_ascii() && !b"\"\n".contains(separator))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, skip: u64, dialect: &Dialect) -> Vec<(u64, usize)> {
        let preview = Preview::read(&mut text.as_bytes(), skip, dialect.comment).unwrap();
        preview.records(b',', dialect).iter().map(|record| (record.line, record.fields.len())).collect()
    }

    #[test]
    fn records_have_the_right_line_numbers() {
        let dialect = Dialect::default();
        assert_eq!(lines("a,b\n\n\"x\ny\",2\n3,4\n", 0, &dialect), [(1, 2), (3, 2), (5, 2)]);
        assert_eq!(lines("\u{FEFF}a,b\n1,2\n", 1, &dialect), [(2, 2)]);
        assert_eq!(lines("sep=,\na,b\n1,2\n", 0, &dialect), [(2, 2), (3, 2)]);
        assert_eq!(lines("a,b\n1,2\n", 9, &dialect), []);
        let comments = Dialect { comment: Some(b'#'), ..Dialect::default() };
        assert_eq!(lines("# x\na,b\n#y\n1,2\n", 0, &comments), [(2, 2), (4, 2)]);
    }

    #[test]
    fn a_record_that_is_cut_off_is_ignored_and_wide_ones_are_complete() {
        let long = format!("a,b\n{}", "1,2\n".repeat(PREVIEW_BYTES));
        let mut input = long.as_bytes();
        let preview = Preview::read(&mut input, 0, None).unwrap();
        assert_eq!(
            (preview.text.len(), preview.records(b',', &Dialect::default()).len()),
            (PREVIEW_BYTES, MAX_RECORDS)
        );
        let row = vec!["1"; PREVIEW_BYTES].join(",");
        let wide = format!("{row}\n{row}\n{row}\n{row}\n{row}\n");
        let widths: Vec<usize> = lines(&wide, 0, &Dialect::default()).iter().map(|(_, width)| *width).collect();
        assert_eq!(widths, [PREVIEW_BYTES; 4]);
    }

    #[test]
    fn skipped_lines_may_be_longer_than_the_preview() {
        let text = format!("{}\nrest\n{}a,b\n", "x".repeat(5 * PREVIEW_BYTES), "y\n".repeat(PREVIEW_BYTES));
        assert_eq!(lines(&text, 2 + PREVIEW_BYTES as u64, &Dialect::default()), [(3 + PREVIEW_BYTES as u64, 2)]);
        assert_eq!(lines(&text, u64::MAX, &Dialect::default()), []);
    }

    #[test]
    fn comments_and_blank_lines_at_the_beginning_may_be_longer_than_the_preview() {
        let comments = Dialect { comment: Some(b'#'), ..Dialect::default() };
        let text = format!("{}a,b\n", "# x, y\n\n".repeat(PREVIEW_BYTES));
        assert_eq!(lines(&text, 0, &comments), [(1 + 2 * PREVIEW_BYTES as u64, 2)]);
        assert_eq!(lines(&"\n".repeat(3 * PREVIEW_BYTES), 0, &comments), []);
    }

    #[test]
    fn the_sep_line_of_spreadsheet_programs_gives_the_delimiter() {
        for (line, separator) in
            [("sep=;", Some(b';')), ("SEP=\t", Some(b'\t')), ("\"sep=,\"", Some(b',')), ("sep", None), ("sep=ab", None)]
        {
            assert_eq!(named_delimiter(line.as_bytes()), separator, "{line}");
        }
    }
}
