//! The two passes over a CSV file: the second must be able to encode every table that the first accepts.
#![no_main]

use hestat::encoding::Plan;
use hestat::foundation::observer::Observer;
use hestat::pipeline::Spool;
use hestat::statistics;
use hestat::table::{CsvSource, Dialect, Schema, Selection, TableError, TableReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let source = CsvSource::spooled("fuzz", Box::new(Spool::fill(bytes, &std::env::temp_dir()).expect("bytes in memory")));
    match Schema::learn(&source, &Dialect::default(), &Selection::default(), Observer::null()) {
        Ok(schema) => encode(&source, &schema).expect("the second pass reads what the first has read"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

fn encode(source: &CsvSource, schema: &Schema) -> Result<(), TableError> {
    let plan = Plan::new(schema.rows, &schema.columns, &statistics::ALL);
    let mut reader = TableReader::open(source, &schema.dialect, Observer::null())?;
    let mut slots = vec![0; plan.slots()];
    let mut rows = 0;
    while reader.next_row()? {
        plan.encode(|position| reader.cell(position), &mut slots).expect("the plan fits every cell of the table");
        assert!(slots.iter().all(|slot| *slot < 1 << 20));
        rows += 1;
    }
    assert_eq!(rows, schema.rows);
    assert!(reader.digest() == schema.digest);
    Ok(())
}
