//! Files that are rejected.

use super::assert_rejected;

#[test]
fn tables_without_numbers_are_rejected() {
    let give = "Use a CSV file with a header line and at least one row.";
    for csv in ["", "\n", "\r\n\n\r", "\u{FEFF}", "\u{FEFF}\n"] {
        assert_rejected(csv, &[], &["error: the file is empty: no header and no rows", give]);
    }
    for csv in ["a,b\n", "a,b", "\u{FEFF}a,b\r\n\r\n"] {
        assert_rejected(csv, &[], &["error: the file has a header but no rows", give]);
    }
    let choose = "Choose a column that contains numbers.";
    assert_rejected("a,b\nx,\ny,NA\n", &[], &["error: no column contains numbers", choose]);
}

#[test]
fn headers_with_duplicate_names_or_numbers_are_rejected() {
    let rename = "Rename one of the two columns, or leave both out with --exclude a.";
    for csv in ["a,b,a\n1,2,3\n", "a,b, a \n1,2,3\n", "a,b,\"a\"\n1,2,3\n"] {
        assert_rejected(csv, &[], &["line 1: duplicate column name \"a\" in fields 1 and 3", rename]);
    }
    let no_header = "line 1: no header: the first row has numbers but no names (first cell \"39\")";
    let add =
        "Add a line with the column names, or use --header absent (--header present if these numbers are the names).";
    assert_rejected("39,4.5\n1,2\n", &[], &[no_header, add]);
    assert_rejected("39,,NA\n1,2,3\n", &[], &[no_header, add]);
    assert_rejected(
        "x,y\n1,2\n",
        &["--header", "absent"],
        &["line 1 has text where the lines below have numbers (column \"column1\": \"x\", then \"1\")"],
    );
}

#[test]
fn short_and_long_rows_are_rejected() {
    let short = "use --fill-short-rows; otherwise correct the row, or give the delimiter with --delimiter.";
    assert_rejected("a,b\n1,2\n3\n", &[], &["line 3: 1 field, but the header has 2 (first cell \"3\")", short]);
    let long = "Correct the row: a cell that contains ',' must be in quotation marks";
    assert_rejected(
        "a,b\n\n\"x\ny\",2\n\n3,4,5\n",
        &[],
        &["line 6: 3 fields, but the header has 2 (first cell \"3\")", long],
    );
    assert_rejected(
        "a\n1\n2,3\n",
        &["--delimiter", ","],
        &["line 3: 2 fields, but the header has 1 (first cell \"2\")", long],
    );
}

#[test]
fn text_among_numbers_is_rejected() {
    let next_step = "the cells. If they stand for missing values, use --missing NA,N/A,NaN,null,x; or leave the column out with --exclude a.";
    assert_rejected(
        "a,b\n1,2\nx,4\n",
        &[],
        &["line 3, column \"a\": \"x\" is not a number, but line 2 has \"1\"", next_step],
    );
    assert_rejected(
        "a,b\r\nx,2\r\n\r\n8,4\r\n-7.50,6\r\n",
        &[],
        &["line 2, column \"a\": \"x\" is not a number, but line 4 has \"8\"", next_step],
    );
    assert_rejected(
        "a,b\n\"?\n?\",2\n1,2\n",
        &[],
        &["line 2, column \"a\": \"?\\n?\" is not a number, but line 4 has \"1\""],
    );
    assert_rejected("a b,c\n1,2\n?,2\n", &[], &["--missing 'NA,N/A,NaN,null,?'", "--exclude 'a b'."]);
    assert_rejected("a,b\n1,2\n-,4\n", &[], &["column \"a\": \"-\" is not a number"]);
    assert_rejected(
        "a,b\n1,2\nNA,4\n",
        &["--missing", "-9"],
        &["line 3, column \"a\": \"NA\" is not a number", "use --missing -9,NA;"],
    );
    assert_rejected(
        "a;b\n1;2\n3,5;4\n",
        &[],
        &[
            "line 3, column \"a\": \"3,5\" is a number in a different format than expected",
            "Choose: if it is 3.5, use --decimal-comma. Or leave the column out with --exclude a.",
        ],
    );
    for cell in ["0x10", "1_000", "1e", "e5", "1.2.3", "--1", "Infinity", "-inf", "1e5.5", "٣", "½", "1\u{a0}0"] {
        assert_rejected(
            format!("a,b\n1,2\n{cell},4\n"),
            &[],
            &["line 3, column \"a\": ", " is not a number, but line 2 has \"1\""],
        );
    }
    let long = "x".repeat(5000);
    assert_rejected(
        format!("a,b\n1,2\n{long},4\n"),
        &[],
        &[&format!("column \"a\": \"{}…\" is not a number", &long[..60])],
    );
}

#[test]
fn the_next_step_for_a_column_name_with_a_comma_works() {
    let csv = "\"a,b\",c\n1,2\nx,4\n";
    assert_rejected(
        csv,
        &[],
        &["line 3, column \"a,b\": \"x\" is not a number", "leave the column out with --exclude '\"a,b\"'."],
    );
    super::assert_statistics(csv, &["--exclude", "\"a,b\""], "c,2,0,6,3,2,1.4142135623730951\n");
}

