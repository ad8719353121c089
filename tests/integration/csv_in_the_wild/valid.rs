//! Files that are read without options or with a few.

use super::{HEADER, TWO_COLUMNS, assert_statistics};
use crate::sandbox::{Sandbox, path};

#[test]
fn one_table_in_many_spellings() {
    for csv in [
        "a,b\n1,2\n3,4\n",
        "a,b\n1,2\n3,4",
        "\u{FEFF}a,b\n1,2\n3,4\n",
        "\u{FEFF}\"a\",\"b\"\r\n\"1\",\"2\"\r\n\"3\",\"4\"\r\n",
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\r1,2\r3,4\r",
        "a,b\r1,2\r3,4",
        "a;b\n1;2\n3;4\n",
        "a\tb\n1\t2\n3\t4\n",
        "a|b\n1|2\n3|4\n",
        "a , b\n 1, 2 \n3 , 4\n",
        "a, \"b\"\n1, \"2\"\n\"3\" ,\"4\" \n",
        "\n\r\n\na,b\n\n1,2\n\n\n3,4\n\n\n",
        "  \n\t\na,b\n \n1,2\n  \t \n3,4\n ",
        "a,b\n+1,2e0\n0.3E+1,40e-1\n",
        "a,b\n1.000,02\n3.,4.0\n",
        "a,b\n1,2\n3.0000000000000000000000000000000000000000000000,4\n",
        "a,b,text\n1,2,\"x, \"\"y\"\"\nz\"\n3,4,\"\"\n",
        "text;a;b\n\"1;2\r\n3\";1;2\nplain;3;4\n",
        "5\" pipe,a,b\n6\" long,1,2\n7\" long,3,4\n",
        "a,nothing,b\n1,,2\n3,NA,4\n",
    ] {
        assert_statistics(csv, &[], TWO_COLUMNS);
    }
}

#[test]
fn one_table_with_options() {
    for (csv, options) in [
        ("1,2\n3,4\n", &["--header", "absent", "--exclude", "column2"][..]),
        ("1#2\n3#4\n", &["--header", "absent", "--delimiter", "#", "--columns", "column1"]),
    ] {
        assert_statistics(csv, options, "column1,2,0,4,2,2,1.4142135623730951\n");
    }
    assert_statistics("a,x;b\n1;2\n3;4\n", &["--delimiter", ";"], &TWO_COLUMNS.replacen("a,", "\"a,x\",", 1));
    assert_statistics("a,\"\"\"q\"\"\",b\n1,9,2\n3,9,4\n", &["--exclude", "\"\"\"q\"\"\""], TWO_COLUMNS);
    assert_statistics("a;b;t,u\n1,0;2\t;x\n3;4,00;y\n", &["--decimal-comma"], TWO_COLUMNS);
    assert_statistics("a\tb\n1\t2\n3\t4\n", &["--delimiter", "tab"], TWO_COLUMNS);
    assert_statistics("c,a,b\n9,1,2\n8,3,4\n", &["--columns", "b,a"], TWO_COLUMNS);
    assert_statistics("c,a,b\n9,1,2\n8,3,4\n", &["--exclude", "c"], TWO_COLUMNS);
    assert_statistics(
        "10,20\n1,2\n3,4\n",
        &["--header", "present"],
        &TWO_COLUMNS.replace("a,", "10,").replace("b,", "20,"),
    );
}

#[test]
fn missing_values_in_all_spellings() {
    let tokens = "a,b\nNA,1\nna,1\nN/A,1\nn/a,1\nNaN,1\nnan,1\nNAN,1\nnull,1\nNULL,1\n,1\n  ,1\n\"\",1\n\" \",1\n7,1\n";
    assert_statistics(tokens, &[], "a,1,13,7,7,,\nb,14,0,14,1,0,0\n");
    assert_statistics(
        "a,b\n-9,2\n1,.\n3,4\n,-9\n",
        &["--missing", "-9,."],
        "a,2,2,4,2,2,1.4142135623730951\nb,2,2,6,3,2,1.4142135623730951\n",
    );
    assert_statistics(
        "a,b\n1,2\n\"n, a\",4\n",
        &["--missing", "\"n, a\""],
        "a,1,1,1,1,,\nb,2,0,6,3,2,1.4142135623730951\n",
    );
    assert_statistics("a,b\n0,2\nNA,4\n", &[], "a,1,1,0,0,,\nb,2,0,6,3,2,1.4142135623730951\n");
}

#[test]
fn numbers_of_many_digits_and_powers() {
    for (cells, statistics) in [
        // Means and variances by hand, in exact decimals, rounded to the nearest double by Python's decimal module.
        (
            "0.1234567890123456 0.1234567890123457",
            "2,0,0.2469135780246913,0.12345678901234565,5e-33,7.071067811865476e-17",
        ),
        (
            "12345678901234567890123456789012345678 12345678901234567890123456789012345679",
            "2,0,24691357802469135780246913578024691357,1.2345678901234568e37,0.5,0.7071067811865476",
        ),
        (
            "0.00000000000000000000000000000000000001 0.00000000000000000000000000000000000003",
            "2,0,0.00000000000000000000000000000000000004,2e-38,2e-76,1.414213562373095e-38",
        ),
        ("-1 -3", "2,0,-4,-2,2,1.4142135623730951"),
        ("-1 1", "2,0,0,0,2,1.4142135623730951"),
        ("-0 0.0 -0e9", "3,0,0,0,0,0"),
        ("5 5 5", "3,0,15,5,0,0"),
        ("-0.25", "1,0,-0.25,-0.25,,"),
        ("0.1 0.2", "2,0,0.3,0.15,0.005,0.07071067811865475"),
        ("+1 -1.5e0 +2.E1 .5", "4,0,20,5,101.16666666666667,10.058164179743073"),
        ("1000000000000000000000 1000000000000000000001", "2,0,2000000000000000000001,1e21,0.5,0.7071067811865476"),
        ("1e35 0", "2,0,100000000000000000000000000000000000,5e34,5e69,7.071067811865475e34"),
    ] {
        assert_statistics(format!("x\n{}\n", cells.replace(' ', "\n")), &[], &format!("x,{statistics}\n"));
    }
}

