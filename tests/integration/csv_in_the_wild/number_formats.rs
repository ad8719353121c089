//! Decimal and thousands separators: where the numbers are ambiguous, the user must choose.

use super::next_steps::Outcome::{Error, Notice, Statistics};
use super::next_steps::assert_next_step;
use super::{assert_means, assert_rejected};

#[test]
fn the_number_format_is_chosen_among_all_interpretations() {
    let cost = "id,cost\n1,\"1,234\"\n2,\"12,000\"\n";
    let message = "if it is 1.234, use --decimal-comma; if it is 1234, use --thousands ','.";
    assert_next_step(cost, "", message, "--thousands ','", &Statistics("id,2,0,1.5\ncost,2,0,6617\n"));
    assert_next_step(cost, "", message, "--decimal-comma", &Statistics("id,2,0,1.5\ncost,2,0,6.617\n"));
    assert_next_step(cost, "--columns cost", message, "--thousands ','", &Statistics("cost,2,0,6617\n"));
    let mixed = "id,cost\n1,999\n2,\"1,001\"\n";
    assert_next_step(
        mixed,
        "",
        "\"1,001\" is a number in a different format",
        "--thousands ','",
        &Statistics("id,2,0,1.5\ncost,2,0,1000\n"),
    );
    assert_next_step(
        mixed,
        "",
        "\"1,001\" is a number in a different format",
        "--exclude cost",
        &Statistics("id,2,0,1.5\n"),
    );
    let german = "id;betrag\n1;1.234,50\n2;12.000,00\n";
    assert_next_step(
        german,
        "",
        "if it is 1234.5",
        "--decimal-comma --thousands '.'",
        &Statistics("id,2,0,1.5\nbetrag,2,0,6617.25\n"),
    );
    let points = "id;betrag\n1;1.234\n2;12.000\n";
    let message = "if it is 1.234, use --decimal-point; if it is 1234, use --thousands '.'";
    assert_next_step(
        points,
        "--decimal-comma",
        message,
        "--thousands '.'",
        &Statistics("id,2,0,1.5\nbetrag,2,0,6617\n"),
    );
    for (separator, step) in
        [("'", "--thousands apostrophe"), (" ", "--thousands space"), ("\u{202F}", "--thousands space")]
    {
        let csv = format!("id,v\n1,1{separator}234\n2,12{separator}000\n");
        assert_next_step(csv, "", "if it is 1234, use", step, &Statistics("id,2,0,1.5\nv,2,0,6617\n"));
    }
    let one = "cost\n1,234\n12,000\n";
    assert_next_step(
        one,
        "",
        "but the header has one name, \"cost\"",
        "--thousands ','",
        &Statistics("cost,2,0,6617\n"),
    );
    assert_next_step(
        one,
        "",
        "but the header has one name, \"cost\"",
        "--decimal-comma",
        &Statistics("cost,2,0,6.617\n"),
    );
    let two = "Hb, g/dl\n13,2\n11,9\n";
    let message = "line 2: \"13,2\" may be one number with a comma, or two cells under the names \"Hb, g/dl\"";
    assert_next_step(two, "", message, "--decimal-comma", &Statistics("\"Hb, g/dl\",2,0,12.55\n"));
    assert_next_step(two, "", message, "--delimiter ','", &Statistics("Hb,2,0,12\ng/dl,2,0,5.5\n"));
    let bare = "37,5\n36,9\n37,2\n";
    let message = "line 1: \"37,5\" may be one number with a comma, or two cells\n";
    assert_next_step(bare, "--header absent", message, "--decimal-comma", &Statistics("column1,3,0,37.2\n"));
    assert_next_step(
        bare,
        "--header absent",
        message,
        "--delimiter ','",
        &Statistics("column1,3,0,36.666666666666664\ncolumn2,3,0,5.333333333333333\n"),
    );
    assert_next_step(bare, "", "the first row has numbers but no names", "--header absent", &Error(message));
    let temp = "temp\n36,5\n37,0\n38,5\n";
    assert_next_step(temp, "", "if it is 36.5, use", "--decimal-comma", &Statistics("temp,3,0,37.333333333333336\n"));
    let found = "id;v\n1;13,2\n2;11,9\n";
    assert_next_step(
        found,
        "",
        "numbers are read with a decimal comma, as in \"13,2\"",
        "--decimal-point",
        &Notice("if it is 13.2, use --decimal-comma"),
    );
}

