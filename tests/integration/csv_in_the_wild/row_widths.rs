//! Rows and headers with different numbers of fields, titles, units and totals.

use super::next_steps::Outcome::{Error, Statistics};
use super::next_steps::assert_next_step;
use super::{assert_means, assert_rejected};

#[test]
fn row_names_before_a_blank_last_column_are_ambiguous() {
    let r = "\"age\"\t\"sbp\"\t\"note\"\n\"1\"\t50\t120\t\n\"2\"\t61\t140\t\n";
    let message = "line 2: one field more than in the header, and the last field of each row is blank";
    let named = Statistics("row,2,0,1.5\nage,2,0,55.5\nsbp,2,0,130\n");
    assert_next_step(r, "", message, "sed '1s/^/row\\t/' old.csv > new.csv", &named);
    let rows = "\"name\";\"age\";\"hb\"\n\"Ann\";50;12,5;\n\"Bob\";60;13,1;\n";
    assert_next_step(
        rows,
        "",
        message,
        r"sed 's/[;]\(\r*\)$/\1/' old.csv > new.csv",
        &Statistics("age,2,0,55\nhb,2,0,12.8\n"),
    );
    assert_rejected("bin,dec,empty\n\"1\",0,81.5,\n\"2\",1,82.25,\n", &[], &[message]);
    assert_means("\"age\",\"sbp\"\n\"50\",\"120\",\n\"60\",\"130\",\n", &[], "age,2,0,55\nsbp,2,0,125\n");
    let codes =
        "dec1;bin;text;phone;p3;codes\n\"1\";92,4;1;\"x; y\";+49 42;832;1|6\n\"2\";12,4;0;\"a. b\";+49 42;833;2|6\n";
    assert_means(codes, &["--decimal-comma"], "dec1,2,0,52.4\nbin,2,0,0.5\np3,2,0,832.5\n");
    let total = "\"age\",\"hb\"\n\"1\",50,12.5\n\"2\",60,13.1\n\"Total\",110,25.6\n";
    assert_means(total.replace("Total", "1.1"), &[], "age,3,0,73.33333333333333\nhb,3,0,17.066666666666666\n");
    let message = "line 4: the row name \"Total\" is not a number, but that of line 2 is \"1\"";
    assert_next_step(total, "", message, "sed 4d old.csv > new.csv", &Statistics("age,2,0,55\nhb,2,0,12.8\n"));
    let missing = "\"age\"\t\"grp\"\n\"A\"\tNA\t\"x\"\n\"B\"\t61\t\"y\"\n\"C\"\t70\t\"x\"\n";
    assert_means(missing, &[], "age,2,1,65.5\n");
    let trailing = assert_means("id,hb,note\n1,13,2,\n2,11,9,\n", &[], "id,2,0,1.5\nhb,2,0,12\nnote,2,0,5.5\n");
    assert!(trailing.contains("the last field of each row is blank and ignored"), "{trailing}");
}

#[test]
fn a_title_above_a_header_with_one_name_too_few_is_skipped() {
    let trailing = "Report 2024\nname;age;sbp\nA;50;120;\nB;61;140;\nC;70;150;\n";
    let message = "line 1: 1 field, but line 2 and the lines below have 3";
    assert_next_step(
        trailing,
        "",
        message,
        "--skip-lines 1",
        &Statistics("age,3,0,60.333333333333336\nsbp,3,0,136.66666666666666\n"),
    );
    let r = "# exported 2024\n\"age\"\t\"sbp\"\n\"1\"\t50\t120\n\"2\"\t61\t140\n";
    for step in ["--skip-lines 1", "--comment '#'"] {
        assert_next_step(r, "", "line 1: 1 field, but line 2", step, &Statistics("age,2,0,55.5\nsbp,2,0,130\n"));
    }
    // A first row without numbers may be the header below a title.
    let doubtful = "name;sbp\nA;-;\nB;130;\nC;140;\n";
    assert_next_step(
        doubtful,
        "",
        "line 1: 2 fields, but line 2",
        "--header present",
        &Error("--missing NA,N/A,NaN,null,-"),
    );
    assert_means(doubtful, &["--header", "present", "--missing", "-"], "sbp,2,1,135\n");
}

