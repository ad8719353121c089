//! Follows each remedy as it is printed: it must lead to the right figures, or to the next accurate message.

use std::process::Command;

use super::{SHORT, SHORT_HEAD};
use crate::sandbox::{Sandbox, path};

/// What a remedy leads to.
pub(super) enum Leads<'a> {
    /// Count, missing and mean of each column.
    Figures(&'a str),
    /// Another error or a notice that contains these words.
    Words(&'a str),
}
use Leads::{Figures, Words};

/// For `csv` and `options`, hestat must print `said` and `advice`. Following `advice` in a shell must lead to `leads`.
#[track_caller]
pub(super) fn advised(csv: impl AsRef<[u8]>, options: &str, said: &str, advice: &str, leads: &Leads) {
    let sandbox = Sandbox::new();
    let input = sandbox.write("old.csv", &csv);
    let run = |input: &str, options: &str| {
        let short = SHORT.join(" ");
        let hestat = sandbox.command(["--version"]);
        let program = hestat.get_program().to_str().unwrap().to_owned();
        let line = format!("'{program}' run --check {short} --output out.csv --input {input} {options}");
        shell(&sandbox, &hestat, &line)
    };
    let (_, stderr) = run(path(&input), options);
    assert!(stderr.contains(said) && stderr.contains(advice), "{said:?} {advice:?} are not both in\n{stderr}");
    let (code, stderr) = if advice.starts_with("--") {
        // The new delimiter or count replaces the wrong one.
        let is_replaced = ["--delimiter", "--skip-lines"].iter().any(|option| options.starts_with(option));
        let kept = if is_replaced { "" } else { options };
        run(path(&input), &format!("{kept} {advice}"))
    } else {
        assert_eq!(shell(&sandbox, &sandbox.command(["--version"]), advice).0, Some(0), "{advice}");
        run("new.csv", options)
    };
    match leads {
        Figures(figures) => {
            assert_eq!(code, Some(0), "{advice}: {stderr}");
            assert_eq!(sandbox.read("out.csv"), format!("{SHORT_HEAD}{figures}"), "{advice}");
        }
        Words(words) => assert!(stderr.contains(words), "{words:?} is not in\n{stderr}"),
    }
}

/// Runs `line` in the directory and the environment in which hestat would run.
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
    advised(crp, "--columns crp --missing x", not_a_number, "--missing x,NA", &Words("\"x\""));
    advised(crp, "--missing -99", "\"NA\" is not a number", "--missing -99,NA", &Figures("id,4,0,2.5\ncrp,1,3,3.1\n"));
    let odd = "a,b\n1,2\n?,4\n5,n.d.\n7,8\n";
    let said = "line 3, column \"a\": \"?\" is not a number, but line 2 has \"1\"; same problem in \"b\"";
    advised(
        odd,
        "",
        said,
        "--missing 'NA,N/A,NaN,null,?,n.d.'",
        &Figures("a,3,1,4.333333333333333\nb,3,1,4.666666666666667\n"),
    );
    advised(odd, "", said, "--exclude a,b", &Words("no column contains numbers"));
    let comma = "\"a,b\",c\n1,2\n\"n, a\",4\n";
    advised(
        comma,
        "",
        "\"n, a\" is not a number",
        "--missing 'NA,N/A,NaN,null,\"n, a\"'",
        &Figures("\"a,b\",1,1,1\nc,2,0,3\n"),
    );
    advised(comma, "", "\"n, a\" is not a number", "--exclude '\"a,b\"'", &Figures("c,2,0,3\n"));
    advised("-a,c\n1,2\nx,4\n", "", "column \"-a\": \"x\"", "--exclude -a", &Figures("c,2,0,3\n"));
    let whole = "id,sbp\n1,patient declined the measurement on both visits\n2,130\n";
    let advice = "--missing 'NA,N/A,NaN,null,patient declined the measurement on both visits'";
    advised(whole, "", "the measurement on both visits", advice, &Figures("id,2,0,1.5\nsbp,1,1,130\n"));
    let long = format!("id,sbp\n1,131\n2,{}\n3,130\n", "declined ".repeat(20));
    advised(&long, "", "Correct the cells, or leave the column out", "--exclude sbp", &Figures("id,3,0,2\n"));
    // A number in a different format is not a missing-value code.
    let mixed = "bmi;x\n22,5;1\n30.1;2\n";
    for options in ["", "--decimal-comma"] {
        let form = "Write all numbers of a column in one format";
        advised(mixed, options, form, "--exclude bmi", &Figures("x,2,0,1.5\n"));
    }
}

