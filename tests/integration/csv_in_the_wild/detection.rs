//! What is detected: delimiter, decimal separator, row layout, encoding, and which columns contain numbers.

use super::{assert_means, assert_rejected};
use crate::sandbox::{Sandbox, path};

/// The statistics of `age` (50, 61) and `sbp` (120, 140).
const AGE_SBP: &str = "age,2,0,55.5\nsbp,2,0,130\n";

#[test]
fn the_delimiter_fits_all_rows() {
    let lab = "Fallnr;Hb, g/dl;Leuko, Gpt/l\n1;13,2;7,1\n2;11,9;5,4\n3;14,0;6,6\n";
    let statistics = "Fallnr,3,0,2\n\"Hb, g/dl\",3,0,13.033333333333333\n\"Leuko, Gpt/l\",3,0,6.366666666666666\n";
    let notices = assert_means(lab, &[], statistics);
    assert!(notices.contains("numbers are read with a decimal comma, as in \"13,2\""), "{notices}");
    assert_means(lab, &["--decimal-comma"], statistics);
    assert_means(lab.replace(';', "\t"), &[], statistics);
    assert_means(lab.replace(';', "|"), &["--decimal-comma"], statistics);
    assert_means(
        "Hb, g/dl;Leuko, Gpt/l\n13,2;7,1\n11,9;5,4\n",
        &[],
        "\"Hb, g/dl\",2,0,12.55\n\"Leuko, Gpt/l\",2,0,6.25\n",
    );
    assert_means("a, b, c;x\n1;2\n3;4\n", &[], "\"a, b, c\",2,0,2\nx,2,0,3\n");
    assert_means("a|b,x;y,z\n1|2\n3|4\n", &[], "a,2,0,2\n\"b,x;y,z\",2,0,3\n");
    assert_means("name,note\nA;B,1\nC;D,3\n", &[], "note,2,0,2\n");
    assert_means("a,b\n1,\"x;y;z\"\n3,\"u;v\"\n", &[], "a,2,0,2\n");
    assert_means("temp\n36,5\n37,0\n38,5\n", &["--decimal-comma"], "temp,3,0,37.333333333333336\n");
    assert_means("temp\n36,5\n37\nNA\n", &["--decimal-comma"], "temp,2,1,36.75\n");
    assert_means("a,b\n1,\"2,5\"\n3,\"4,5\"\n", &["--decimal-comma"], "a,2,0,2\nb,2,0,3.5\n");
    assert_means("sep=;\nage;sbp\n50;120\n61;140\n", &[], AGE_SBP);
    assert_means("\u{FEFF}\"sep=|\"\r\nage|sbp\r\n50|120\r\n61|140\r\n", &[], AGE_SBP);
    assert_means("sep=;\nage,x;sbp\n50;120\n61;140\n", &[], "\"age,x\",2,0,55.5\nsbp,2,0,130\n");
    assert_means("h 5\"\tw\n1\t2\n3\t4\n", &[], "\"h 5\"\"\",2,0,2\nw,2,0,3\n");
}

/// A comma that occurs only in numbers is not a delimiter, however few columns of numbers there are.
#[test]
fn a_delimiter_in_text_wins_over_a_comma_in_numbers() {
    for (csv, options, statistics) in [
        ("Name;Ort;Gewicht, kg\nAnna;Ulm;80,5\nBert;Köln;71,2\n", &[][..], "\"Gewicht, kg\",2,0,75.85\n"),
        ("Hb, g/dl;Ort;Arzt\n13,2;Ulm;Müller\n11,9;Köln;Maier\n", &[], "\"Hb, g/dl\",2,0,12.55\n"),
        (
            "Name;Vorname;PLZ;Hb, g/dl\nMeier;Anna;D-89073;13,2\nHuber;Bert;D-80331;11,9\n",
            &[],
            "\"Hb, g/dl\",2,0,12.55\n",
        ),
        (
            "name\tcity\tIncome, USD\nAnna\tUlm\t52,000\nBert\tBonn\t61,500\n",
            &["--thousands", ","],
            "\"Income, USD\",2,0,56750\n",
        ),
        ("Anna;Ulm;13,2\nBert;Bonn;11,9\nCleo;Ulm;12,5\n", &["--header", "absent"], "column3,3,0,12.533333333333333\n"),
    ] {
        assert_means(csv, options, statistics);
    }
    let income = "name\tcity\tIncome, USD\nAnna\tUlm\t52,000\nBert\tBonn\t61,500\n";
    assert_rejected(income, &[], &["52,000", "--decimal-comma", "--thousands ','"]);
}