#[test]
fn a_padded_title_above_years_is_skipped() {
    let years = "Sales report,,\nregion,2019,2020\nN,5,6\nS,7,8\n";
    for csv in [years.to_owned(), years.replace(',', ";")] {
        let message = "line 1: 1 name for 3 columns; line 2 looks like the header";
        assert_next_step(csv, "", message, "--skip-lines 1", &Statistics("2019,2,0,6\n2020,2,0,7\n"));
    }
}

#[test]
fn the_delimiter_is_that_of_the_table_and_not_that_of_its_title() {
    let hb = Statistics("id,3,0,2\nHb,3,0,12.633333333333333\n");
    assert_next_step(
        "Messwerte, Station 3\nid;Hb\n1;13,2\n2;11,9\n3;12,8\n",
        "",
        "line 1: 1 field",
        "--skip-lines 1",
        &hb,
    );
    let station = "Station 3\n\nage (g/dl);weight;sbp, Gpt/l;cost\n1;52;14,34;42\n2;39;17,40;53\n3;32;4,30;69\n";
    let statistics =
        "age (g/dl),3,0,2\nweight,3,0,41\n\"sbp, Gpt/l\",3,0,12.013333333333334\ncost,3,0,54.666666666666664\n";
    assert_next_step(
        station,
        "",
        "line 1: 1 field, but line 3 and the lines below have 4",
        "--skip-lines 2",
        &Statistics(statistics),
    );
}

/// `--comment` must not skip rows.
#[test]
fn a_character_that_rows_start_with_is_not_a_comment_character() {
    for (csv, statistics) in [
        ("# exported\nid,sbp\n#1,120\n#2,130\n3,140\n", "sbp,3,0,130\n"),
        ("*** Lab report ***\nid,crp\n1,3.1\n*2,9.9\n3,3.3\n", "crp,3,0,5.433333333333334\n"),
    ] {
        assert_rejected(csv, &[], &["line 1: 1 field", "use --skip-lines 1"]);
        assert_means(csv, &["--skip-lines", "1", "--exclude", "id"], statistics);
    }
    let words = Error("--missing 'NA,N/A,NaN,null,*2'");
    assert_next_step("*** Lab report ***\nid,crp\n1,3.1\n*2,9.9\n3,3.3\n", "", "line 1", "--skip-lines 1", &words);
}

#[test]
fn a_first_record_of_codes_and_blanks_looks_like_data() {
    for csv in ["Anna,?,-,12\nBert,5,6,13\nCarl,7,8,14\n", "Anna,,,12\nBert,5,6,13\nCarl,7,8,14\n"] {
        let sandbox = crate::sandbox::Sandbox::new();
        sandbox.write("data.csv", csv);
        sandbox.run(["run", "--input", "data.csv"]).expect_code(0).says(&["3 of 3 names in the header look like data"]);
        assert_means(csv, &["--header", "absent", "--columns", "column4"], "column4,3,0,13\n");
    }
    let twice = "clerk,5,5\ncook,6,7\nnurse,8,9\n";
    assert_next_step(
        twice,
        "",
        "duplicate column name \"5\" in fields 2 and 3",
        "--header absent",
        &Statistics("column2,3,0,6.333333333333333\ncolumn3,3,0,7\n"),
    );
}