#[test]
fn numbers_that_cannot_be_represented_exactly_are_rejected() {
    let correct = "Correct the cell, or leave the column out with --exclude x.";
    for cell in ["1e999999999", "1e401", "-1e-401", "1e99999999999999999999999", "12e400"] {
        assert_rejected(
            format!("x\n1\n{cell}\n"),
            &[],
            &[&format!("line 3, column \"x\": \"{cell}\" needs a power of ten beyond ±400"), correct],
        );
    }
    let digits = "1".repeat(39);
    assert_rejected(
        format!("x\n{digits}\n"),
        &[],
        &[
            &format!("line 2, column \"x\": \"{digits}\" has more than 38 significant digits"),
            "Round it to at most 38 significant digits, or leave the column out with --exclude x.",
        ],
    );
    for (csv, line, fine_line) in [("x\n1e300\n1\n", 2, 3), ("x\n1\n\n1e300\n", 4, 2)] {
        let message = format!(
            "line {line}, column \"x\": 1e300 needs more than 120 bits at the precision of 1 (line {fine_line})"
        );
        assert_rejected(csv, &[], &[&message, "more than 120 bits", correct]);
    }
    assert_rejected("x\n1e36\n-1e36\n0.1\n", &[], &["more than 120 bits", correct]);
}

#[test]
fn other_encodings_and_file_formats_are_rejected() {
    let save = "Save the file as UTF-8, for example with: iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv";
    assert_rejected(b"a,Gr\xF6\xDFe\n1,2\n", &[], &["error: line 1, field 2: invalid UTF-8", save]);
    assert_rejected(b"a,b,c\n1,2,3\n\n4,caf\xE9,6\n", &[], &["error: line 4, field 2: invalid UTF-8", save]);
    for (start, kind, next_step) in [
        (&b"PK\x03\x04\x14\0\0\0"[..], "a workbook (XLSX, ODS)", "save the sheet as CSV"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1", "a workbook in an old format (XLS)", "save the sheet as CSV"),
        (b"PAR1\x15\x04\x15\xE6", "a Parquet file", "Export the table as CSV"),
        (b"SQLite format 3\0\x10", "an SQLite database", "Export the table as CSV"),
        (b"\x1F\x8B\x08\0", "compressed with gzip", "gzip -dc old.csv.gz > new.csv"),
        (b"\x28\xB5\x2F\xFD", "compressed with zstd", "zstd -dc"),
        (b"BZh91AY&SY", "compressed with bzip2", "bzip2 -dc"),
        (b"\xFD7zXZ\0", "compressed with xz", "xz -dc"),
    ] {
        assert_rejected(start, &[], &["error: the file is ", kind, next_step]);
    }
}

#[test]
fn unclosed_quotation_marks_are_rejected() {
    let close = "Close the quotation mark; if quotation marks are part of the data, use --no-quotes.";
    // Otherwise the rest of the file would be one cell of a column that is skipped.
    for csv in ["b,name\n1,x\n2,\"y\n3,z\n", "b,name\n1,x\n2,\"y\n3,z", "b,name\r1,x\r2,\"y", "b,name\n1,x\n2,\"\n"] {
        assert_rejected(csv, &[], &["line 3: the quoted field that starts here is never closed", close]);
    }
    assert_rejected("a,\"b\n1,2\n3,4\n", &[], &["line 1: the quoted field that starts here is never closed", close]);
    let endless = format!("b,name\n1,x\n2,\"y\n{}", "3,z\n".repeat(2_000_000));
    assert_rejected(endless, &[], &["line 3: row longer than 4194304 bytes (unclosed quotation mark?)", close]);
    let closed = "b,name\n2,\"y\n\n\"\n4,\"\n\"";
    super::assert_statistics(closed, &[], "b,2,0,6,3,2,1.4142135623730951\n");
}

#[test]
fn selected_columns_that_do_not_exist_are_rejected() {
    let correct = "Correct the name; upper and lower case matter.";
    for options in [["--columns", "c"], ["--exclude", "c"], ["--columns", "a,c"], ["--exclude", "b,c"]] {
        assert_rejected("a,b\n1,2\n", &options, &["there is no column \"c\"; the columns are a, b", correct]);
    }
    assert_rejected("a,b\n1,2\n", &["--columns", "A"], &["there is no column \"A\"", correct]);
    let asked = "the selected column \"b\" contains no numbers";
    assert_rejected("a,b\n1,x\n", &["--columns", "a,b"], &[asked, "Choose a column that contains numbers."]);
    assert_rejected("a,b\n1,NA\n", &["--columns", "b"], &[asked]);
}

#[test]
fn names_cannot_contain_terminal_escapes() {
    let sandbox = crate::sandbox::Sandbox::new();
    let csv = sandbox.write("data.csv", "\u{1b}[31mt,\u{1b}]0;x\u{7},\u{9b}2Jc\nt,1,2\nt,x,3\n");
    for options in [&["--exclude", "\u{1b}]0;x\u{7}"][..], &["--columns", "nowhere"], &[]] {
        let url = sandbox.url();
        let arguments = ["init", "--input", crate::sandbox::path(&csv), "--server", &url];
        let ended = sandbox.run(arguments.iter().chain(options));
        let raw = ended.stderr.chars().find(|c| c.is_control() && *c != '\n');
        assert!(!ended.stderr.is_empty() && raw.is_none(), "{raw:?} in {:?}", ended.stderr);
    }
}
