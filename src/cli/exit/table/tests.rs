//! Every error of a random table has a next step, which edits the file with sed exactly if the error is about lines.

use proptest::prelude::*;

use super::*;
use crate::foundation::observer::Observer;
use crate::table::{CsvSource, Dialect, Schema, Selection};

proptest! {
    #[test]
    fn every_error_has_a_next_step_and_only_errors_about_lines_need_sed(text in "[0-9a,;\t\"#. \n-]{0,60}") {
        let source = CsvSource::spooled("test", Box::new(text));
        let learned = Schema::learn(&source, &Dialect::default(), &Selection::default(), Observer::null());
        if let Err(error) = learned {
            let next_step = next_step(&error);
            prop_assert!(!next_step.is_empty());
            prop_assert_eq!(next_step.contains("sed "), error.is_about_lines(), "{}: {}", error, next_step);
        }
    }
}