#[test]
fn more_header_lines_and_units_are_removed() {
    let qualtrics = "Q1,Q2\n\"How old?\",\"How tall?\"\n\"{\"\"Id\"\":1}\",\"{\"\"Id\"\":2}\"\n50,170\n61,180\n";
    let message = "line 2 has text where the lines below have numbers (column \"Q1\": \"How old?\", then \"50\")";
    assert_next_step(qualtrics, "", message, "sed 2,3d old.csv > new.csv", &Statistics("Q1,2,0,55.5\nQ2,2,0,175\n"));
    let ratio = "age,ratio,sbp\nyears,1,mmHg\n50,0.5,120\n61,0.7,140\n";
    let message = "line 2 has text where the lines below have numbers (column \"age\": \"years\", then \"50\")";
    assert_next_step(
        ratio,
        "",
        message,
        "sed 2d old.csv > new.csv",
        &Statistics("age,2,0,55.5\nratio,2,0,0.6\nsbp,2,0,130\n"),
    );
    assert_next_step(
        "# exported 2024\nweight\n1\n2\n",
        "",
        "line 1 starts with '#'",
        "--skip-lines 1",
        &Statistics("weight,2,0,1.5\n"),
    );
    assert_next_step(
        "Report;2024\nname;Hb\nA;13\nB;14\n",
        "",
        "\"Hb\" is not a number",
        "--skip-lines 1",
        &Statistics("Hb,2,0,13.5\n"),
    );
}

#[test]
fn a_total_in_the_last_row_is_removed() {
    let total = "id,cost\n1,10\n2,20\nTotal,30\n";
    assert_next_step(
        total,
        "",
        "line 4, column \"id\": \"Total\"",
        "sed '4,$d' old.csv > new.csv",
        &Statistics("id,2,0,1.5\ncost,2,0,15\n"),
    );
}

#[test]
fn short_rows_of_each_layout_are_filled() {
    let rows: String = (1..=120).map(|row| format!("{row}\t{}\t{}\n", 50 + row % 9, 120 + row % 7)).collect();
    let named = format!("age\tsbp\n{rows}121\t50\n");
    let message = "line 122: 2 fields, but the first row has 3";
    assert_next_step(
        named,
        "",
        message,
        "--fill-short-rows",
        &Statistics("age,121,0,53.917355371900825\nsbp,120,1,122.98333333333333\n"),
    );
    let trailing = format!("age,sbp\n{}51\n", "50,120,\n".repeat(120));
    assert_next_step(
        trailing,
        "",
        "line 122: 1 field",
        "--fill-short-rows",
        &Statistics("age,121,0,50.00826446280992\nsbp,120,1,120\n"),
    );
}

#[test]
fn unprintable_cells_and_names_are_quoted_in_next_steps() {
    let tab = "id,sbp\n1,120\n2,\"not\tdone\"\n3,140\n";
    let step = "--missing \"$(printf 'NA,N/A,NaN,null,not\\011done')\"";
    assert_next_step(tab, "", "\"not\\tdone\" is not a number", step, &Statistics("id,3,0,2\nsbp,2,1,130\n"));
    let named = "\"a\tb\",c\n1,2\nx,4\n3,5\n";
    assert_next_step(
        named,
        "",
        "\"x\" is not a number",
        "--exclude \"$(printf 'a\\011b')\"",
        &Statistics("c,3,0,3.6666666666666665\n"),
    );
    // The end-of-file character of DOS.
    assert_means("id,sbp\n1,120\n2,130\n\x1A", &[], "id,2,0,1.5\nsbp,2,0,125\n");
}

#[test]
fn rows_in_a_quoted_field_are_reported() {
    let notices = assert_means("a,b,c\n1,\"left arm,120\n2,right arm\",130\n3,x,140\n", &[], "a,2,0,2\nc,2,0,135\n");
    assert!(notices.contains("line 2: a quoted field contains line breaks and what may be whole rows"), "{notices}");
    let notices = assert_means("a,b,c\n1,\"left, or\nright arm\",130\n3,x,140\n", &[], "a,2,0,2\nc,2,0,135\n");
    assert!(!notices.contains("quoted field"), "{notices}");
}

