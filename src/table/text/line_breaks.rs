//! Normalises line breaks to LF, so that lines can be counted.

use std::io::{self, Read};

/// The number of line breaks (LF) in `bytes`.
pub(in crate::table) fn count(bytes: &[u8]) -> u64 {
    // A count of at most 255 fits a byte, and the compiler adds many bytes at once.
    let breaks = |bytes: &[u8]| u64::from(bytes.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>());
    bytes.chunks(255).map(breaks).sum()
}

/// Reads from `inner`, replaces CRLF and CR by LF, and adds LF to the last line if it has none.
pub(in crate::table) struct LineBreakNormalizer<R> {
    inner: R,
    after_cr: bool,
    last: u8,
}

impl<R: Read> LineBreakNormalizer<R> {
    pub(in crate::table) fn new(inner: R) -> Self {
        Self { inner, after_cr: false, last: b'\n' }
    }

    pub(in crate::table) fn inner(&self) -> &R {
        &self.inner
    }

    /// At the end of the input: adds LF if the last line has none. Returns the number of bytes added.
    fn end_last_line(&mut self, buffer: &mut [u8]) -> usize {
        match buffer.first_mut() {
            Some(first) if self.last != b'\n' => {
                (*first, self.last) = (b'\n', b'\n');
                1
            }
            _ => 0,
        }
    }

    /// Replaces the line breaks in `bytes` in place and returns the number of bytes that remain.
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

impl<R: Read> Read for LineBreakNormalizer<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.inner.read(buffer)?;
            if count == 0 {
                return Ok(self.end_last_line(buffer));
            }
            let bytes = &mut buffer[..count];
            let kept = self.normalise(bytes);
            // Nothing remains of a buffer with only the LF of a CRLF whose CR was in the previous one: read on.
            if let Some(last) = kept.checked_sub(1).and_then(|last| bytes.get(last)) {
                self.last = *last;
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a fixed number of bytes per read, to split CRLF between reads.
    struct ShortReader<'a>(&'a [u8], usize);

    impl Read for ShortReader<'_> {
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
            for (text, expected) in [
                ("a\r\nb\r\n", "a\nb\n"),
                ("a\rb\r", "a\nb\n"),
                ("a\nb", "a\nb\n"),
                ("a\r\nb\r", "a\nb\n"),
                ("\r\n\r\n", "\n\n"),
                ("\n\r", "\n\n"),
                ("", ""),
            ] {
                let mut out = String::new();
                LineBreakNormalizer::new(ShortReader(text.as_bytes(), size)).read_to_string(&mut out).unwrap();
                assert_eq!(out, expected, "{text:?}, {size} bytes per read");
            }
        }
    }
}
