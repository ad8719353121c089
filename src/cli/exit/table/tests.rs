use proptest::prelude::*;

use super::*;
use crate::foundation::observer::Observer;
use crate::table::{CsvSource, Dialect, Schema, Selection};

proptest! {
    #[test]
    fn every_error_has_a_remedy_and_only_errors_about_lines_need_sed(text in "[0-9a,;\t\"#. \n-]{0,60}") {
        let source = CsvSource::spooled("test", Box::new(text));
        let learned = Schema::learn(&source, &Dialect::default(), &Selection::default(), Observer::null());
        if let Err(error) = learned {
            let remedy = remedy(&error);
            prop_assert!(!remedy.is_empty());
            prop_assert_eq!(remedy.contains("sed "), error.is_about_lines(), "{}: {}", error, remedy);
        }
    }
}