#[test]
fn codes_with_a_comma_need_quotation_marks() {
    let csv = "id;v\n1;-9,9\n2;9\n3;3,5\n";
    let notices = assert_means(csv, &["--decimal-comma", "--missing", "-9,9"], "id,3,0,2\nv,2,1,-3.2\n");
    assert!(notices.contains("put a code that contains a comma in quotation marks"), "{notices}");
    assert_means(csv, &["--decimal-comma", "--missing", "\"-9,9\""], "id,3,0,2\nv,2,1,6.25\n");
    let notices = assert_means("id,x\n1,-99\n2,5\n", &["--missing", "-99,-99.0"], "id,2,0,1.5\nx,1,1,5\n");
    assert!(!notices.contains("no cell matches"), "{notices}");
}

/// A line of text below or between the rows is not a row that lacks cells.
#[test]
fn remarks_among_rows_are_removed_or_read_as_comments() {
    let states = "\"State\",\"1969\",\"1970\"\n\"Alabama\",2734,2962\n\"Alaska\",4560,4837\n\"Source: BEA, 2009\"\n";
    let statistics = Statistics("1969,2,0,3647\n1970,2,0,3899.5\n");
    assert_next_step(states, "", "line 4: 1 field, but the header has 3", "sed 4d old.csv > new.csv", &statistics);
    let source = "state,age,bmi\na,50,22.5\nb,60,27.5\nSource: registry\n";
    let statistics = Statistics("age,2,0,55\nbmi,2,0,25\n");
    assert_next_step(
        source,
        "",
        "If the line is a remark, not a row, remove it",
        "sed 4d old.csv > new.csv",
        &statistics,
    );
    let note = "id,v\n1,2.5\n# note\n2,3.5\n";
    let statistics = Statistics("id,2,0,1.5\nv,2,0,3\n");
    assert_next_step(note, "", "line 3: 1 field, but the header has 2", "--comment '#'", &statistics);
    let comments = "# a comment\nid,value\n1,2.5\n# another\n2,3.5\n";
    let statistics = Statistics("id,2,0,1.5\nvalue,2,0,3\n");
    assert_next_step(
        comments,
        "",
        "line 1: 1 field, but line 2 and the lines below have 2",
        "--comment '#'",
        &statistics,
    );
    let short = "Report 2020\nid,value\n1,2.5\n2,3.5\n3\n";
    assert_next_step(short, "", "line 1: 1 field", "--skip-lines 1", &Error("line 5: 1 field, but the header has 2"));
}

#[test]
fn titles_above_headers_with_fewer_or_more_fields_than_the_rows_are_skipped() {
    let bls =
        "Series Id: LNS14000000Q\nTitle: Rate\n\nSeries id,Year,Value,\nLNS,1959,5.8\nLNS,1960,5.1\nLNS,1961,6.2\n";
    let statistics = Statistics("Year,3,0,1960\nValue,3,0,5.7\n");
    assert_next_step(bls, "", "line 1: 1 field, but line 4 and the lines below have 4", "--skip-lines 3", &statistics);
    let named = "Report 2020\nsex\tage\nAnn\tf\tNA\nBob\tm\t60\nCid\tm\t70\n";
    assert_next_step(named, "", "line 1: 1 field", "--skip-lines 1", &Statistics("age,2,1,65\n"));
    let two = "Report\nDate:;2024\nname;Hb;x\nA;13;5\nB;14;6\n";
    let second = "line 2: 2 fields, but line 3 and the lines below have 3";
    assert_next_step(two, "", "line 1: 1 field", "--skip-lines 1", &Error(second));
    assert_next_step(two, "--skip-lines 1", second, "--skip-lines 2", &Statistics("Hb,2,0,13.5\nx,2,0,5.5\n"));
}

/// Two columns may have the same name if neither is used.
#[test]
fn duplicate_names_are_allowed_for_unused_columns() {
    let area = "Area,Area,jobs\nA,A,5\nB,B,7\n";
    assert_means(area, &[], "jobs,2,0,6\n");
    let twice = "t,t,jobs\n1,A,5\n2,B,7\n";
    let message = "line 1: duplicate column name \"t\" in fields 1 and 2";
    assert_next_step(twice, "", message, "--exclude t", &Statistics("jobs,2,0,6\n"));
    assert_means(twice, &["--columns", "jobs"], "jobs,2,0,6\n");
    assert_rejected(twice, &["--columns", "t"], &[message]);
}