/// A comma in one column makes a point before three digits in another column ambiguous, unless another point is
/// certain.
#[test]
fn points_beside_commas_are_ambiguous() {
    let betrag = "id;betrag;x\n1;1.234;1,5\n2;2.500;2,7\n";
    let message = "line 2, field 2: the point in \"1.234\" may be a decimal point or a thousands separator, \
                since line 2 has the number \"1,5\"";
    assert_next_step(betrag, "", message, "--thousands '.'", &Statistics("id,2,0,1.5\nbetrag,2,0,1867\nx,2,0,2.1\n"));
    assert_next_step(betrag, "", message, "--decimal-point", &Notice("skipped column \"x\": \"1,5\""));
    assert_next_step(betrag, "--columns betrag", message, "--decimal-point", &Statistics("betrag,2,0,1.867\n"));
    let both = "id;betrag;x\n1;1.234;1.500,5\n2;2.500;2.300,7\n";
    assert_next_step(
        both,
        "",
        "number \"1.500,5\"",
        "--thousands '.'",
        &Statistics("id,2,0,1.5\nbetrag,2,0,1867\nx,2,0,1900.6\n"),
    );
    let quoted = "id,betrag,x\n1,1.234,\"13,5\"\n2,2.500,\"12,7\"\n";
    assert_next_step(
        quoted,
        "",
        "number \"13,5\"",
        "--thousands '.'",
        &Statistics("id,2,0,1.5\nbetrag,2,0,1867\nx,2,0,13.1\n"),
    );
    let thousands = "a;b;c\n1.234;1,234;0.5\n2.345;2,345;0.25\n";
    let message = "skipped column \"b\"";
    assert_next_step(
        thousands,
        "",
        message,
        "--thousands ','",
        &Statistics("a,2,0,1.7895\nb,2,0,1789.5\nc,2,0,0.375\n"),
    );
}

#[test]
fn a_text_cell_does_not_hide_the_format_of_the_others() {
    let lab = "id;x;y\n1;1,5;3\n2;2,7;4\n3;3,8;5\n4;n/d;6\n5;4,9;7\n";
    let message = "skipped column \"x\": \"1,5\" is a number in a different format; 1 cell is not a number: \"n/d\". \
                Choose: if it is 1.5, use --decimal-comma. If \"n/d\" stands for a missing value, \
                also use --missing NA,N/A,NaN,null,n/d.";
    let both = "--decimal-comma --missing NA,N/A,NaN,null,n/d";
    let statistics = "id,5,0,3\nx,4,1,3.225\ny,5,0,5\n";
    assert_next_step(lab, "", message, "--decimal-comma", &Error("\"n/d\" is not a number, but line 2 has \"1,5\""));
    assert_next_step(
        lab,
        "--decimal-comma",
        "\"n/d\" is not a number",
        "--missing NA,N/A,NaN,null,n/d",
        &Statistics(statistics),
    );
    assert_means(lab, &both.split(' ').collect::<Vec<_>>(), statistics);
    let named = "line 2, column \"x\": \"1,5\" is a number in a different format than expected; 1 cell is not a number: \"n/d\"";
    assert_next_step(lab, "--columns x", named, "--decimal-comma", &Error("use --missing NA,N/A,NaN,null,n/d"));
    // Whole numbers are numbers in every format. The first cell may be the text.
    let whole = "id;x\n1;-\n2;7\n3;3,8\n4;5\n";
    let named =
        "line 4, column \"x\": \"3,8\" is a number in a different format than expected; 1 cell is not a number: \"-\"";
    assert_next_step(whole, "", named, "--decimal-comma", &Error("use --missing NA,N/A,NaN,null,-"));
    // Text with a number now and then is text.
    let text = "id;x\n1;a\n2;b\n3;3,8\n4;c\n";
    assert!(assert_means(text, &[], "id,4,0,2.5\n").contains("most of the cells are not numbers: \"x\""));
}

