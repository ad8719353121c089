//! Checks bytes on their way to the CSV reader, which accepts any quoting: rows must not exceed a length, and quotation
//! marks must follow RFC 4180.

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::line_breaks;

/// A row that is too long or quoted incorrectly. Lines are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::table) enum SyntaxError {
    #[error("row too long")]
    Long,
    #[error("text after a closing quotation mark")]
    TextAfterQuote {
        line: u64,
        /// The line in which the quoted field starts.
        opened: u64,
        /// The byte after the quotation mark.
        next: u8,
    },
    #[error("unclosed quotation mark")]
    OpenQuote { opened: u64 },
}

/// The parts of the dialect that split the text into rows and fields.
#[derive(Debug, Clone, Copy)]
pub(in crate::table) struct Syntax {
    pub(in crate::table) delimiter: u8,
    /// Whether quotation marks enclose fields; otherwise they are data.
    pub(in crate::table) quotes: bool,
    /// The character that comment lines start with.
    pub(in crate::table) comment: Option<u8>,
}

/// The most different numbers of delimiters in comment lines that are remembered.
const MAX_WIDTHS: usize = 1000;

/// The position of the next byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ParserState {
    RowStart,
    FieldStart,
    Unquoted,
    Quoted,
    /// After a quotation mark in a quoted field: the end of the field, or the first of two that stand for one.
    AfterQuote,
    /// After the end of a quoted field and white space, whose first byte this is.
    AfterField(u8),
    Comment,
}

/// Reads from `inner`; an invalid row is an [`io::Error`] with a [`SyntaxError`] inside.
pub(in crate::table) struct SyntaxChecker<R> {
    inner: R,
    syntax: Syntax,
    limit: usize,
    /// The number of bytes in the current row so far.
    row_bytes: usize,
    state: ParserState,
    line: u64,
    /// The line in which the last quoted field starts.
    opened: u64,
    error: Option<SyntaxError>,
    has_nul: bool,
    /// The number of delimiters in the current comment line so far.
    delimiters: usize,
    /// For each number of delimiters, the first comment line that contains as many; at most [`MAX_WIDTHS`] entries.
    comments: BTreeMap<usize, u64>,
}

impl<R: Read> SyntaxChecker<R> {
    /// `line` is the number of the first line of `inner`.
    pub(in crate::table) fn new(inner: R, syntax: Syntax, limit: usize, line: u64) -> Self {
        Self {
            inner,
            syntax,
            limit,
            row_bytes: 0,
            state: ParserState::RowStart,
            line,
            opened: line,
            error: None,
            has_nul: false,
            delimiters: 0,
            comments: BTreeMap::new(),
        }
    }

    /// Whether a NUL byte has been read so far.
    pub(in crate::table) fn has_nul(&self) -> bool {
        self.has_nul
    }

    /// The first comment line with as many cells as a row of `cells` cells.
    pub(in crate::table) fn comment_like_row(&self, cells: usize) -> Option<u64> {
        self.comments.get(&cells.checked_sub(1)?).copied()
    }

    pub(in crate::table) fn inner(&self) -> &R {
        &self.inner
    }

    /// Checks the next bytes of the text. Returns how many of them precede the first error.
    fn check(&mut self, bytes: &[u8]) -> usize {
        if !self.syntax.quotes {
            self.count_row_bytes(bytes);
            return bytes.len();
        }
        let is_quoted =
            matches!(self.state, ParserState::Quoted | ParserState::AfterQuote | ParserState::AfterField(_));
        if is_quoted || self.syntax.comment.is_some() || bytes.contains(&b'"') {
            return bytes.iter().position(|byte| !self.step(*byte)).unwrap_or(bytes.len());
        }
        self.line += line_breaks::count(bytes);
        self.count_row_bytes(bytes);
        if let Some(last) = bytes.last() {
            self.state = self.state_after(*last);
        }
        bytes.len()
    }

    /// Counts the row's bytes outside of quoted fields, where each line break ends a row.
    fn count_row_bytes(&mut self, bytes: &[u8]) {
        self.row_bytes = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => bytes.len() - end - 1,
            None => self.row_bytes + bytes.len(),
        };
    }

    /// Processes a byte; returns `false` if it is invalid at this position.
    fn step(&mut self, byte: u8) -> bool {
        self.row_bytes += 1;
        self.line += u64::from(byte == b'\n');
        self.state = match self.state {
            ParserState::Comment if byte != b'\n' => {
                self.delimiters += usize::from(byte == self.syntax.delimiter);
                ParserState::Comment
            }
            ParserState::Comment => {
                self.end_comment();
                ParserState::RowStart
            }
            ParserState::RowStart if self.syntax.comment == Some(byte) => {
                self.delimiters = 0;
                ParserState::Comment
            }
            ParserState::RowStart | ParserState::FieldStart if byte == b'"' => {
                self.opened = self.line;
                ParserState::Quoted
            }
            ParserState::Quoted if byte == b'"' => ParserState::AfterQuote,
            ParserState::Quoted => ParserState::Quoted,
            ParserState::AfterQuote if byte == b'"' => ParserState::Quoted,
            ParserState::AfterQuote | ParserState::AfterField(_) if byte != b'\n' && byte != self.syntax.delimiter => {
                let next = if let ParserState::AfterField(next) = self.state { next } else { byte };
                if !byte.is_ascii_whitespace() {
                    self.error = Some(SyntaxError::TextAfterQuote { line: self.line, opened: self.opened, next });
                    return false;
                }
                ParserState::AfterField(next)
            }
            _ => self.state_after(byte),
        };
        if self.state == ParserState::RowStart {
            self.row_bytes = 0;
        }
        true
    }

    /// Remembers the number of delimiters in the comment line that has ended.
    fn end_comment(&mut self) {
        // The comment's line break is already counted.
        let line = self.line.saturating_sub(1);
        if self.comments.len() < MAX_WIDTHS {
            self.comments.entry(self.delimiters).or_insert(line);
        }
    }

    /// The state after a byte that is not in a quoted field or a comment.
    fn state_after(&self, byte: u8) -> ParserState {
        match byte {
            b'\n' => ParserState::RowStart,
            _ if byte == self.syntax.delimiter => ParserState::FieldStart,
            _ => ParserState::Unquoted,
        }
    }
}