/// An option for the number format does not mean that the header is one name.
#[test]
fn commas_separate_the_names_of_a_header_whatever_the_number_format() {
    let plain = "a,b\n1,2\n3,4\n";
    assert_means(plain, &["--decimal-comma"], "a,2,0,2\nb,2,0,3\n");
    assert_means("id,name,b\n1,x,2\n2,y,4\n", &["--decimal-comma"], "id,2,0,1.5\nb,2,0,3\n");
    assert_means("sbp,dbp\n120,080\n130,085\n", &["--thousands", ","], "sbp,2,0,125\ndbp,2,0,82.5\n");
    let late = format!("a,b\n{}7,\"1,5\"\n", (0..150).map(|i| format!("{i},{}\n", 2 * i)).collect::<String>());
    assert_means(&late, &["--decimal-comma"], "a,151,0,74.05298013245033\nb,151,0,148.02317880794703\n");
    assert_means(
        "pop,area\n1.234.567,2\n3.456.789,4\n",
        &["--decimal-comma", "--thousands", "."],
        "pop,2,0,2345678\narea,2,0,3\n",
    );
    assert_means("Income, USD\n52,000\n61,500\n", &["--thousands", ","], "\"Income, USD\",2,0,56750\n");
    assert_means("id, value\n1,234\n2,345\n3,456\n", &[], "id,3,0,2\nvalue,3,0,345\n");
}

#[test]
fn a_trailing_delimiter_is_not_a_row_name() {
    assert_means("id;sbp\n1;120;\n2;130;\n3;140;\n", &[], "id,3,0,2\nsbp,3,0,130\n");
    assert_means("name\tsbp\nAnna\t120\t\nBert\t130\t\n", &[], "sbp,2,0,125\n");
    assert_means("x\n1\t\n2\t\n3\t\n", &[], "x,3,0,2\n");
}

#[test]
fn a_ragged_row_does_not_change_the_delimiter() {
    let lab = "Fallnr;Hb, g/dl;Leuko, Gpt/l\n1;13,2;7,1\n2;11,9;5,4\n3;14,0;x;6,6\n4;13,0;6,0\n";
    assert_rejected(lab, &[], &["line 4: 4 fields, but the header has 3 (first cell \"3\")"]);
    let long = "name;Hb;Leuko\nAnna;13,2;6,4\nBert;11,9;7,1\nCleo;12,5;5,8;\nDora;14,1;6,6\n";
    assert_rejected(long, &[], &["line 4: 4 fields, but the header has 3 (first cell \"Cleo\")"]);
    let short = "name;Hb;Leuko;note\nAnna;13,2;6,4\nBert;11,9;7,1\nCleo;12,5;5,8\n";
    assert_rejected(short, &[], &["line 2: 3 fields, but the header has 4", "--fill-short-rows"]);
    assert_means(short, &["--fill-short-rows"], "Hb,3,0,12.533333333333333\nLeuko,3,0,6.433333333333334\n");
}

#[test]
fn lists_of_codes_and_thousands_are_not_decimal_commas() {
    for (cells, words) in [
        ("1;7\n1,2;8\n3;9", "\"1,2\" is a number in a different format"),
        ("1,2;7\n2,3;8\n3,4;9", "\"1,2\" is a number in a different format"),
        ("1,234;7\n12,000;8", "if it is 1234, use --thousands ','"),
        ("3,2;80\n5,1;70\n4;60\n6,2;50", "\"3,2\" is a number in a different format"),
        ("1,234;\"3,2\"\n12,500;\"2,1\"\n999;\"5,4\"", "if it is 1234, use --thousands ','"),
        ("12,000;52,13\n8,500;48,11\n999;50,10", "if it is 12000, use --thousands ','"),
    ] {
        let sandbox = Sandbox::new();
        let input = sandbox.write("data.csv", format!("codes;x\n{cells}\n"));
        let ended = sandbox.run(["run", "--input", path(&input)]);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
        assert!(
            !sandbox.file("decrypted_results.csv").exists() || !sandbox.read("decrypted_results.csv").contains("codes")
        );
    }
    // The point is not a thousands separator: the file has both decimal separators.
    assert_means("a;b;c\n1,5;0.5;1\n2,7;0.75;2\n", &[], "b,2,0,0.625\nc,2,0,1.5\n");
}

