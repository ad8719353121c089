//! Summaries and comparisons as JSON.

use serde_json::{Map, Value as Json, json};

use crate::foundation::text::is_hidden;
use crate::package::JobId;
use crate::statistics::{ColumnSummary, Comparison, Summary, Value};
use crate::table::SkippedColumn;

/// Returns a job's result. Exact sums are strings, because most readers parse JSON numbers as doubles.
pub fn result(
    job: JobId,
    rows: u64,
    summary: &Summary,
    skipped: &[SkippedColumn],
    notices: &[String],
    comparison: Option<&Comparison>,
) -> Json {
    let mut object = json!({
        "job": job,
        "rows": rows,
        "columns": columns(summary),
        "left_out": left_out(skipped),
        "notices": notices,
    });
    if let (Some(comparison), Some(object)) = (comparison, object.as_object_mut()) {
        object.insert("check".into(), check(comparison));
    }
    object
}

/// Returns a document on one line, [`escaped`].
pub fn line(json: &Json) -> String {
    escaped(&json.to_string())
}

/// Escapes every character that [`is_hidden`] in the text of a JSON document. The document's meaning does not change.
pub fn escaped(json: &str) -> String {
    // Line breaks outside strings are formatting; those in strings are escaped already. No other hidden character is
    // allowed outside strings.
    let escape = |c: char| if is_hidden(c) && c != '\n' { format!("\\u{:04x}", u32::from(c)) } else { c.into() };
    json.chars().map(escape).collect()
}

/// Returns the columns that were skipped although the user did not exclude them, with the reasons.
pub fn left_out(skipped: &[SkippedColumn]) -> Json {
    let column = |SkippedColumn { name, reason }: &SkippedColumn| {
        json!({
            "column": name,
            "reason": reason.word(),
            "detail": reason.to_string(),
        })
    };
    skipped.iter().map(column).collect()
}

fn columns(summary: &Summary) -> Vec<Json> {
    let column = |column: &ColumnSummary| {
        let values = summary.statistics.iter().zip(&column.values);
        let mut object: Map<String, Json> = values.map(|(name, found)| ((*name).to_owned(), value(found))).collect();
        object.insert("column".into(), column.name.clone().into());
        Json::Object(object)
    };
    summary.columns.iter().map(column).collect()
}

fn check(comparison: &Comparison) -> Json {
    let differences: Vec<Json> = comparison
        .differences()
        .iter()
        .map(|difference| {
            json!({
                "column": difference.column,
                "statistic": difference.statistic,
                "clear": value(&difference.clear),
                "decrypted": value(&difference.decrypted),
            })
        })
        .collect();
    json!({ "figures": comparison.value_count(), "differences": differences, "same_file": comparison.same_file })
}

fn value(value: &Value) -> Json {
    match value {
        Value::Count(count) => (*count).into(),
        Value::Exact(exact) => exact.to_string().into(),
        // JSON has no infinite numbers.
        Value::Double(double) if !double.is_finite() => double.to_string().into(),
        Value::Double(double) => (*double).into(),
        Value::Undefined => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hidden_characters_are_escaped() {
        let text = "\u{7f}\u{85}\u{9b}\u{61C}\u{200E}\u{202E}\u{2066}\u{2028}\u{2029}\u{1b}\n\tü\\";
        let written = escaped(&json!({ text: text }).to_string());
        assert!(
            written.contains("\\u007f\\u0085\\u009b\\u061c\\u200e\\u202e\\u2066\\u2028\\u2029\\u001b\\n\\tü\\\\"),
            "{written}"
        );
        assert_eq!(serde_json::from_str::<Json>(&written).unwrap(), json!({ text: text }));
    }

    proptest! {
        #[test]
        fn names_read_back_unchanged(name in "(?s).{0,9}|(?s)[\u{0}-\u{a0}\u{200b}-\u{2070}\"\\\\]{0,9}") {
            let column = ColumnSummary { name: name.clone(), values: vec![Value::Count(3)] };
            let summary = Summary { statistics: vec!["count"], columns: vec![column] };
            let written = escaped(&format!("{:#}", result(JobId::from_bytes([1; 16]), 3, &summary, &[], &[], None)));
            prop_assert!(!written.chars().any(|c| c != '\n' && is_hidden(c)));
            let read: Json = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(read["columns"][0]["column"].as_str(), Some(name.as_str()));
        }
    }
}
