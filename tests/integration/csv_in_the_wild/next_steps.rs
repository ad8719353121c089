//! Follows the next step that each error and notice suggests: it must give the right statistics, or the next accurate
//! message.

use std::process::Command;

use super::{HEADER, TABLE_ERROR, THREE_STATISTICS, THREE_STATISTICS_HEADER, TWO_COLUMNS};
use crate::sandbox::{Sandbox, path, skip};

/// The result of a next step.
pub(super) enum Outcome<'a> {
    /// Count, missing and mean of each column.
    Statistics(&'a str),
    /// Statistics, and a notice that contains this text.
    Notice(&'a str),
    /// The next error, which contains this text.
    Error(&'a str),
}
use Outcome::{Error, Notice, Statistics};

/// Runs hestat with the table `csv` and `options`: it must print `message` and `step`, which is an option or a shell
/// command. Then follows `step`, which must have this `outcome`.
#[track_caller]
pub(super) fn assert_next_step(csv: impl AsRef<[u8]>, options: &str, message: &str, step: &str, outcome: &Outcome) {
    let sandbox = Sandbox::new();
    let input = sandbox.write("old.csv", &csv);
    let run = |input: &str, options: &str| {
        let statistics = THREE_STATISTICS.join(" ");
        let hestat = sandbox.command(["--version"]);
        let program = hestat.get_program().to_str().unwrap().to_owned();
        let line = format!("'{program}' run --check {statistics} --output out.csv --input {input} {options}");
        let (code, stderr) = shell(&sandbox, &hestat, &line);
        assert!(matches!(code, Some(0 | TABLE_ERROR)) && !stderr.contains("panicked"), "{code:?}: {stderr}");
        (code, stderr)
    };
    let (_, stderr) = run(path(&input), options);
    assert!(stderr.contains(message) && stderr.contains(step), "{message:?} {step:?} are not both in\n{stderr}");
    let (code, stderr) = if step.starts_with("--") {
        // The new delimiter or count replaces the wrong one.
        let is_replaced = ["--delimiter", "--skip-lines"].iter().any(|option| options.starts_with(option));
        let kept = if is_replaced { "" } else { options };
        run(path(&input), &format!("{kept} {step}"))
    } else {
        assert_eq!(shell(&sandbox, &sandbox.command(["--version"]), step).0, Some(0), "{step}");
        run("new.csv", options)
    };
    let (expected_code, text) = match outcome {
        Statistics(_) => (0, ""),
        Notice(text) => (0, *text),
        Error(text) => (TABLE_ERROR, *text),
    };
    assert!(code == Some(expected_code) && stderr.contains(text), "{step}: {code:?}, {text:?} is not in\n{stderr}");
    if let Statistics(rows) = outcome {
        assert_eq!(sandbox.read("out.csv"), format!("{THREE_STATISTICS_HEADER}{rows}"), "{step}");
    }
}

/// Runs `line` in the directory and the environment in which hestat would run. Returns the exit code and stderr.
fn shell(sandbox: &Sandbox, hestat: &Command, line: &str) -> (Option<i32>, String) {
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(sandbox.work());
    for (name, value) in hestat.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn all_missing_value_codes_are_given_together() {
    let crp = "id,crp\n1,-99\n2,3.1\n3,-99\n4,NA\n";
    let not_a_number = "line 5, column \"crp\": \"NA\" is not a number, but line 2 has \"-99\"";
    assert_next_step(
        crp,
        "--columns crp --missing x",
        not_a_number,
        "--missing x,NA",
        &Notice("no cell matches the missing-value code \"x\""),
    );
    assert_next_step(
        crp,
        "--missing -99",
        "\"NA\" is not a number",
        "--missing -99,NA",
        &Statistics("id,4,0,2.5\ncrp,1,3,3.1\n"),
    );
    let odd = "a,b\n1,2\n?,4\n5,n.d.\n7,8\n";
    let message = "line 3, column \"a\": \"?\" is not a number, but line 2 has \"1\"; same problem in \"b\"";
    assert_next_step(
        odd,
        "",
        message,
        "--missing 'NA,N/A,NaN,null,?,n.d.'",
        &Statistics("a,3,1,4.333333333333333\nb,3,1,4.666666666666667\n"),
    );
    assert_next_step(odd, "", message, "--exclude a,b", &Error("no column contains numbers"));
    let comma = "\"a,b\",c\n1,2\n\"n, a\",4\n";
    assert_next_step(
        comma,
        "",
        "\"n, a\" is not a number",
        "--missing 'NA,N/A,NaN,null,\"n, a\"'",
        &Statistics("\"a,b\",1,1,1\nc,2,0,3\n"),
    );
    assert_next_step(comma, "", "\"n, a\" is not a number", "--exclude '\"a,b\"'", &Statistics("c,2,0,3\n"));
    assert_next_step("-a,c\n1,2\nx,4\n", "", "column \"-a\": \"x\"", "--exclude -a", &Statistics("c,2,0,3\n"));
    let whole = "id,sbp\n1,patient declined the measurement on both visits\n2,130\n";
    let step = "--missing 'NA,N/A,NaN,null,patient declined the measurement on both visits'";
    assert_next_step(whole, "", "the measurement on both visits", step, &Statistics("id,2,0,1.5\nsbp,1,1,130\n"));
    let long = format!("id,sbp\n1,131\n2,{}\n3,130\n", "declined ".repeat(20));
    assert_next_step(
        &long,
        "",
        "Correct the cells, or leave the column out",
        "--exclude sbp",
        &Statistics("id,3,0,2\n"),
    );
    // A number in a different format is not a missing-value code.
    let mixed = "bmi;x\n22,5;1\n30.1;2\n";
    for options in ["", "--decimal-comma"] {
        let form = "Write all numbers of a column in one format";
        assert_next_step(mixed, options, form, "--exclude bmi", &Statistics("x,2,0,1.5\n"));
    }
}

#[test]
fn lines_that_are_not_rows_are_skipped() {
    let two = Statistics("age,2,0,55.5\nsbp,2,0,130\n");
    let comment = "# exported 2024-01-01\nage,sbp\n50,120\n61,140\n";
    let message = "line 1: 1 field, but line 2 and the lines below have 2";
    assert_next_step(comment, "", message, "--comment '#'", &two);
    assert_next_step(comment, "", message, "--skip-lines 1", &two);
    assert_next_step(
        "Report\n\nfrom \"ward\" 7\n\nage;sbp\n50;120\n61;140\n",
        "",
        "line 1: 1 field",
        "--skip-lines 4",
        &two,
    );
    assert_next_step("Report\r\nage\tsbp\r\n50\t120\r\n61\t140\r\n", "", "line 1: 1 field", "--skip-lines 1", &two);
    let title = "Ward 7,,\nage,sbp,hr\n50,120,70\n61,140,80\n";
    let message = "line 1: 1 name for 3 columns; line 2 looks like the header";
    assert_next_step(title, "", message, "--skip-lines 1", &Statistics("age,2,0,55.5\nsbp,2,0,130\nhr,2,0,75\n"));
    assert_next_step(
        title,
        "",
        message,
        "--header present",
        &Error("line 2 has text where the lines below have numbers"),
    );
    let units = "age,sbp\nyears,mmHg\n50,120\n61,140\n";
    let message = "line 2 has text where the lines below have numbers (column \"age\": \"years\", then \"50\")";
    assert_next_step(units, "", message, "sed 2d old.csv > new.csv", &two);
    assert_next_step("x,y\nage,sbp\n50,120\n61,140\n", "", "line 2 has text", "--skip-lines 1", &two);
    let broken = "age,sbp\nyears,\"mm\nHg\"\n50,120\n61,140\n";
    assert_next_step(broken, "", "line 2 has text", "sed 2,3d old.csv > new.csv", &two);
}

#[test]
fn a_first_row_without_numbers_may_be_data() {
    let patient = "name,x,y\nA,-,-\nB,3,6\nC,4,6\n";
    let message = "line 2 has text where the lines below have numbers (column \"x\": \"-\", then \"3\")";
    assert_next_step(patient, "", message, "--missing NA,N/A,NaN,null,-", &Statistics("x,2,1,3.5\ny,2,1,6\n"));
    assert_next_step(
        patient,
        "--missing x",
        message,
        "--missing x,-",
        &Notice("no cell matches the missing-value code \"x\""),
    );
    // Two columns, or blank cells.
    let units = "name;Hb\n;g/dl\nA;13.2\nB;11.9\n";
    let message = "line 2 has text where the lines below have numbers (column \"Hb\": \"g/dl\", then \"13.2\")";
    let hb = Statistics("Hb,2,0,12.55\n");
    assert_next_step(units, "", message, "sed 2d old.csv > new.csv", &hb);
    assert_next_step(units, "--columns Hb", message, "sed 2d old.csv > new.csv", &hb);
    assert_next_step(units.replace(';', ","), "", message, "sed 2d old.csv > new.csv", &hb);
    let blank = "name;hb;x\n;g/dl;\nA;13,2;5\nB;11,9;6\n";
    let message = "line 2 has text where the lines below have numbers (column \"hb\": \"g/dl\", then \"13,2\")";
    assert_next_step(blank, "", message, "sed 2d old.csv > new.csv", &Statistics("hb,2,0,12.55\nx,2,0,5.5\n"));
    let title = "Report 2024;\nid;Hb\n1;13.2\n2;n/d\n3;11.9\n";
    let message = "line 1: 1 name for 2 columns; line 2 looks like the header";
    assert_next_step(title, "", message, "--skip-lines 1", &Error("line 4, column \"Hb\": \"n/d\" is not a number"));
    // A text cell in a row with a name or a number may be a missing value.
    for (csv, statistics) in [
        ("name,Hb\nA,n/d\nB,13\n", "Hb,1,1,13\n"),
        (",Hb\nA,n/d\nB,13\n", "Hb,1,1,13\n"),
        ("id,Hb\n1,n/d\n2,13\n", "id,2,0,1.5\nHb,1,1,13\n"),
        ("Hb\nn/d\n13\n", "Hb,1,1,13\n"),
    ] {
        assert_next_step(csv, "", "\"n/d\" is not a number", "--missing NA,N/A,NaN,null,n/d", &Statistics(statistics));
    }
    super::assert_rejected("id,x,y\n1,-,-\n2,3,4\n", &["--columns", "x,y"], &["column \"x\": \"-\" is not a number"]);
    super::assert_rejected(
        "id,x\n1,2\n3,4\n",
        &["--header", "absent"],
        &["line 1 has text", "if it is the header, use --header present, not absent; if it contains units"],
    );
}

#[test]
fn delimiters_are_suggested() {
    let two = Statistics("age,2,0,55.5\nsbp,2,0,130\n");
    let one = "the file has only one column, \"age sbp\", and it contains no numbers";
    assert_next_step("age sbp\n50 120\n61 140\n", "", one, "--delimiter space", &two);
    assert_next_step("age^sbp\n50^120\n61^140\n", "", "one column, \"age^sbp\"", "--delimiter '^'", &two);
    assert_next_step(
        "age,sbp\n50,120\n61,140\n",
        "--delimiter ';'",
        "one column, \"age,sbp\"",
        "--delimiter ','",
        &two,
    );
    let aligned = " age   sbp\n  50   120\n  61   140\n";
    assert_next_step(
        aligned,
        "",
        "the file has only one column",
        "sed 's/^ *//; s/ *$//; s/  */;/g' old.csv > new.csv",
        &two,
    );
    let both = "a;b,c\n1;x,2\n3;y,4\n";
    let message = "ambiguous delimiter: ',' gives the columns \"a;b\", \"c\"; ';' gives the columns \"a\", \"b,c\"";
    assert_next_step(both, "", message, "--delimiter ','", &Statistics("c,2,0,3\n"));
    assert_next_step(both, "", message, "--delimiter ';'", &Statistics("a,2,0,2\n"));
    let unquote = "sed 's/^\"//; s/\"\\(\\r*\\)$/\\1/; s/\"\"/\"/g' old.csv > new.csv";
    assert_next_step("\"age,sbp\"\r\n\"50,120\"\r\n\"61,140\"\r\n", "", "one column", unquote, &two);
    assert_next_step("age,sbp\n\"50,120\"\n\"61,140\"\n", "", "line 2: 1 field, but the header has 2", unquote, &two);
    assert_next_step(
        "\"age,note\"\n\"50,\"\"a,b\"\"\"\n\"61,\"\"c\"\"\"\n",
        "",
        "one column",
        unquote,
        &Statistics("age,2,0,55.5\n"),
    );
}

#[test]
fn short_rows_are_filled_and_long_rows_are_corrected() {
    let short = "title,seq,desc,note\nA,3\nB,4\nC,5,x,y\n";
    let message = "line 2: 2 fields, but the header has 4 (first cell \"A\")";
    assert_next_step(short, "", message, "--fill-short-rows", &Statistics("seq,3,0,4\n"));
    assert_next_step(
        "a,b\n1,2\n3\n",
        "",
        "line 3: 1 field, but the header has 2",
        "--fill-short-rows",
        &Statistics("a,2,0,2\nb,1,1,2\n"),
    );
    let long = "line 2: 3 fields, but the header has 2 (first cell \"1\")";
    let other = "line 2: 2 fields, but the header has 1 (first cell \"1,2\")";
    let semicolons = "a,b\n1,2;3,4\n5,6;7,8\n";
    super::assert_rejected(semicolons, &[], &[other, "--delimiter"]);
    super::assert_rejected(semicolons, &["--delimiter", ","], &[long]);
    super::assert_rejected("a,b\n1,2,3\n", &["--fill-short-rows"], &[long, "each cell needs a name in the header"]);
    super::assert_means("a,b,c\n1,2,3\n", &[], "a,1,0,1\nb,1,0,2\nc,1,0,3\n");
}

#[test]
fn stray_quotation_marks_become_data_or_show_the_delimiter() {
    let stray = "id,note,sbp\n1,\"left arm,120\n2,\"right arm\",130\n3,seated,140\n";
    let message = "line 3: text after the closing quotation mark of the field that starts in line 2";
    assert_next_step(stray, "", message, "--no-quotes", &Statistics("id,3,0,2\nsbp,3,0,130\n"));
    super::assert_means(stray.replace("arm,120", "arm\",120"), &[], "id,3,0,2\nsbp,3,0,130\n");
    for (delimiter, name) in [(' ', "space"), ('\t', "tab"), (';', "';'")] {
        let r = "\"age\" \"sbp\"\n\"1\" 50 120\n\"2\" 61 140\n".replace(' ', &delimiter.to_string());
        super::assert_means(&r, &["--delimiter", &delimiter.to_string()], "age,2,0,55.5\nsbp,2,0,130\n");
        let message = "line 1: text after the closing quotation mark of the field that starts in line 1";
        let step = format!("--delimiter {name}");
        // Another delimiter is given, or none is detected.
        let options = if delimiter == ' ' { "" } else { "--delimiter ','" };
        assert_next_step(r, options, message, &step, &Statistics("age,2,0,55.5\nsbp,2,0,130\n"));
    }
    let open = "id\tnote\tsbp\n1\t\"left arm\t120\n2\tright\t130\n";
    let message = "line 2: the quoted field that starts here is never closed";
    assert_next_step(open, "", message, "--no-quotes", &Statistics("id,2,0,1.5\nsbp,2,0,125\n"));
}

#[test]
fn a_first_row_of_numbers_suggests_an_absent_header() {
    let data = "39,4.5\n1,2\n";
    let message = "line 1: no header: the first row has numbers but no names";
    assert_next_step(data, "", message, "--header absent", &Statistics("column1,2,0,20\ncolumn2,2,0,3.25\n"));
    let people = "39, clerk, 77516\n50, cook, 83311\n38, nurse, 215646\n";
    let message =
        "2 of 2 names in the header are numbers (\"39\", \"77516\"); if the first line is data, use --header absent";
    assert_next_step(
        people,
        "",
        message,
        "--header absent",
        &Statistics("column1,3,0,42.333333333333336\ncolumn3,3,0,125491\n"),
    );
}

#[test]
fn wrong_encodings_are_converted_with_iconv_and_tr() {
    let iconv = "iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv";
    assert_next_step(
        b"a,Gr\xF6\xDFe\n1,2\n",
        "",
        "line 1, field 2: invalid UTF-8",
        iconv,
        &Statistics("a,1,0,1\nGröße,1,0,2\n"),
    );
    let nul = "tr -d '\\000' < old.csv > new.csv";
    assert_next_step(
        b"a,b\n1,2\n3,4\0\0\n",
        "",
        "line 3: NUL byte (0x00) in the text",
        nul,
        &Statistics("a,2,0,2\nb,2,0,3\n"),
    );
    let wide: Vec<u8> = "\u{FEFF}a,b\n1,2\n".chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
    let iconv = "iconv -f UTF-32 -t UTF-8 old.csv > new.csv";
    assert_next_step(wide, "", "the file is UTF-32 text", iconv, &Statistics("a,1,0,1\nb,1,0,2\n"));
}

#[test]
fn columns_with_numbers_out_of_range_are_excluded() {
    let p = "snp,p,n\na,1.2e-45,1\nb,0.03,2\nc,0.9,3\n";
    let named = "line 3, column \"p\": 0.03 needs more than 120 bits at the precision of 1.2e-45 (line 2)";
    assert_next_step(p, "--columns p,n", named, "--exclude p", &Statistics("n,3,0,2\n"));
    let digits = format!("id,v\n{},1\n2,3\n", "1".repeat(39));
    assert_next_step(
        &digits,
        "--columns id,v",
        "has more than 38 significant digits",
        "--exclude id",
        &Statistics("v,2,0,2\n"),
    );
}

#[test]
fn compressed_files_are_decompressed_with_the_program_that_wrote_them() {
    for (program, ending) in [("gzip", "gz"), ("bzip2", "bz2"), ("xz", "xz"), ("zstd", "zst")] {
        let sandbox = Sandbox::new();
        sandbox.write("plain.csv", "a,b\n1,2\n3,4\n");
        let shell = |line: &str| shell(&sandbox, &sandbox.command(["--version"]), line);
        if shell(&format!("{program} -c plain.csv > old.csv.{ending}")).0 != Some(0) {
            skip(&format!("{program} is not installed"));
            continue;
        }
        let run = |input: &str| sandbox.run(["run", "--output", "out.csv", "--input", input]);
        let step = format!("{program} -dc old.csv.{ending} > new.csv");
        let message = format!("the file is compressed with {program}");
        run(&format!("old.csv.{ending}")).expect_code(TABLE_ERROR).says(&[&message, &step]);
        assert_eq!(shell(&step).0, Some(0));
        run("new.csv").expect_code(0);
        assert_eq!(sandbox.read("out.csv"), format!("{HEADER}{TWO_COLUMNS}"));
    }
}

/// Where a comma has two possible meanings, both are shown, whatever the digits.
#[test]
fn the_user_chooses_between_one_number_and_two() {
    let income = "Income, USD\n52,000\n61,500\n";
    let message = "\"52,000\" may be one number with a comma";
    assert_next_step(income, "", message, "--thousands ','", &Statistics("\"Income, USD\",2,0,56750\n"));
    assert_next_step(income, "", message, "--decimal-comma", &Statistics("\"Income, USD\",2,0,56.75\n"));
    assert_next_step(income, "", message, "--delimiter ','", &Statistics("Income,2,0,56.5\nUSD,2,0,250\n"));
    let some = "Hb, g/dl\n13,2\n14\n11,9\n";
    let message = "\"13,2\" may be one number with a comma";
    assert_next_step(some, "", message, "--decimal-comma", &Statistics("\"Hb, g/dl\",3,0,13.033333333333333\n"));
    let quoted = "\"Größe, cm\"\n\"180,125\"\n\"171,250\"\n";
    assert_next_step(quoted, "", "180,125", "--decimal-comma", &Statistics("\"Größe, cm\",2,0,175.6875\n"));
}

#[test]
fn a_header_that_starts_with_a_comment_character_is_kept() {
    let vcf = "##fileformat=VCFv4.2\n##source=x\n#CHROM\tPOS\tQUAL\nx1\t100\t50\nx1\t200\t60\nx2\t300\t70\n";
    let statistics = "POS,3,0,200\nQUAL,3,0,60\n";
    assert_next_step(vcf, "", "it looks like a title or a comment", "--skip-lines 2", &Statistics(statistics));
    let titled =
        "Export vom 1.2.2024, Station 3\ndate;time;\"Hb, g/dl\"\n01.02.2024;7:05;7,901\n01.02.2024;12:30;0,456\n";
    assert_next_step(
        titled,
        "",
        "it looks like a title or a comment",
        "--skip-lines 1",
        &Statistics("\"Hb, g/dl\",2,0,4.1785\n"),
    );
}
