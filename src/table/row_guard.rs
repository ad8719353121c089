//! Watches the bytes on their way to the CSV reader, which takes quotation marks as they come: rows must not grow without
//! end, and quotation marks must stand as RFC 4180 has them.

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::line_breaks;

/// What is wrong with a row; lines are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum RowFault {
    #[error("a row is too long")]
    Long,
    #[error("text follows a closing quotation mark")]
    TextAfterQuote {
        line: u64,
        opened: u64,
        /// The byte after the mark.
        next: u8,
    },
    #[error("a quotation mark is not closed")]
    OpenQuote { opened: u64 },
}

/// How the rows are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowSyntax {
    pub(super) delimiter: u8,
    /// Whether quotation marks mean something.
    pub(super) quotes: bool,
    /// What a comment line begins with.
    pub(super) comment: Option<u8>,
}

/// The most kinds of comment lines that are remembered.
const MOST_WIDTHS: usize = 1000;

/// Where the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ParserState {
    RowStart,
    CellStart,
    Unquoted,
    Quoted,
    /// After a quotation mark inside a quoted cell: its end, or the first of two that stand for one.
    AfterQuote,
    /// After the end of a quoted cell and blanks, of which this is the first.
    AfterCell(u8),
    Comment,
}

/// Reads from `inner` and fails with a [`RowFault`].
pub(super) struct RowGuard<R> {
    inner: R,
    syntax: RowSyntax,
    limit: usize,
    in_row: usize,
    place: ParserState,
    line: u64,
    opened: u64,
    fault: Option<RowFault>,
    zeros: bool,
    /// Delimiters in the comment line so far.
    delimiters: usize,
    /// The first comment line of each number of delimiters, up to [`MOST_WIDTHS`].
    comments: BTreeMap<usize, u64>,
}

impl<R: Read> RowGuard<R> {
    /// `line` is the number of the first line that `inner` gives.
    pub(super) fn new(inner: R, syntax: RowSyntax, limit: usize, line: u64) -> Self {
        Self {
            inner,
            syntax,
            limit,
            in_row: 0,
            place: ParserState::RowStart,
            line,
            opened: line,
            fault: None,
            zeros: false,
            delimiters: 0,
            comments: BTreeMap::new(),
        }
    }

    /// Whether there was a zero byte among those given so far.
    pub(super) fn has_zeros(&self) -> bool {
        self.zeros
    }

    /// The first comment line that has as many cells as a row of so many.
    pub(super) fn comment_like_a_row(&self, cells: usize) -> Option<u64> {
        self.comments.get(&cells.checked_sub(1)?).copied()
    }

    pub(super) fn inner(&self) -> &R {
        &self.inner
    }

    /// How many of `bytes` come before a fault.
    fn check(&mut self, bytes: &[u8]) -> usize {
        if !self.syntax.quotes {
            self.count(bytes);
            return bytes.len();
        }
        let within = matches!(self.place, ParserState::Quoted | ParserState::AfterQuote | ParserState::AfterCell(_));
        if within || self.syntax.comment.is_some() || bytes.contains(&b'"') {
            return bytes.iter().position(|byte| !self.step(*byte)).unwrap_or(bytes.len());
        }
        self.line += line_breaks::count(bytes);
        self.count(bytes);
        if let Some(last) = bytes.last() {
            self.place = self.after(*last);
        }
        bytes.len()
    }

    /// Counts bytes outside of quotation marks: each line break ends a row.
    fn count(&mut self, bytes: &[u8]) {
        self.in_row = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => bytes.len() - end - 1,
            None => self.in_row + bytes.len(),
        };
    }

    /// Takes a byte into account; `false`: it must not stand there.
    fn step(&mut self, byte: u8) -> bool {
        self.in_row += 1;
        self.line += u64::from(byte == b'\n');
        self.place = match self.place {
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
            ParserState::RowStart | ParserState::CellStart if byte == b'"' => {
                self.opened = self.line;
                ParserState::Quoted
            }
            ParserState::Quoted if byte == b'"' => ParserState::AfterQuote,
            ParserState::Quoted => ParserState::Quoted,
            ParserState::AfterQuote if byte == b'"' => ParserState::Quoted,
            ParserState::AfterQuote | ParserState::AfterCell(_) if byte != b'\n' && byte != self.syntax.delimiter => {
                let next = if let ParserState::AfterCell(next) = self.place { next } else { byte };
                if !byte.is_ascii_whitespace() {
                    self.fault = Some(RowFault::TextAfterQuote { line: self.line, opened: self.opened, next });
                    return false;
                }
                ParserState::AfterCell(next)
            }
            _ => self.after(byte),
        };
        if self.place == ParserState::RowStart {
            self.in_row = 0;
        }
        true
    }

    fn end_comment(&mut self) {
        // The line break is counted already.
        let line = self.line.saturating_sub(1);
        if self.comments.len() < MOST_WIDTHS {
            self.comments.entry(self.delimiters).or_insert(line);
        }
    }

    fn after(&self, byte: u8) -> ParserState {
        match byte {
            b'\n' => ParserState::RowStart,
            _ if byte == self.syntax.delimiter => ParserState::CellStart,
            _ => ParserState::Unquoted,
        }
    }
}

