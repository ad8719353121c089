//! The sample is reproducible, and its answers are consistent.

use std::error::Error;

use super::{CORRELATIONS, weights, write_sample};

type Outcome = Result<(), Box<dyn Error>>;

fn sample(rows: u64, seed: u64) -> Result<String, Box<dyn Error>> {
    let mut table = Vec::new();
    write_sample(rows, seed, &mut table)?;
    Ok(String::from_utf8(table)?)
}

#[test]
fn a_shorter_table_is_the_beginning_of_a_longer_one() -> Outcome {
    let long = sample(1000, 7)?;
    for rows in [0, 1, 999, 1000] {
        assert!(long.starts_with(&sample(rows, 7)?));
    }
    assert_eq!(long.lines().count(), 1001);
    Ok(())
}

#[test]
fn the_rows_are_the_same_on_every_machine() -> Outcome {
    let table = sample(3, 1)?;
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert_eq!(
        rows,
        [
            "0,55,1,0,0,0,0,0,0,178,119,69,25.84,76,67,0",
            "1,64,NA,0,0,0,0,1,0,241,140.5,87.5,25.16,59,74,1",
            "1,48,4,0,0,0,0,0,0,201,113.5,82.5,32.94,80,NA,0",
        ]
    );
    assert_ne!(table, sample(3, 2)?);
    Ok(())
}

#[test]
fn only_smokers_smoke_and_only_the_hypertensive_take_medicine() -> Outcome {
    for row in sample(5000, 1)?.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!(cells.len(), 16, "{row}");
        assert_eq!(cells[3] == "0", cells[4] == "0", "{row}");
        assert!(cells[7] == "1" || cells[5] == "0", "{row}");
    }
    Ok(())
}

#[test]
fn the_correlation_matrix_is_positive_definite() {
    for (index, row) in weights().iter().enumerate() {
        assert_eq!(CORRELATIONS[index].len(), index);
        assert!(row[index] > 0.0, "the other scores over-determine score {index}");
    }
}
