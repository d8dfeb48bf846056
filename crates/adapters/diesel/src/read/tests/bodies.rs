//! Rows as bytes: what was kept is restored, and nothing else is.

use portolan_kernel::{Error, StoredRow, Version};
use proptest::prelude::*;
use proptest::sample::Index;

use super::super::body::{self, Values};
use super::super::rows::Kept;
use crate::generators::parcels;
use crate::parcel::{Parcel, ParcelId, parcel};
use crate::parcels::numbered_parcel;

/// The bytes before the first value.
const NUMBERS: usize = 16;

fn body_of(row: &Parcel) -> Vec<u8> {
    body::of(7, Version(3), row).unwrap()
}

fn restored(bytes: &[u8]) -> Result<Kept<Parcel>, Error> {
    body::restored(bytes)
}

/// The row without the country of its address, which is no field.
fn as_kept(row: &Parcel) -> Parcel {
    let address = row.address.clone().map(|(city, _)| (city, String::new()));
    Parcel { address, ..row.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_row_is_restored_from_its_body(row in parcels(), number: i64, version: u64) {
        let bytes = body::of(number, Version(version), &row).unwrap();
        let kept = restored(&bytes).unwrap();
        prop_assert_eq!((kept.number, kept.version), (number, Version(version)));
        prop_assert_eq!(&*kept.view, &as_kept(&row));
    }

    #[test]
    fn a_body_that_is_cut_off_is_refused(row in parcels(), at: Index) {
        let bytes = body_of(&row);
        let cut = restored(&bytes[..at.index(bytes.len())]);
        prop_assert!(matches!(cut, Err(Error::Unavailable { .. })), "{:?}", cut);
    }

    #[test]
    fn a_damaged_body_is_refused_or_of_another_row(row in parcels(), at: Index, bit in 0..8_u8) {
        // Nothing is nothing, with however many decimals.
        let row = Parcel { volume: row.volume.filter(|volume| volume.mantissa() != 0), ..row };
        let bytes = body_of(&row);
        let (at, mut damaged) = (at.index(bytes.len()), bytes.clone());
        damaged[at] ^= 1_u8 << bit;
        if let Ok(other) = restored(&damaged) {
            prop_assert_ne!(body::of(other.number, other.version, &*other.view).unwrap(), bytes);
        }
    }
}

#[test]
fn values_are_read_in_any_order_and_again() {
    let parcel = numbered_parcel(7);
    let bytes = body_of(&parcel);
    let row: &mut dyn StoredRow = &mut Values::new(&bytes[NUMBERS..]);
    let label: Option<String> = row.take(parcel::label()).unwrap();
    let stops = row.take_each(parcel::stops(), |_| Ok(())).unwrap();
    let id: ParcelId = row.take(parcel::id()).unwrap();
    let again: Option<String> = row.take(parcel::label()).unwrap();
    assert_eq!((&label, stops.len(), id), (&parcel.label, parcel.stops.len(), parcel.id));
    assert_eq!(again, label);
}

#[test]
fn a_value_of_another_type_is_refused() {
    let bytes = body_of(&numbered_parcel(7));
    let row: &mut dyn StoredRow = &mut Values::new(&bytes[NUMBERS..]);
    let is_refused = |read: Result<(), Error>| matches!(read, Err(Error::Unavailable { .. }));
    assert!(is_refused(row.give(parcel::stops().path().field).map(drop)));
    assert!(is_refused(row.give_scalars(parcel::id().path().field, &mut |_| Ok(()))));
    assert!(is_refused(row.give_elements(parcel::tags().path().field, &mut |_| Ok(()))));
}