#[test]
fn missing_value_codes_are_trimmed_and_compared_as_numbers() {
    let crp = "id,crp\n1,-99\n2,3.1\n3,NA\n";
    assert_means(crp, &["--missing", "NA, -99"], "id,3,0,2\ncrp,1,2,3.1\n");
    assert_means(crp, &["--missing", " NA ", "--missing", "-99.00"], "id,3,0,2\ncrp,1,2,3.1\n");
    let lab = "ward,lab\na,-99\nb,-99\nc,-99.0\nd,7.5\n";
    let notices = assert_means(lab, &["--missing", "-99"], "lab,1,3,7.5\n");
    assert!(!notices.contains("no cell matches"), "{notices}");
    assert_means(lab, &["--missing", "-9.9e1"], "lab,1,3,7.5\n");
    let notices = assert_means(lab, &["--missing", "-99,-999,NA"], "lab,1,3,7.5\n");
    assert!(notices.contains("no cell matches the missing-value code \"-999\"\n"), "{notices}");
    assert_means("a;b\n-99,0;1,5\n2,5;3,5\n", &["--missing", "-99", "--decimal-comma"], "a,1,1,2.5\nb,2,0,2.5\n");
    assert_means(
        "a,b\n\"-9,999\",1\n\"1,000\",2\n",
        &["--missing", "-9999", "--thousands", ","],
        "a,1,1,1000\nb,2,0,1.5\n",
    );
    assert_means("a,b\n\u{2212}99,1\n5,2\n", &["--missing", "-99"], "a,1,1,5\nb,2,0,1.5\n");
}

#[test]
fn thousands_separators_separate_groups_of_three_digits() {
    for (csv, options) in [
        ("v,x\n\"1,234\",1\n\"12,000\",3\n", &["--thousands", ","][..]),
        ("v;x\n1.234;1\n12.000;3\n", &["--thousands", "."]),
        ("v;x\n1 234;1\n12\u{A0}000;3\n", &["--thousands", "space"]),
        ("v;x\n1'234;1\n12\u{2019}000;3\n", &["--thousands", "'"]),
    ] {
        assert_means(csv, options, "v,2,0,6617\nx,2,0,2\n");
    }
    let words = ["\"12,34\" is not a number", "Write all numbers of a column in one format"];
    assert_rejected("v,x\n\"12,34\",1\n\"1,000\",2\n", &["--thousands", ","], &words);
    let sandbox = Sandbox::new();
    let input = sandbox.write("data.csv", "v\n1\n");
    for options in [["--decimal-comma", "--thousands", ","], ["--decimal-point", "--decimal-comma", "--quiet"]] {
        sandbox.run(["run", "--input", path(&input)].iter().chain(&options)).expect_code(2);
    }
}

#[test]
fn columns_without_a_name_are_ignored_or_named_by_position() {
    assert_means("age,sbp,,\n50,120,,\n61,140,,\n", &[], AGE_SBP);
    assert_means("age;sbp;;\n50;120\n61;140;;\n", &[], AGE_SBP);
    assert_means("age,sbp,\n50,120\n61,140\n", &[], AGE_SBP);
    assert_means(",,\nage,sbp,\n50,120,\n61,140,\n", &[], AGE_SBP);
    let notices =
        assert_means("age,sbp,,\n50,120,7,\n61,140,,9\n", &[], &format!("{AGE_SBP}column3,1,1,7\ncolumn4,1,1,9\n"));
    assert!(notices.contains("columns without a name are named by position: \"column3\", \"column4\""), "{notices}");
    assert_means("\n\ncolumn2,,\n1,2,3\n", &[], "column2,1,0,1\ncolumn2_2,1,0,2\ncolumn3,1,0,3\n");
    assert_means(
        ",,column1,column1_2\n1,2,3,4\n4,5,6,7\n",
        &[],
        "column1_3,2,0,2.5\ncolumn2,2,0,3.5\ncolumn1,2,0,4.5\ncolumn1_2,2,0,5.5\n",
    );
    assert_means(",age,sbp\n0,50,120\n1,61,140\n", &[], &format!(",2,0,0.5\n{AGE_SBP}"));
}