#[test]
fn lines_that_are_not_rows_are_skipped() {
    let two = Figures("age,2,0,55.5\nsbp,2,0,130\n");
    let comment = "# exported 2024-01-01\nage,sbp\n50,120\n61,140\n";
    let said = "line 1: 1 field, but line 2 and the lines below have 2";
    advised(comment, "", said, "--comment '#'", &two);
    advised(comment, "", said, "--skip-lines 1", &two);
    advised("Report\n\nfrom \"ward\" 7\n\nage;sbp\n50;120\n61;140\n", "", "line 1: 1 field", "--skip-lines 4", &two);
    advised("Report\r\nage\tsbp\r\n50\t120\r\n61\t140\r\n", "", "line 1: 1 field", "--skip-lines 1", &two);
    let title = "Ward 7,,\nage,sbp,hr\n50,120,70\n61,140,80\n";
    let said = "line 1: 1 name for 3 columns; line 2 looks like the header";
    advised(title, "", said, "--skip-lines 1", &Figures("age,2,0,55.5\nsbp,2,0,130\nhr,2,0,75\n"));
    advised(title, "", said, "--header present", &Words("line 2 has text where the lines below have numbers"));
    let units = "age,sbp\nyears,mmHg\n50,120\n61,140\n";
    let said = "line 2 has text where the lines below have numbers (column \"age\": \"years\", then \"50\")";
    advised(units, "", said, "sed 2d old.csv > new.csv", &two);
    advised("x,y\nage,sbp\n50,120\n61,140\n", "", "line 2 has text", "--skip-lines 1", &two);
    let broken = "age,sbp\nyears,\"mm\nHg\"\n50,120\n61,140\n";
    advised(broken, "", "line 2 has text", "sed 2,3d old.csv > new.csv", &two);
}

#[test]
fn a_first_row_without_numbers_may_be_data() {
    let patient = "name,x,y\nA,-,-\nB,3,6\nC,4,6\n";
    let said = "line 2 has text where the lines below have numbers (column \"x\": \"-\", then \"3\")";
    advised(patient, "", said, "--missing NA,N/A,NaN,null,-", &Figures("x,2,1,3.5\ny,2,1,6\n"));
    advised(patient, "--missing x", said, "--missing x,-", &Words("\"x\""));
    // Two columns, or blank cells.
    let units = "name;Hb\n;g/dl\nA;13.2\nB;11.9\n";
    let said = "line 2 has text where the lines below have numbers (column \"Hb\": \"g/dl\", then \"13.2\")";
    let hb = Figures("Hb,2,0,12.55\n");
    advised(units, "", said, "sed 2d old.csv > new.csv", &hb);
    advised(units, "--columns Hb", said, "sed 2d old.csv > new.csv", &hb);
    advised(units.replace(';', ","), "", said, "sed 2d old.csv > new.csv", &hb);
    let blank = "name;hb;x\n;g/dl;\nA;13,2;5\nB;11,9;6\n";
    let said = "line 2 has text where the lines below have numbers (column \"hb\": \"g/dl\", then \"13,2\")";
    advised(blank, "", said, "sed 2d old.csv > new.csv", &Figures("hb,2,0,12.55\nx,2,0,5.5\n"));
    let title = "Report 2024;\nid;Hb\n1;13.2\n2;n/d\n3;11.9\n";
    let said = "line 1: 1 name for 2 columns; line 2 looks like the header";
    advised(title, "", said, "--skip-lines 1", &Words("line 4, column \"Hb\": \"n/d\" is not a number"));
    // A text cell in a row with a name or a number may be a missing value.
    for (csv, figures) in [
        ("name,Hb\nA,n/d\nB,13\n", "Hb,1,1,13\n"),
        (",Hb\nA,n/d\nB,13\n", "Hb,1,1,13\n"),
        ("id,Hb\n1,n/d\n2,13\n", "id,2,0,1.5\nHb,1,1,13\n"),
        ("Hb\nn/d\n13\n", "Hb,1,1,13\n"),
    ] {
        advised(csv, "", "\"n/d\" is not a number", "--missing NA,N/A,NaN,null,n/d", &Figures(figures));
    }
    super::rejected("id,x,y\n1,-,-\n2,3,4\n", &["--columns", "x,y"], &["column \"x\": \"-\" is not a number"]);
    super::rejected(
        "id,x\n1,2\n3,4\n",
        &["--header", "absent"],
        &["line 1 has text", "if it is the header, use --header present, not absent; if it contains units"],
    );
}