impl<R: Read> Read for RowGuard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.in_row > self.limit {
            return Err(io::Error::other(RowFault::Long));
        }
        if let Some(fault) = self.fault {
            return Err(io::Error::other(fault));
        }
        let count = self.inner.read(buffer)?;
        if count == 0 && self.place == ParserState::Quoted {
            return Err(io::Error::other(RowFault::OpenQuote { opened: self.opened }));
        }
        // The rows before the fault are given first: they may have faults of their own.
        let good = self.check(buffer.get(..count).unwrap_or_default());
        self.zeros |= buffer.get(..good).unwrap_or_default().contains(&0);
        match self.fault {
            Some(fault) if good == 0 => Err(io::Error::other(fault)),
            _ => Ok(good),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: RowSyntax = RowSyntax { delimiter: b',', quotes: true, comment: None };

    fn fault(text: &str, syntax: RowSyntax) -> Option<RowFault> {
        let mut guard = RowGuard::new(text.as_bytes(), syntax, 1 << 20, 1);
        let mut piece = [0; 3];
        loop {
            match guard.read(&mut piece) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return error.get_ref().and_then(|error| error.downcast_ref().copied()),
            }
        }
    }

    #[test]
    fn quotation_marks_that_rfc_4180_knows_pass() {
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
            assert_eq!(fault(text, COMMA), None, "{text:?}");
        }
    }

    #[test]
    fn others_are_faults_with_both_lines() {
        for (text, line, opened, next) in [
            ("a\n\"b\"c\n", 2, 2, b'c'),
            ("id,note\n1,\"left arm\n2,\"right\"\n", 3, 2, b'r'),
            ("\"a\" \"b\"\n", 1, 1, b' '),
            ("\"a\"\t x\n", 1, 1, b'\t'),
            ("\"a\nb\nc\"d", 3, 1, b'd'),
        ] {
            assert_eq!(fault(text, COMMA), Some(RowFault::TextAfterQuote { line, opened, next }), "{text:?}");
        }
        for (text, opened) in [("a\n\"b\nc\n", 2), ("\"", 1), ("a,\"b\"\"", 1)] {
            assert_eq!(fault(text, COMMA), Some(RowFault::OpenQuote { opened }), "{text:?}");
        }
    }

    #[test]
    fn comments_and_files_without_quotes_are_let_be() {
        let comments = RowSyntax { comment: Some(b'#'), ..COMMA };
        assert_eq!(fault("#\"x\"y \"\na,b\n# \"\n1,2\n", comments), None);
        assert_eq!(fault("a#\n\"b\"c\n", comments), Some(RowFault::TextAfterQuote { line: 2, opened: 2, next: b'c' }));
        assert_eq!(fault("\"b\"c\n\"", RowSyntax { quotes: false, ..COMMA }), None);
    }

    #[test]
    fn an_endless_row_is_a_fault() {
        let mut endless = RowGuard::new(io::repeat(b'"'), COMMA, 1000, 1);
        let error = io::copy(&mut endless, &mut io::sink()).unwrap_err();
        assert_eq!(error.get_ref().and_then(|error| error.downcast_ref()), Some(&RowFault::Long));
    }

    #[test]
    fn each_line_break_outside_of_quotation_marks_ends_a_row() {
        let comments = RowSyntax { comment: Some(b'#'), ..COMMA };
        for (text, syntax) in
            [("# x\n", comments), ("\n", COMMA), ("1,\"2\"\n", COMMA), ("\n", RowSyntax { quotes: false, ..COMMA })]
        {
            let text = text.repeat(1000);
            let mut guard = RowGuard::new(text.as_bytes(), syntax, 10, 1);
            let mut piece = [0; 7];
            while guard.read(&mut piece).unwrap() > 0 {}
        }
    }
}
