//! Makes every line break a single LF, so that lines can be counted and rows cannot grow without end.

use std::io::{self, Read};

/// Reads from `inner`; CRLF and lone CR become LF, the last line gets one if it has none, and one more LF follows: a
/// blank line that only an open quotation mark can swallow.
///
/// It also counts the bytes since the last [`LineBreaks::start_row`] and fails when they pass `limit`: an
/// unclosed quotation mark must not pull a whole file into memory.
pub(super) struct LineBreaks<R> {
    inner: R,
    after_cr: bool,
    last: u8,
    in_row: usize,
    limit: usize,
    given: u64,
    /// Line breaks still to be given after the end of `inner`; none before that end.
    owed: Option<usize>,
}

impl<R: Read> LineBreaks<R> {
    pub(super) fn new(inner: R, limit: usize) -> Self {
        Self { inner, after_cr: false, last: b'\n', in_row: 0, limit, given: 0, owed: None }
    }

    /// A row was completed: the count begins again.
    pub(super) fn start_row(&mut self) {
        self.in_row = 0;
    }

    /// Whether `taken` bytes are all that there ever will be, the last blank line included.
    pub(super) fn is_exhausted_by(&self, taken: u64) -> bool {
        self.owed == Some(0) && self.given == taken
    }

    pub(super) fn inner(&self) -> &R {
        &self.inner
    }

    fn end_of_file(&mut self, buffer: &mut [u8]) -> usize {
        let unended = usize::from(self.last != b'\n');
        let owed = self.owed.get_or_insert(unended + 1);
        let count = buffer.len().min(*owed);
        *owed -= count;
        self.given += count as u64;
        buffer.iter_mut().take(count).for_each(|byte| *byte = b'\n');
        count
    }

    /// Rewrites the line breaks of `bytes` in place; returns how many bytes remain.
    fn normalise(&mut self, bytes: &mut [u8]) -> usize {
        if !self.after_cr && !bytes.contains(&b'\r') {
            return bytes.len();
        }
        let mut kept = 0;
        for read in 0..bytes.len() {
            let byte = bytes[read];
            if !(byte == b'\n' && self.after_cr) {
                bytes[kept] = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
            self.after_cr = byte == b'\r';
        }
        kept
    }
}

impl<R: Read> Read for LineBreaks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.in_row > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        loop {
            let count = self.inner.read(buffer)?;
            if count == 0 {
                return Ok(self.end_of_file(buffer));
            }
            let bytes = buffer.get_mut(..count).unwrap_or_default();
            let kept = self.normalise(bytes);
            if let Some(last) = kept.checked_sub(1).and_then(|last| bytes.get(last)) {
                self.last = *last;
                self.in_row += kept;
                self.given += kept as u64;
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives the bytes in pieces of `size`, to cut line breaks in two.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn every_line_break_becomes_one_lf() {
        for size in 1..8 {
            for text in ["a\r\nb\r\n", "a\rb\r", "a\nb", "a\r\nb\r", "a\rb"] {
                let mut out = String::new();
                LineBreaks::new(Pieces(text.as_bytes(), size), 100).read_to_string(&mut out).unwrap();
                assert_eq!(out, "a\nb\n\n", "{text:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn blank_lines_stay_and_one_is_added() {
        for (text, expected) in [("\r\n\r\n", "\n\n\n"), ("\r\r", "\n\n\n"), ("\n\r", "\n\n\n"), ("", "\n")] {
            let mut out = String::new();
            LineBreaks::new(text.as_bytes(), 100).read_to_string(&mut out).unwrap();
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn it_is_exhausted_when_the_added_blank_line_is_taken_too() {
        let mut lines = LineBreaks::new(&b"a\r\nb"[..], 100);
        let mut byte = [0];
        for taken in 1..=5 {
            assert!(!lines.is_exhausted_by(taken - 1));
            assert_eq!(lines.read(&mut byte).unwrap(), 1);
        }
        assert!(lines.is_exhausted_by(5) && !lines.is_exhausted_by(4));
        assert_eq!(lines.read(&mut byte).unwrap(), 0);
    }

    #[test]
    fn an_endless_row_fails() {
        let mut endless = LineBreaks::new(io::repeat(b'"'), 1000);
        assert_eq!(io::copy(&mut endless, &mut io::sink()).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