#[test]
fn delimiters_are_suggested() {
    let two = Figures("age,2,0,55.5\nsbp,2,0,130\n");
    let one = "the file has only one column, \"age sbp\", and it contains no numbers";
    advised("age sbp\n50 120\n61 140\n", "", one, "--delimiter space", &two);
    advised("age^sbp\n50^120\n61^140\n", "", "one column, \"age^sbp\"", "--delimiter '^'", &two);
    advised("age,sbp\n50,120\n61,140\n", "--delimiter ';'", "one column, \"age,sbp\"", "--delimiter ','", &two);
    let aligned = " age   sbp\n  50   120\n  61   140\n";
    advised(aligned, "", "the file has only one column", "sed 's/^ *//; s/ *$//; s/  */;/g' old.csv > new.csv", &two);
    let both = "a;b,c\n1;x,2\n3;y,4\n";
    let said = "ambiguous delimiter: ',' gives the columns \"a;b\", \"c\"; ';' gives the columns \"a\", \"b,c\"";
    advised(both, "", said, "--delimiter ','", &Figures("c,2,0,3\n"));
    advised(both, "", said, "--delimiter ';'", &Figures("a,2,0,2\n"));
    let unquote = "sed 's/^\"//; s/\"\\(\\r*\\)$/\\1/; s/\"\"/\"/g' old.csv > new.csv";
    advised("\"age,sbp\"\r\n\"50,120\"\r\n\"61,140\"\r\n", "", "one column", unquote, &two);
    advised("age,sbp\n\"50,120\"\n\"61,140\"\n", "", "line 2: 1 field, but the header has 2", unquote, &two);
    advised(
        "\"age,note\"\n\"50,\"\"a,b\"\"\"\n\"61,\"\"c\"\"\"\n",
        "",
        "one column",
        unquote,
        &Figures("age,2,0,55.5\n"),
    );
}

#[test]
fn rows_of_other_widths() {
    let short = "title,seq,desc,note\nA,3\nB,4\nC,5,x,y\n";
    let said = "line 2: 2 fields, but the header has 4 (first cell \"A\")";
    advised(short, "", said, "--fill-short-rows", &Figures("seq,3,0,4\n"));
    advised(
        "a,b\n1,2\n3\n",
        "",
        "line 3: 1 field, but the header has 2",
        "--fill-short-rows",
        &Figures("a,2,0,2\nb,1,1,2\n"),
    );
    let long = "line 2: 3 fields, but the header has 2 (first cell \"1\")";
    let other = "line 2: 2 fields, but the header has 1 (first cell \"1,2\")";
    advised("a,b\n1,2;3,4\n5,6;7,8\n", "", other, "--delimiter", &Words("a value is required"));
    super::rejected("a,b\n1,2,3\n", &["--fill-short-rows"], &[long, "each cell needs a name in the header"]);
    super::means("a,b,c\n1,2,3\n", &[], "a,1,0,1\nb,1,0,2\nc,1,0,3\n");
}

#[test]
fn quotation_marks() {
    let stray = "id,note,sbp\n1,\"left arm,120\n2,\"right arm\",130\n3,seated,140\n";
    let said = "line 3: text after the closing quotation mark of the field that starts in line 2";
    advised(stray, "", said, "--no-quotes", &Figures("id,3,0,2\nsbp,3,0,130\n"));
    super::means(stray.replace("arm,120", "arm\",120"), &[], "id,3,0,2\nsbp,3,0,130\n");
    for (delimiter, name) in [(' ', "space"), ('\t', "tab"), (';', "';'")] {
        let r = "\"age\" \"sbp\"\n\"1\" 50 120\n\"2\" 61 140\n".replace(' ', &delimiter.to_string());
        super::means(&r, &["--delimiter", &delimiter.to_string()], "age,2,0,55.5\nsbp,2,0,130\n");
        let said = "line 1: text after the closing quotation mark of the field that starts in line 1";
        let advice = format!("--delimiter {name}");
        // Another delimiter is given, or none is detected.
        let options = if delimiter == ' ' { "" } else { "--delimiter ','" };
        advised(r, options, said, &advice, &Figures("age,2,0,55.5\nsbp,2,0,130\n"));
    }
    let open = "id\tnote\tsbp\n1\t\"left arm\t120\n2\tright\t130\n";
    let said = "line 2: the quoted field that starts here is never closed";
    advised(open, "", said, "--no-quotes", &Figures("id,2,0,1.5\nsbp,2,0,125\n"));
}

#[test]
fn the_header() {
    let data = "39,4.5\n1,2\n";
    let said = "line 1: no header: the first row has numbers but no names";
    advised(data, "", said, "--header absent", &Figures("column1,2,0,20\ncolumn2,2,0,3.25\n"));
    let people = "39, clerk, 77516\n50, cook, 83311\n38, nurse, 215646\n";
    let said =
        "2 of 2 names in the header are numbers (\"39\", \"77516\"); if the first line is data, use --header absent";
    advised(people, "", said, "--header absent", &Figures("column1,3,0,42.333333333333336\ncolumn3,3,0,125491\n"));
}