#[test]
fn a_header_with_one_name_too_few_means_row_names_or_trailing_delimiters() {
    for csv in [
        "\"age\"\t\"sbp\"\n\"1\"\t50\t120\n\"2\"\t61\t140\n",
        "age\tsbp\n1\t50\t120\n2\t61\t140\n",
        "age;sbp\nanna;50;120\nbert;61;140\n",
        "\"age\",\"sbp\"\n\"a\",50,120\n\"b\",61,140\n",
    ] {
        let notices = assert_means(csv, &[], AGE_SBP);
        assert!(
            notices.contains("the header has one name too few: the first cell of each row is read as the row name")
        );
    }
    // A delimiter at the end of each row.
    assert_means("age,sbp\n50,120,\n61,140,\n", &[], AGE_SBP);
    assert_means("age\tsbp\n50\t120\t\n61\t140\t\n", &[], AGE_SBP);
    // An unquoted decimal comma, or a forgotten name: it is ambiguous.
    for csv in ["id,temp\n1,36,5\n2,37,0\n", "name,temp\nanna,36,5\nbert,37,0\n", "id;temp\n7;50;120\n9;61;140\n"] {
        assert_rejected(
            csv,
            &[],
            &["line 2: 3 fields, but the header has 2", "each cell needs a name in the header, also a row name"],
        );
    }
}

#[test]
fn signs_and_spaces_beyond_ascii_are_understood() {
    assert_means("id,base\n1,\u{2212}2.5\n2,1.5\n", &[], "id,2,0,1.5\nbase,2,0,-0.5\n");
    assert_means("v\n\u{2013}2.5\n\u{FF0D}1e\u{2212}1\n", &[], "v,2,0,-1.3\n");
    assert_means("id,v\n1,\u{A0}5\n2,\u{A0}7\n", &[], "id,2,0,1.5\nv,2,0,6\n");
    assert_means("\u{A0}id,v\n1,5\u{202F}\n2,\u{2007}7 \n3,\u{A0}\n", &[], "id,3,0,2\nv,2,1,6\n");
}

#[test]
fn utf_16_is_converted() {
    let text = "\u{FEFF}age\tsbp\tGröße 😀\n50\t120\tx\n61\t140\ty\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [&little[..], &big, &little[2..], &big[2..]] {
        assert_means(bytes, &[], AGE_SBP);
    }
    // Without a byte order mark and without Latin letters.
    for text in ["возраст,давление,пол\n50,120,м\n61,140,ж\n", "年齢;血圧;一\r\n50;120;男\r\n61;140;女\r\n"]
    {
        let names: Vec<&str> = text.split([',', ';', '\r', '\n']).take(2).collect();
        let statistics = format!("{},2,0,55.5\n{},2,0,130\n", names[0], names[1]);
        assert_means(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(), &[], &statistics);
        assert_means(text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>(), &[], &statistics);
    }
    assert_rejected(&little[..little.len() - 1], &[], &["cannot read", "malformed UTF-16"]);
    // Longer than any buffer.
    let rows: String = (0..60_000).map(|row| format!("{row},ü{row}\n")).collect();
    let long: Vec<u8> = format!("n,t\n{rows}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_means(long, &[], "n,60000,0,29999.5\n");
}

#[test]
fn lines_are_skipped_by_count_and_by_comment_character() {
    assert_means("x\n\"y\nage,sbp\n50,120\n61,140\n", &["--skip-lines", "2"], AGE_SBP);
    assert_means("#a\nage,sbp\n#\"b\n50,120\n\n# c,d\n61,140\n#", &["--comment", "#"], AGE_SBP);
    assert_means("sep=;\nx\nage;sbp\n50;120\n61;140\n", &["--skip-lines", "2"], AGE_SBP);
    for lines in ["9", "1000000000000", "18446744073709551615"] {
        assert_rejected("a,b\n1,2\n", &["--skip-lines", lines], &["the file is empty"]);
    }
    let comments = "# x; y\n\n".repeat(700_000);
    assert_means(format!("{comments}age;sbp\n{comments}50;120\n61;140\n"), &["--comment", "#"], AGE_SBP);
    assert_rejected("x\ny\na,b\n1,2\n3\n", &["--skip-lines", "2"], &["line 5: 1 field, but the header has 2"]);
    assert_rejected("# x\na,b\n1,2\n# y\n3\n", &["--comment", "#"], &["line 5: 1 field, but the header has 2"]);
}