/// The evidence that points separate thousands may be rare, late, or beside dates.
#[test]
fn one_number_is_enough_to_make_points_ambiguous() {
    let ambiguous = |csv: &str, other: &str| {
        assert_rejected(
            csv,
            &[],
            &["may be a decimal point or a thousands separator", &format!("has the number {other:?}")],
        );
    };
    ambiguous("id;umsatz;stueck\n1;1.234.567;1.234\n2;2.345.678;2.500\n", "1.234.567");
    ambiguous("id;count;crp\n1;1.234;n.d.\n2;2.500;7,5\n3;3.100;n.d.\n4;1.900;<0,5\n", "7,5");
    // Dates, chapters and versions contain points, too.
    ambiguous("Datum;Preis;Einwohner\n24.12;1,5;89.123\n25.12;2,7;45.678\n26.12;3,9;12.345\n", "1,5");
    ambiguous("id;big;pop;ver\n1;3.838.003;955.215;1.2\n2;4.955.215;342.849;1.3\n", "3.838.003");
    ambiguous("id|pop|tag|umsatz\n1|566.234|7.09|578.657,60\n2|40.679|20.10|336.315,41\n", "578.657,60");
    ambiguous("id,v\n1,1.234\n2,1.234.567\n3,2.345.678\n", "1.234.567");
    let rows: String = (1..=120).map(|row| format!("{row};{}.{};\n", 1 + row % 8, 100 + row)).collect();
    ambiguous(&format!("id;betrag;x\n{rows}121;1.234;5,5\n122;2.500;6,5\n"), "5,5");
    ambiguous("pop;tag;k\n714.767;24.12;12,534\n94.268;23.12;13,122\n124.422;22.11;9,423\n", "12,534");
    ambiguous("pop,price\n714.767,\"1,99\"\n94.268,\"2,5\"\n124.422,\"3,49\"\n", "1,99");
    let rows: String = (100..220).map(|row| format!("{row},242.{row},\n")).collect();
    ambiguous(&format!("city,pop,hb\n{rows}300,526.100,\"13,1\"\n301,526.101,\"13,2\"\n"), "13,1");
    // An IP address is not a number.
    assert_means("age,hb,ip\n50,4.394,192.168.100.101\n60,3.121,192.168.100.102\n", &[], "age,2,0,55\nhb,2,0,3.7575\n");
    // Without any such number, a point is a decimal point.
    assert_means("id,v\n1,1.234\n2,2.500\n", &[], "id,2,0,1.5\nv,2,0,1.867\n");
}

#[test]
fn a_thousands_separator_does_not_rule_out_a_decimal_comma() {
    let swiss = "p-value\tcrp\n4,5\t6'146'762\n17,7\t9'944'108\n5,6\t745\n";
    let message = "\"6'146'762\" is a number in a different format than expected";
    let statistics = Statistics("p-value,3,0,9.266666666666667\ncrp,3,0,5363871.666666667\n");
    assert_next_step(swiss, "", message, "--thousands apostrophe", &statistics);
    assert_next_step(swiss, "--decimal-comma", message, "--thousands apostrophe", &statistics);
    let mixed = swiss.replace("17,7", "17").replace("p-value", "x");
    let statistics = Statistics("x,3,0,9.033333333333333\ncrp,3,0,5363871.666666667\n");
    let message = "\"4,5\" is a number in a different format than expected";
    assert_next_step(mixed, "--thousands apostrophe", message, "--decimal-comma", &statistics);
    let french = "id;a;b\n1;1 234;12,5\n2;2 345;13,7\n";
    assert_next_step(
        french,
        "",
        "\"1 234\"",
        "--thousands space",
        &Statistics("id,2,0,1.5\na,2,0,1789.5\nb,2,0,13.1\n"),
    );
}

#[test]
fn a_unit_after_a_comma_in_a_name_is_ambiguous() {
    let message = "may be one number with a comma, or two cells under the names";
    for (csv, one, two) in [
        ("Hb,g/dl\n13,2\n11,9\n", "\"Hb,g/dl\",2,0,12.55\n", "Hb,2,0,12\ng/dl,2,0,5.5\n"),
        ("Dosis, mg\n1,5\n2,5\n3,5\n", "\"Dosis, mg\",3,0,2.5\n", "Dosis,3,0,2\nmg,3,0,5\n"),
    ] {
        assert_next_step(csv, "", message, "--decimal-comma", &Statistics(one));
        assert_next_step(csv, "", message, "--delimiter ','", &Statistics(two));
    }
    let short = "ID, g/dl\n2.2\n1.7\n";
    assert_next_step(
        short,
        "",
        "line 2: 1 field, but the header has 2",
        "--delimiter ';'",
        &Statistics("\"ID, g/dl\",2,0,1.95\n"),
    );
    assert_means("a,b\n13,2\n11,9\n", &[], "a,2,0,12\nb,2,0,5.5\n");
}

