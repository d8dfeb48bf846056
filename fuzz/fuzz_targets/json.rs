//! Any document is a specification whose JSON form reads the same, or an error with a pointer.
//!
//! `cargo +nightly fuzz run json crates/kernel/tests/specifications/corpus/json`

#![no_main]

use libfuzzer_sys::fuzz_target;
use portolan_kernel::Specification;

use crate::parcel::Parcel;

#[path = "../../crates/kernel/tests/specifications/parcel.rs"]
mod parcel;

fuzz_target!(|text: &str| match Specification::<Parcel>::parse_json(text) {
    Ok(specification) => {
        let json = specification.to_json();
        assert_eq!(json.and_then(|json| Ok(Specification::from_json(&json)?)), Ok(specification));
    }
    Err(error) => assert!(error.pointer.is_empty() || error.pointer.starts_with('/'), "{error}"),
});
