//! `decrypted_results.csv`.

use crate::statistics::Summary;

/// A header, then one line per column in the CSV's order; numbers with the fewest digits that read back to the same
/// double, sums as exact decimals, nothing where a figure is not defined.
///
/// # Errors
/// None that memory does not give.
pub fn render(summary: &Summary) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["column"].iter().chain(&summary.statistics))?;
    for column in &summary.columns {
        let values = column.values.iter().map(ToString::to_string);
        writer.write_record([column.name.clone()].into_iter().chain(values))?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{ColumnSummary, Value};

    #[test]
    fn names_are_quoted_where_they_must_be() {
        let column = ColumnSummary { name: "a,\"b\"".into(), values: vec![Value::Count(3), Value::Undefined] };
        let summary = Summary { statistics: vec!["count", "mean"], columns: vec![column] };
        assert_eq!(render(&summary).unwrap(), b"column,count,mean\n\"a,\"\"b\"\"\",3,\n");
    }
}
