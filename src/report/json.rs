//! Summaries and comparisons for programs.

use serde_json::{Map, Value as Json, json};

use crate::package::JobId;
use crate::statistics::{ColumnSummary, Comparison, Summary, Value};
use crate::table::SkippedColumn;

/// A job's result; exact sums are strings, for JSON's numbers are doubles to most readers.
pub fn result(
    job: JobId,
    rows: u64,
    summary: &Summary,
    skipped: &[SkippedColumn],
    comparison: Option<&Comparison>,
) -> Json {
    let mut object = json!({
        "job": job,
        "rows": rows,
        "columns": columns(summary),
        "left_out": left_out(skipped),
    });
    if let (Some(comparison), Some(object)) = (comparison, object.as_object_mut()) {
        object.insert("check".into(), check(comparison));
    }
    object
}

/// Columns that were left out although nobody asked for that.
pub fn left_out(skipped: &[SkippedColumn]) -> Json {
    let column = |SkippedColumn { name, reason }: &SkippedColumn| json!({ "column": name, "reason": reason.word(), "detail": reason.to_string() });
    skipped.iter().map(column).collect()
}

fn columns(summary: &Summary) -> Vec<Json> {
    let column = |column: &ColumnSummary| {
        let figures = summary.statistics.iter().zip(&column.values);
        let mut object: Map<String, Json> = figures.map(|(name, figure)| ((*name).to_owned(), value(figure))).collect();
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
    json!({ "figures": comparison.figures(), "differences": differences, "same_file": comparison.same_file })
}

fn value(value: &Value) -> Json {
    match value {
        Value::Count(count) => (*count).into(),
        Value::Exact(exact) => exact.to_string().into(),
        // An infinite double has no number in JSON.
        Value::Double(double) if !double.is_finite() => double.to_string().into(),
        Value::Double(double) => (*double).into(),
        Value::Undefined => Json::Null,
    }
}
