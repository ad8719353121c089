//! Tables of random and of extreme numbers.

use std::fmt::Write;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// One column each, its cells separated by spaces.
pub(super) const EXTREMES: [&str; 14] = [
    "1e400 0",
    "-1e400 1e400",
    "1e-400 -1e-400 0",
    "1e-200 3e-200 8e-200",
    "1e154 -1e154",
    "1.7976931348623157e308 1.7976931348623159e308",
    "4.9e-324 2.4e-324 7e-324",
    "2.2250738585072011e-308 2.2250738585072014e-308",
    "9007199254740993 9007199254740993 9007199254740992",
    "99999999999999999999999999999999999999 99999999999999999999999999999999999998",
    "0 664613997892457936451903530140172287",
    "-332306998946228968225951765070086143 332306998946228968225951765070086144 NA",
    "1000000000.000001 1000000000.000002 1000000000.000003",
    "0 0 0 0 0 0 0 1048576 1048575 1 NA",
];

/// A table of more rows than the 1,044,480 of the first segment, with some missing values.
pub(super) fn longer_than_a_segment() -> String {
    let mut text = String::from("squares,halves\n");
    for row in 0..1_049_000_u64 {
        let square = row * row % 1_000_003;
        let sign = if row % 3 == 0 { "-" } else { "" };
        if row % 1009 == 5 {
            writeln!(text, "NA,{sign}{row}.5").unwrap();
        } else {
            writeln!(text, "{square},{sign}{row}.5").unwrap();
        }
    }
    text
}

/// Random tables, which differ between runs.
pub(super) fn random(count: usize) -> Vec<String> {
    let mut runner = TestRunner::default();
    (0..count).map(|_| table().new_tree(&mut runner).unwrap().current()).collect()
}

/// The same table with semicolons, decimal commas, points between thousands, -99 for missing values, and comments.
pub(super) fn in_european_format(text: &str) -> String {
    let line = |(number, line): (usize, &str)| {
        let cells: Vec<String> = line.split(',').map(european).collect();
        format!("{}{}\n", if number % 3 == 1 { "# \"1;2,3\n" } else { "" }, cells.join(";"))
    };
    text.lines().enumerate().map(line).collect()
}

fn european(cell: &str) -> String {
    if cell.is_empty() {
        return "-99,0".into();
    }
    let digits = cell.find(|c: char| c.is_ascii_digit()).unwrap_or(cell.len());
    let end = cell[digits..].find(|c: char| !c.is_ascii_digit()).map_or(cell.len(), |end| digits + end);
    let (sign, whole, rest) = (&cell[..digits], &cell[digits..end], cell[end..].replace('.', ","));
    // A name such as c1234 is not a number, and 0123 has no groups.
    let groups = whole.len() > 3 && !whole.starts_with('0') && !sign.contains(char::is_alphabetic);
    let grouped = |(position, digit): (usize, char)| {
        let separator = if groups && position > 0 && (whole.len() - position) % 3 == 0 { "." } else { "" };
        format!("{separator}{digit}")
    };
    format!("{sign}{}{rest}", whole.chars().enumerate().map(grouped).collect::<String>())
}

fn table() -> impl Strategy<Value = String> {
    (1..60_usize, 0..8_usize).prop_flat_map(|(rows, columns)| {
        // The first column holds a number even if the others happen to hold none.
        (vec(cell(Kind::Flags), rows), vec(column(rows), columns)).prop_map(move |(first, mut columns)| {
            columns.insert(0, first);
            to_csv(rows, &columns)
        })
    })
}

fn to_csv(rows: usize, columns: &[Vec<String>]) -> String {
    let names: Vec<String> = (0..columns.len()).map(|column| format!("c{column}")).collect();
    let row = |row: usize| columns.iter().map(|column| column[row].as_str()).collect::<Vec<_>>().join(",");
    std::iter::once(names.join(",")).chain((0..rows).map(row)).map(|line| line + "\n").collect()
}

/// The kind of numbers in a column.
#[derive(Debug, Clone)]
enum Kind {
    /// Numbers of at most `digits` digits times a power of ten from `exponent` to `exponent + spread`.
    Numbers {
        digits: u32,
        exponent: i32,
        spread: i32,
    },
    Constant(String),
    Flags,
}

fn kind() -> impl Strategy<Value = Kind> {
    let everyday = (1..18_u32, -12..1_i32).prop_map(|(digits, exponent)| Kind::Numbers { digits, exponent, spread: 0 });
    // Mantissas up to 10^30, at most four powers of ten apart, with both signs: within 120 bits.
    let far = (1..31_u32, -390..360_i32, 0..5_i32).prop_map(|(digits, exponent, spread)| Kind::Numbers {
        digits,
        exponent,
        spread,
    });
    let constant = number(38, -20, 5).prop_map(Kind::Constant);
    prop_oneof![3 => everyday, 2 => far, 1 => constant, 1 => Just(Kind::Flags)]
}

fn column(rows: usize) -> impl Strategy<Value = Vec<String>> {
    let missing = prop_oneof![Just(0.0), Just(0.1), Just(0.9)];
    let token = prop_oneof![Just(""), Just("NA"), Just(" nan "), Just("null")];
    (kind(), missing, token).prop_flat_map(move |(kind, share, token)| {
        let cells = vec((cell(kind), proptest::bool::weighted(share)), rows);
        let or_token = move |(cell, missing): (String, bool)| if missing { token.to_owned() } else { cell };
        cells.prop_map(move |cells| cells.into_iter().map(or_token).collect())
    })
}

fn cell(kind: Kind) -> BoxedStrategy<String> {
    match kind {
        Kind::Numbers { digits, exponent, spread } => number(digits, exponent, spread).boxed(),
        Kind::Constant(cell) => Just(cell).boxed(),
        Kind::Flags => prop_oneof![Just("0".to_owned()), Just("1".to_owned())].boxed(),
    }
}

fn number(digits: u32, exponent: i32, spread: i32) -> impl Strategy<Value = String> {
    let sign = prop_oneof![Just(""), Just("-"), Just("+")];
    (sign, 0..10_u128.pow(digits), exponent..=exponent + spread, 0..3_u8).prop_map(
        |(sign, mantissa, exponent, notation)| {
            format!("{sign}{}", format_number(&mantissa.to_string(), exponent, notation))
        },
    )
}

/// `digits`·10^`exponent` in one of three notations.
fn format_number(digits: &str, exponent: i32, notation: u8) -> String {
    match (notation, usize::try_from(-exponent)) {
        (0, Ok(places @ 1..30)) => {
            let padded = format!("{digits:0>width$}", width = places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - places);
            format!("{whole}.{fraction}")
        }
        (1, _) => {
            let (first, rest) = digits.split_at(1);
            format!("{first}.{rest}E{}", exponent + i32::try_from(rest.len()).unwrap())
        }
        _ => format!("{digits}e{exponent}"),
    }
}
