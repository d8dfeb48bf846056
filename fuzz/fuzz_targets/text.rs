//! Any text is a specification that prints as one that reads the same, or an error with its place.
//!
//! `cargo +nightly fuzz run text crates/kernel/tests/specifications/corpus/text`

#![no_main]

use libfuzzer_sys::fuzz_target;
use portolan_kernel::Specification;

use crate::parcel::Parcel;

#[path = "../../crates/kernel/tests/specifications/parcel.rs"]
mod parcel;

fuzz_target!(|text: &str| match Specification::<Parcel>::parse(text) {
    Ok(specification) => {
        let printed = specification.to_string();
        // What was written with few signs may print as more than may be read.
        if printed.len() <= portolan_kernel::specification::MAX_TEXT_BYTES {
            assert_eq!(Specification::parse(&printed), Ok(specification), "{printed:?}");
        }
    }
    Err(error) => assert!(error.line >= 1 && error.column >= 1, "{error}"),
});