#[test]
fn encodings() {
    let iconv = "iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv";
    advised(b"a,Gr\xF6\xDFe\n1,2\n", "", "line 1, field 2: invalid UTF-8", iconv, &Figures("a,1,0,1\nGröße,1,0,2\n"));
    let nul = "tr -d '\\000' < old.csv > new.csv";
    advised(b"a,b\n1,2\n3,4\0\0\n", "", "line 3: NUL byte (0x00) in the text", nul, &Figures("a,2,0,2\nb,2,0,3\n"));
    let wide: Vec<u8> = "\u{FEFF}a,b\n1,2\n".chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
    let iconv = "iconv -f UTF-32 -t UTF-8 old.csv > new.csv";
    advised(wide, "", "the file is UTF-32 text", iconv, &Figures("a,1,0,1\nb,1,0,2\n"));
}

#[test]
fn numbers_out_of_range() {
    let p = "snp,p,n\na,1.2e-45,1\nb,0.03,2\nc,0.9,3\n";
    let named = "line 3, column \"p\": 0.03 needs more than 120 bits at the precision of 1.2e-45 (line 2)";
    advised(p, "--columns p,n", named, "--exclude p", &Figures("n,3,0,2\n"));
    let digits = format!("id,v\n{},1\n2,3\n", "1".repeat(39));
    advised(&digits, "--columns id,v", "has more than 38 significant digits", "--exclude id", &Figures("v,2,0,2\n"));
}

#[test]
fn compressed_files() {
    for (program, ending) in [("gzip", "gz"), ("bzip2", "bz2"), ("xz", "xz"), ("zstd", "zst")] {
        let sandbox = Sandbox::new();
        sandbox.write("plain.csv", "a,b\n1,2\n3,4\n");
        let shell = |line: &str| shell(&sandbox, &sandbox.command(["--version"]), line);
        if shell(&format!("{program} -c plain.csv > old.csv.{ending}")).0 != Some(0) {
            eprintln!("skipped: there is no {program}");
            continue;
        }
        let run = |input: &str| sandbox.run(["run", "--output", "out.csv", "--input", input]);
        let advice = format!("{program} -dc old.csv.{ending} > new.csv");
        let said = format!("the file is compressed with {program}");
        run(&format!("old.csv.{ending}")).expect_code(3).says(&[&said, &advice]);
        assert_eq!(shell(&advice).0, Some(0));
        run("new.csv").expect_code(0);
        assert_eq!(sandbox.read("out.csv"), format!("{}{}", super::HEAD, super::TWO_COLUMNS));
    }
}

/// Where a comma has two possible meanings, both are shown, whatever the digits.
#[test]
fn the_user_chooses_between_one_number_and_two() {
    let income = "Income, USD\n52,000\n61,500\n";
    let said = "\"52,000\" may be one number with a comma";
    advised(income, "", said, "--thousands ','", &Figures("\"Income, USD\",2,0,56750\n"));
    advised(income, "", said, "--decimal-comma", &Figures("\"Income, USD\",2,0,56.75\n"));
    advised(income, "", said, "--delimiter ','", &Figures("Income,2,0,56.5\nUSD,2,0,250\n"));
    let some = "Hb, g/dl\n13,2\n14\n11,9\n";
    let said = "\"13,2\" may be one number with a comma";
    advised(some, "", said, "--decimal-comma", &Figures("\"Hb, g/dl\",3,0,13.033333333333333\n"));
    let quoted = "\"Größe, cm\"\n\"180,125\"\n\"171,250\"\n";
    advised(quoted, "", "180,125", "--decimal-comma", &Figures("\"Größe, cm\",2,0,175.6875\n"));
}

#[test]
fn a_header_that_starts_with_a_comment_character_is_kept() {
    let vcf = "##fileformat=VCFv4.2\n##source=x\n#CHROM\tPOS\tQUAL\nx1\t100\t50\nx1\t200\t60\nx2\t300\t70\n";
    let figures = "POS,3,0,200\nQUAL,3,0,60\n";
    advised(vcf, "", "it looks like a title or a comment", "--skip-lines 2", &Figures(figures));
    let titled =
        "Export vom 1.2.2024, Station 3\ndate;time;\"Hb, g/dl\"\n01.02.2024;7:05;7,901\n01.02.2024;12:30;0,456\n";
    advised(titled, "", "it looks like a title or a comment", "--skip-lines 1", &Figures("\"Hb, g/dl\",2,0,4.1785\n"));
}
