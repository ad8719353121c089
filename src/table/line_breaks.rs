//! Makes every line break a single LF, so that lines can be counted and rows cannot grow without end.

use std::io::{self, Read};

/// Reads from `inner`; CRLF and lone CR become LF, and the last line gets one if it has none.
///
/// It also counts the bytes since the last [`LineBreaks::start_row`] and fails when they pass `limit`: an
/// unclosed quotation mark must not pull a whole file into memory.
pub(super) struct LineBreaks<R> {
    inner: R,
    after_cr: bool,
    last: u8,
    in_row: usize,
    limit: usize,
}

impl<R: Read> LineBreaks<R> {
    pub(super) fn new(inner: R, limit: usize) -> Self {
        Self { inner, after_cr: false, last: b'\n', in_row: 0, limit }
    }

    /// A row was completed: the count begins again.
    pub(super) fn start_row(&mut self) {
        self.in_row = 0;
    }

    pub(super) fn inner(&self) -> &R {
        &self.inner
    }

    fn end_of_file(&mut self, buffer: &mut [u8]) -> usize {
        match buffer.first_mut() {
            Some(first) if self.last != b'\n' => {
                self.last = b'\n';
                *first = b'\n';
                1
            }
            _ => 0,
        }
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
                assert_eq!(out, "a\nb\n", "{text:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn blank_lines_stay_and_nothing_stays_nothing() {
        for (text, expected) in [("\r\n\r\n", "\n\n"), ("\r\r", "\n\n"), ("\n\r", "\n\n"), ("", "")] {
            let mut out = String::new();
            LineBreaks::new(text.as_bytes(), 100).read_to_string(&mut out).unwrap();
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn an_endless_row_fails() {
        let mut endless = LineBreaks::new(io::repeat(b'"'), 1000);
        assert_eq!(io::copy(&mut endless, &mut io::sink()).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