#[test]
fn powers_of_ten_up_to_the_limits() {
    let zeros = |count| "0".repeat(count);
    assert_statistics("x\n1e300\n1e300\n", &[], &format!("x,2,0,2{},1e300,0,0\n", zeros(300)));
    assert_statistics("x\n1e-300\n", &[], &format!("x,1,0,0.{}1,1e-300,,\n", zeros(299)));
    assert_statistics("x\n4e-400\n", &[], &format!("x,1,0,0.{}4,0,,\n", zeros(399)));
    assert_statistics("x\n-1e400\n", &[], &format!("x,1,0,-1{},-inf,,\n", zeros(400)));
    // The sum exceeds the range of a double, the mean does not.
    assert_statistics("x\n1.5e308\n1.5e308\n", &[], &format!("x,2,0,3{},1.5e308,0,0\n", zeros(308)));
    // The smallest double, and what is nearer to it than to zero.
    assert_statistics("x\n3e-324\n", &[], &format!("x,1,0,0.{}3,5e-324,,\n", zeros(323)));
}

#[test]
fn names_of_all_kinds_are_kept() {
    for (written, result) in [
        ("\"a,b\"", "\"a,b\""),
        ("\"say \"\"a\"\" now\"", "\"say \"\"a\"\" now\""),
        ("\"two\nlines\"", "two\\u{a}lines"),
        ("\"two\r\nlines\"", "two\\u{a}lines"),
        ("Größe", "Größe"),
        ("\"a\tb\"", "a\\u{9}b"),
        ("\u{1b}[31mred", "\\u{1b}[31mred"),
        ("-9", "'-9"),
        ("NA", "NA"),
        ("", ""),
        ("=1+1", "'=1+1"),
    ] {
        assert_statistics(format!("{written},b\n1,2\n3,4\n"), &[], &TWO_COLUMNS.replacen('a', result, 1));
    }
}

#[test]
fn columns_with_awkward_names_can_be_chosen() {
    let csv = "\"a,b\",\"q\"\"q\",\"two\nlines\",, plain\n1,2,3,4,5\n";
    for (chosen, row) in [
        ("\"a,b\"", "\"a,b\",1,0,1,1,,\n"),
        ("q\"q", "\"q\"\"q\",1,0,2,2,,\n"),
        ("two\nlines", "two\\u{a}lines,1,0,3,3,,\n"),
        ("", ",1,0,4,4,,\n"),
        ("plain", "plain,1,0,5,5,,\n"),
    ] {
        assert_statistics(csv, &["--columns", chosen], row);
    }
}

#[test]
fn a_wide_table_and_a_long_one() {
    let wide: Vec<String> = (0..300).map(|column| format!("c{column}")).collect();
    let values: Vec<String> = (0..300).map(|column| (column * column).to_string()).collect();
    let row = |column: u32| format!("c{column},2,0,{0},{1},0,0\n", 2 * column * column, column * column);
    let rows: Vec<String> = (0..300).map(row).collect();
    assert_statistics(format!("{0}\n{1}\n{1}\n", wide.join(","), values.join(",")), &[], &rows.concat());
    let long: Vec<String> = (1..=20_000).map(|row: u32| row.to_string()).collect();
    // n(n+1)/2, (n+1)/2 and n(n+1)/12.
    assert_statistics(
        format!("n\n{}\n", long.join("\n")),
        &[],
        "n,20000,0,200010000,10000.5,33335000,5773.647027659381\n",
    );
}

#[test]
fn columns_without_a_number_are_skipped_with_a_notice() {
    for (csv, notice) in [
        (
            "a,t\n1,x\n3,y\n",
            "note: skipped because most of the cells are not numbers: \"t\" (all 2 cells, the first: \"x\")",
        ),
        ("a,t\n1,\n3,NA\n", "note: skipped because all cells are blank: \"t\""),
        (
            "a,t\n1,\"1,5\"\n3,\"2,5\"\n",
            "\"1,5\" is a number in a different format. Choose: if it is 1.5, use --decimal-comma.",
        ),
    ] {
        let sandbox = Sandbox::new();
        let input = sandbox.write("data.csv", csv);
        sandbox.run(["run", "--output", "out.csv", "--input", path(&input)]).expect_code(0).says(&[notice]);
        assert_eq!(sandbox.read("out.csv"), format!("{HEADER}a,2,0,4,2,2,1.4142135623730951\n"), "{csv:?}");
    }
}

#[test]
fn a_different_table_is_detected_in_the_comparison() {
    let sandbox = Sandbox::new();
    let (input, other) = (sandbox.write("data.csv", "a\n1\n3\n"), sandbox.write("other.csv", "x\n1\n"));
    sandbox.init(&input);
    sandbox.compute();
    let words = ["has no column \"a\", so it is not the table that was encrypted"];
    sandbox.run(["result", "--output", "out.csv", "--check", path(&other)]).expect_code(3).says(&words);
    assert_eq!(sandbox.read("out.csv"), format!("{HEADER}a,2,0,4,2,2,1.4142135623730951\n"));
}