#[test]
fn one_column_with_decimal_commas_may_contain_a_word() {
    let temp = "temp\n36,5\n37,0\n38,5\n36,9\nn.d.\n37,1\n";
    assert_next_step(
        temp,
        "",
        "but the header has one name, \"temp\"",
        "--decimal-comma",
        &Error("use --missing NA,N/A,NaN,null,n.d."),
    );
    let options = ["--decimal-comma", "--missing", "n.d."];
    assert_means(temp, &options, "temp,5,1,37.2\n");
    let rows: String = (1..=101).map(|row| format!("{}\n", 30 + row % 9)).collect();
    let late = format!("temp\n{rows}36,5\n37,5\n");
    let statistics = Statistics("temp,103,0,34.00970873786408\n");
    assert_next_step(late, "", "line 103: 2 fields, but the header has 1", "--decimal-comma", &statistics);
    // A line with half as many fields as the rows is not a title above a header.
    assert_rejected(
        "Zeit [s],v [m/s]\n0,5,1,25\n1,0,2,5\n",
        &[],
        &["line 2: 4 fields, but the header has 2", "must be in quotation marks"],
    );
}

/// Spaces, colons and others are rare delimiters, but commas in numbers must not win over them.
#[test]
fn rare_delimiters_of_numbers_with_commas_are_suggested() {
    let statistics = Statistics("id,2,0,1.5\n\"Hb,g/dl\",2,0,12.55\n");
    let spaced = "id Hb,g/dl\n1 13,2\n2 11,9\n";
    let message = "line 2: ambiguous delimiter in \"1 13,2\": spaces (with commas in the numbers)";
    assert_next_step(spaced, "", message, "--delimiter space", &statistics);
    assert_next_step(
        spaced,
        "",
        message,
        "--delimiter ','",
        &Notice("skipped because most of the cells are not numbers: \"id Hb\""),
    );
    assert_next_step(spaced.replace(' ', ":"), "", "':' (with commas in the numbers)", "--delimiter ':'", &statistics);
    let aligned = " id   Hb,g/dl\n  1      13,2\n  2      11,9\n";
    assert_next_step(
        aligned,
        "",
        "spaces (with commas in the numbers)",
        "sed 's/^ *//; s/ *$//; s/  */;/g' old.csv > new.csv",
        &statistics,
    );
    let one = "id Hb\n1 13,2\n2 12\n3 11,9\n4 12,8\n5 14,1\n6 13,3\n";
    assert_next_step(
        one,
        "",
        "spaces (with commas in the numbers)",
        "--delimiter space",
        &Statistics("id,6,0,3.5\nHb,6,0,12.883333333333333\n"),
    );
    assert_means("First Name,Age\nAnna Maria,50\nBert Otto,61\n", &[], "Age,2,0,55.5\n");
    assert_means("a, b\n1, 2\n3, 4\n", &[], "a,2,0,2\nb,2,0,3\n");
}

/// One column that proves the decimal comma proves it for the others.
#[test]
fn a_certain_decimal_comma_applies_to_all_columns() {
    let density = "id;Hb;Dichte\n1;13,2;1,015\n2;11,9;1,020\n3;14,0;1,025\n";
    assert_means(density, &[], "id,3,0,2\nHb,3,0,13.033333333333333\nDichte,3,0,1.02\n");
    let creatinine = "id;hb;krea\n1;13,25;6,298\n2;120,75;7,111\n3;14,5;5,432\n";
    assert_means(creatinine, &[], "id,3,0,2\nhb,3,0,49.5\nkrea,3,0,6.280333333333333\n");
    let trimmed = "id;hb;note\n1;13,2;1,25\n2;12,8;1\n3;14,1;2,75\n";
    assert_means(trimmed, &[], "id,3,0,2\nhb,3,0,13.366666666666667\nnote,3,0,1.6666666666666667\n");
    let dates = "datum;hb;count\n01.02;13,2;1.234\n03.02;11,9;2.500\n";
    let notices = assert_means(dates, &[], "hb,2,0,12.55\n");
    assert!(notices.contains("if it is 1.234, use --decimal-point; if it is 1234, use --thousands '.'"), "{notices}");
}

/// Where commas separate the cells, quoted cells with commas are lists and remarks.
#[test]
fn lists_of_codes_do_not_make_points_ambiguous() {
    assert_means("id,codes,w\n1,\"1,2\",1.234\n2,\"2,3\",4.567\n", &[], "id,2,0,1.5\nw,2,0,2.9005\n");
    let rows: String = (1..=120).map(|row| format!("{row},ok,{row}.125\n")).collect();
    let late = format!("id,note,w\n{rows}121,\"1,2\",2.125\n");
    assert_means(late, &[], "id,121,0,61\nw,121,0,60.14152892561984\n");
    let notes = "id;note;w\n1;1,2;1.234\n2;ok;4.567\n3;fine;2.345\n4;ok;1.125\n5;ok;1.125\n6;ok;1.125\n";
    assert_means(notes, &[], "id,6,0,3.5\nw,6,0,1.9201666666666666\n");
}