#[test]
fn a_blank_first_name_makes_the_other_numbers_names() {
    let food = "\"\",\"1940\",\"1945\"\n\"Food\",22.2,44.5\n\"Household\",10.5,15.5\n";
    assert_means(food, &[], "1940,2,0,16.35\n1945,2,0,30\n");
    let sizes = food.replace("1940", "10").replace("1945", "20");
    let notices = assert_means(sizes, &[], "10,2,0,16.35\n20,2,0,30\n");
    assert!(notices.contains("2 of 2 names in the header are numbers"), "{notices}");
}

/// A row of text may be data or not: the next step names both.
#[test]
fn rows_of_text_at_both_ends_are_removed_together() {
    let totals = "id,cost\n1,10\n2,20\nTotal,30\nMean,15\n";
    let message = "If line 4 and the lines below (totals, remarks) are not data";
    assert_next_step(totals, "", message, "sed '4,$d' old.csv > new.csv", &Statistics("id,2,0,1.5\ncost,2,0,15\n"));
    let units = "age,ratio\nyears,1\n40,2.5\n50,3.5\n";
    let message = "If line 2 (a header, units) is not data";
    assert_next_step(units, "", message, "sed '2d' old.csv > new.csv", &Statistics("age,2,0,45\nratio,2,0,3\n"));
    let both = "age,ratio\nyears,1\n40,2.5\n50,3.5\nSource: lab,\n";
    assert_next_step(both, "", "line 2", "sed '2d; 5,$d' old.csv > new.csv", &Statistics("age,2,0,45\nratio,2,0,3\n"));
    // Rows without the value are data all the same.
    let sandbox = crate::sandbox::Sandbox::new();
    sandbox.write("gap.csv", "age,ratio\nyears,1\n,2.5\n50,3.5\n51,3.5\nn/d,4\n,5\n");
    let output = sandbox.run(["run", "--input", "gap.csv"]).expect_code(3);
    assert!(!output.stderr.contains("sed"), "{}", output.stderr);
    let lists =
        "\"a\",\"q\"\n\"How old?\",\"Which?\"\n\"{1}\",\"{2}\"\n\"40\",\"1,2\"\n\"41\",\"3\"\n\"42\",\"1,3,4\"\n";
    assert_next_step(
        lists,
        "",
        "line 2 has text",
        "sed 2,3d old.csv > new.csv",
        &Error("1 cell is not a number: \"1,3,4\""),
    );
}

#[test]
fn comments_that_look_like_rows_are_reported() {
    let stars = "name,age\n*Ann,40\nBob,41\nEve,45\n* provisional\n";
    let message = "line 5: 1 field, but the header has 2";
    assert_next_step(stars, "", message, "sed 5d old.csv > new.csv", &Statistics("age,3,0,42\n"));
    let items = "item,price\n1,10\n#2,20\n3,60\n# end\n";
    let notices = assert_means(items, &["--comment", "#"], "item,2,0,2\nprice,2,0,35\n");
    assert!(notices.contains("line 3 is skipped as a comment, but has as many cells as a row"), "{notices}");
    let remark = "name,age\nAnn,40\nBob,41\n\"Source:\nlab\"\n";
    assert_next_step(remark, "", "line 4: 1 field", "sed 4,5d old.csv > new.csv", &Statistics("age,2,0,40.5\n"));
    let one = "# exported\nhb\n13,4\n14,7\n";
    assert_next_step(one, "", "line 1 starts with '#'", "--comment '#'", &Error("but the header has one name, \"hb\""));
    assert_means("#runs\n5\n6\n", &[], "#runs,2,0,5.5\n");
    // The option does not skip a quoted comment, and it is not suggested again.
    let quoted = "\"# exported by x\"\nage,hb\n50,12.5\n60,13.1\n";
    let statistics = Statistics("age,2,0,55\nhb,2,0,12.8\n");
    assert_next_step(quoted, "", "line 1: 1 field", "--comment '#'", &Error("--skip-lines 1"));
    assert_next_step(quoted, "--comment '#'", "line 1: 1 field", "--skip-lines 1", &statistics);
    let end = "age,hb\n50,12.5\n60,13.1\n # end\n";
    assert_next_step(end, "--comment '#'", "line 4: 1 field", "sed 4d old.csv > new.csv", &statistics);
}