#[test]
fn columns_of_text_or_of_numbers_out_of_range_do_not_stop_a_run() {
    let votes = "title,genre,votes\nSplit,x,5\nPassengers,y,6\n300,z,7\n";
    let notices = assert_means(votes, &[], "votes,3,0,6\n");
    let left = "skipped because most of the cells are not numbers: \"title\" (2 of 3 cells, the first: \"Split\"), \"genre\" (all 3 cells, the first: \"x\")\n";
    assert!(notices.contains(left), "{notices}");
    let named =
        ["line 2, column \"title\": \"Split\" is not a number, but line 4 has \"300\" (2 of 3 cells are not numbers)"];
    assert_rejected(votes, &["--columns", "title,votes"], &named);
    let p = "snp,p,n\na,1.2e-45,1\nb,0.03,2\nc,0.9,3\n";
    let notices = assert_means(p, &[], "n,3,0,2\n");
    assert!(
        notices.contains(
            "skipped: line 3, column \"p\": 0.03 needs more than 120 bits at the precision of 1.2e-45 (line 2)"
        ),
        "{notices}"
    );
    let digits = format!("id,v\n{},1\n2,3\n", "1".repeat(39));
    let notices = assert_means(&digits, &[], "v,2,0,2\n");
    assert!(notices.contains("skipped: line 2, column \"id\": \"1111"), "{notices}");
    let words = ["line 2, column \"sample\": \"11F3\" is not a number, but line 3 has \"10E2\""];
    assert_rejected("sample,v\n11F3,2\n10E2,1\n", &[], &words);
}

#[test]
fn notices_list_the_first_of_many_columns() {
    let names: Vec<String> = (0..300).map(|column| format!("c{column}")).collect();
    let table = |cell: &str| {
        let row = vec![cell; names.len()].join(";");
        format!("x;{}\n1;{row}\n3;{row}\n", names.join(";"))
    };
    let left = "\"c0\", \"c1\", \"c2\", \"c3\", \"c4\", \"c5\", \"c6\", \"c7\", \"c8\", \"c9\" and 290 more";
    let form = format!(
        "skipped columns {left}: \"1,5\" is a number in a different format. Choose: if it is 1.5, use --decimal-comma."
    );
    let range = "290 more columns whose numbers do not fit 120 bits exactly";
    for (cell, words, notes) in
        [("1,5", form.as_str(), 1), ("1e999", range, 11), ("", left, 1), ("x", " and 290 more", 1)]
    {
        let notices = assert_means(table(cell), &[], "x,2,0,2\n");
        assert!(notices.contains(words), "{notices}");
        assert_eq!(notices.matches("skipped").count(), notes, "{notices}");
    }
    let (odd, rows) = (vec!["?"; 300].join(";"), vec!["7"; 300].join(";"));
    let mixed = format!("x;{}\n1;{rows}\n2;{odd}\n3;{rows}\n", names.join(";"));
    let words =
        ["\"c10\" and 289 more\n", "--missing 'NA,N/A,NaN,null,?'; or leave these 300 columns out with --exclude.\n"];
    assert_rejected(&mixed, &[], &words);
    assert_rejected(
        &mixed,
        &["--columns", "y"],
        &["the columns are x, c0, c1, c2, c3, c4, c5, c6, c7, c8 and 291 more"],
    );
}

#[test]
fn json_lists_skipped_columns_with_the_reason() {
    let sandbox = Sandbox::new();
    let csv = "v,title,none,cost,p\n1,x,,\"1,234\",1e-45\n2,3,NA,\"2,345\",1\n3,y,,\"3,456\",2\n";
    let input = sandbox.write("data.csv", csv);
    let expected = serde_json::json!([
        { "column": "title", "reason": "text", "detail": "2 of 3 cells are not numbers" },
        { "column": "none", "reason": "blank", "detail": "all cells are blank" },
        { "column": "cost", "reason": "notation", "detail": "its numbers are in a different format" },
        { "column": "p", "reason": "range", "detail": "its numbers do not fit 120 bits exactly" },
    ]);
    let made = sandbox.succeed(["init", "--quiet", "--json", "--input", path(&input), "--server", &sandbox.url()]);
    assert_eq!((&made.json()["left_out"], made.stderr.as_str()), (&expected, ""));
    sandbox.compute();
    for arguments in [&["result", "--json"][..], &["run", "--json", "--quiet", "--input", path(&input)]] {
        assert_eq!(sandbox.succeed(arguments).json()["left_out"], expected);
    }
    // The notices are included, also in the result of a job later on.
    sandbox.write("comma.csv", "id;v\n1;13,2\n2;11,9\n");
    sandbox.succeed(["init", "--quiet", "--input", "comma.csv", "--server", &sandbox.url()]);
    sandbox.compute();
    for arguments in [&["result", "--json"][..], &["run", "--json", "--quiet", "--input", "comma.csv"]] {
        let notices = &sandbox.succeed(arguments).json()["notices"];
        assert!(
            notices[0].as_str().is_some_and(|notice| notice.contains("decimal comma, as in \"13,2\"")),
            "{notices}"
        );
    }
    let excluded = ["run", "--json", "--exclude", "title,none,cost,p", "--input", path(&input)];
    assert_eq!(sandbox.succeed(excluded).json()["left_out"], serde_json::json!([]));
}