impl<R: Read> Read for SyntaxChecker<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.row_bytes > self.limit {
            return Err(io::Error::other(SyntaxError::Long));
        }
        if let Some(error) = self.error {
            return Err(io::Error::other(error));
        }
        let count = self.inner.read(buffer)?;
        if count == 0 && self.state == ParserState::Quoted {
            return Err(io::Error::other(SyntaxError::OpenQuote { opened: self.opened }));
        }
        // First return the bytes before the error: the rows in them may have errors of their own.
        let valid = self.check(&buffer[..count]);
        self.has_nul |= buffer[..valid].contains(&0);
        match self.error {
            Some(error) if valid == 0 => Err(io::Error::other(error)),
            _ => Ok(valid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Syntax = Syntax { delimiter: b',', quotes: true, comment: None };

    fn error(text: &str, syntax: Syntax) -> Option<SyntaxError> {
        let mut checker = SyntaxChecker::new(text.as_bytes(), syntax, 1 << 20, 1);
        let mut buffer = [0; 3];
        loop {
            match checker.read(&mut buffer) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return error.get_ref().and_then(|error| error.downcast_ref().copied()),
            }
        }
    }

    #[test]
    fn quoting_that_follows_rfc_4180_is_accepted() {
        for text in [
            "a,\"b\"\n\"1\",2\n",
            "\"a \"\"b\"\"\",\"\"\n",
            "\"two\nlines, \",1",
            "5\" pipe,6\"\n",
            "a \"b\",c\n",
            "\"3\" ,\"4\" \n",
            "\"last\"",
            "\"\"\"\"",
        ] {
            assert_eq!(error(text, COMMA), None, "{text:?}");
        }
    }

    #[test]
    fn other_quoting_is_an_error_with_both_lines() {
        for (text, line, opened, next) in [
            ("a\n\"b\"c\n", 2, 2, b'c'),
            ("id,note\n1,\"left arm\n2,\"right\"\n", 3, 2, b'r'),
            ("\"a\" \"b\"\n", 1, 1, b' '),
            ("\"a\"\t x\n", 1, 1, b'\t'),
            ("\"a\nb\nc\"d", 3, 1, b'd'),
        ] {
            assert_eq!(error(text, COMMA), Some(SyntaxError::TextAfterQuote { line, opened, next }), "{text:?}");
        }
        for (text, opened) in [("a\n\"b\nc\n", 2), ("\"", 1), ("a,\"b\"\"", 1)] {
            assert_eq!(error(text, COMMA), Some(SyntaxError::OpenQuote { opened }), "{text:?}");
        }
    }

    #[test]
    fn quoting_is_not_checked_in_comments_and_in_files_without_quoting() {
        let comments = Syntax { comment: Some(b'#'), ..COMMA };
        assert_eq!(error("#\"x\"y \"\na,b\n# \"\n1,2\n", comments), None);
        assert_eq!(
            error("a#\n\"b\"c\n", comments),
            Some(SyntaxError::TextAfterQuote { line: 2, opened: 2, next: b'c' })
        );
        assert_eq!(error("\"b\"c\n\"", Syntax { quotes: false, ..COMMA }), None);
    }

    #[test]
    fn an_endless_row_is_an_error() {
        let mut endless = SyntaxChecker::new(io::repeat(b'"'), COMMA, 1000, 1);
        let error = io::copy(&mut endless, &mut io::sink()).unwrap_err();
        assert_eq!(error.get_ref().and_then(|error| error.downcast_ref()), Some(&SyntaxError::Long));
    }

    #[test]
    fn each_line_break_outside_of_quoted_fields_ends_a_row() {
        let comments = Syntax { comment: Some(b'#'), ..COMMA };
        for (text, syntax) in
            [("# x\n", comments), ("\n", COMMA), ("1,\"2\"\n", COMMA), ("\n", Syntax { quotes: false, ..COMMA })]
        {
            let text = text.repeat(1000);
            let mut checker = SyntaxChecker::new(text.as_bytes(), syntax, 10, 1);
            let mut buffer = [0; 7];
            while checker.read(&mut buffer).unwrap() > 0 {}
        }
    }
}
