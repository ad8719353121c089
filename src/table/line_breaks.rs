//! Makes every line break a single LF, so that lines can be counted.

use std::io::{self, Read};

/// How many line breaks `bytes` hold.
pub(super) fn count(bytes: &[u8]) -> u64 {
    // Sums of at most 255 fit a byte, and bytes are added many at once.
    let breaks = |bytes: &[u8]| u64::from(bytes.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>());
    bytes.chunks(255).map(breaks).sum()
}

/// Reads from `inner`; CRLF and lone CR become LF, and the last line gets one if it has none.
pub(super) struct LineBreaks<R> {
    inner: R,
    after_cr: bool,
    last: u8,
}

impl<R: Read> LineBreaks<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, after_cr: false, last: b'\n' }
    }

    pub(super) fn inner(&self) -> &R {
        &self.inner
    }

    fn end_last_line(&mut self, buffer: &mut [u8]) -> usize {
        match buffer.first_mut() {
            Some(first) if self.last != b'\n' => {
                (*first, self.last) = (b'\n', b'\n');
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
        loop {
            let count = self.inner.read(buffer)?;
            if count == 0 {
                return Ok(self.end_last_line(buffer));
            }
            let bytes = buffer.get_mut(..count).unwrap_or_default();
            let kept = self.normalise(bytes);
            // A buffer may hold nothing but the LF of a CRLF whose CR came before.
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
                LineBreaks::new(Pieces(text.as_bytes(), size)).read_to_string(&mut out).unwrap();
                assert_eq!(out, expected, "{text:?} in pieces of {size}");
            }
        }
    }
}