#[test]
fn a_remark_or_the_end_of_a_dos_file_is_not_a_row() {
    let statistics = Statistics("age,2,0,40.5\nhb,2,0,12.65\n");
    let r = "\"age\",\"hb\"\n\"1\",40,13.2\n\"2\",41,12.1\nSource: lab\n";
    assert_next_step(r, "", "line 4: 1 field, but the first row has 3", "sed 4d old.csv > new.csv", &statistics);
    let trailing = "age,hb\n40,13.2,\n41,12.1,\nSource: lab\n";
    assert_next_step(trailing, "", "line 4: 1 field", "sed 4d old.csv > new.csv", &statistics);
    assert_means("age\thb\n1\t40\t13.2\n2\t41\t12.1\n\x1A", &[], "age,2,0,40.5\nhb,2,0,12.65\n");
    assert_means("a;b\n1;2;\n3;4;\n\x1A", &[], "a,2,0,2\nb,2,0,3\n");
    let quoted = "\"txt\",\"n\",\"g\"\n\"1\",\"a \"\"b\"\" \"\"c\"\"\",1,\"x\"\n\"2\",\"plain\",2,\"y\"\n";
    assert_means(quoted, &[], "n,2,0,1.5\n");
}

#[test]
fn names_that_are_column_numbers_or_years_are_not_data() {
    assert_means(",0,1,2\n0,1.5,2.5,3.5\n1,4.5,5.5,6.5\n", &[], ",2,0,0.5\n0,2,0,3\n1,2,0,4\n2,2,0,5\n");
    let notices = assert_means("country,2019,2020\nA,1,2\nB,3,4\n", &[], "2019,2,0,2\n2020,2,0,3\n");
    assert!(!notices.contains("names in the header"), "{notices}");
}

/// sed supports neither lone CR nor UTF-16.
#[test]
fn files_that_sed_cannot_edit_are_converted_first() {
    let cr = "age,hb\ryears,g/dl\r40,13.2\r41,12.1\r";
    let message = "line 2 has text where the lines below have numbers";
    assert_next_step(cr, "", message, "tr '\\r' '\\n' < old.csv > new.csv", &Error("sed 2d old.csv > new.csv"));
    let utf16 = "\u{FEFF}age,hb\n40,13.2\n41,12.1\nTotal,\n".encode_utf16().flat_map(u16::to_le_bytes);
    let words = Error("sed '4,$d' old.csv > new.csv");
    let utf16: Vec<u8> = utf16.collect();
    assert_next_step(utf16, "", "\"Total\" is not a number", "iconv -f UTF-16 -t UTF-8 old.csv > new.csv", &words);
}

#[test]
fn tables_separated_by_spaces_may_have_row_names() {
    let statistics = Statistics("age,2,0,55.5\nsbp,2,0,130\n");
    assert_next_step(
        "age sbp\n1 50 120\n2 61 140\n",
        "",
        "the file has only one column",
        "--delimiter space",
        &statistics,
    );
}

#[test]
fn columns_in_a_different_format_are_excluded_together() {
    let codes = "a;b;c\n1,5;1;3\n2;1,2;4\n3;2,3;5\n4,5;3;6\n";
    assert_next_step(codes, "", "same problem in \"b\"", "--exclude a,b", &Statistics("c,4,0,4.5\n"));
}
