//! Rows as bytes: what was kept is restored, and nothing else is.

use portolan_kernel::{Candidate, Error, StoredView};
use proptest::prelude::*;

use super::super::body::{self, Body};
use crate::generators::parcels;
use crate::parcel::{Parcel, parcel};

fn body_of(row: &Parcel) -> Vec<u8> {
    body::of(Parcel::schema().fields, row).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_row_is_restored_from_its_body(row in parcels()) {
        let bytes = body_of(&row);
        let restored = Parcel::restore(&mut Body::new(&bytes)).unwrap();
        // What is no field is not kept.
        prop_assert_eq!(body_of(&restored), bytes);
        let values = |row: &Parcel| format!("{:?}", Parcel::schema().fields.iter()
            .map(|field| row.value(field.index)).collect::<Vec<_>>());
        prop_assert_eq!(values(&restored), values(&row));
    }

    #[test]
    fn a_body_that_is_cut_off_or_damaged_is_refused_or_another_row(row in parcels(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let bytes = body_of(&row);
        let at = at.index(bytes.len());
        let cut = Parcel::restore(&mut Body::new(&bytes[..at]));
        prop_assert!(matches!(cut, Err(Error::Unavailable { .. })), "{:?}", cut);
        let mut damaged = bytes.clone();
        damaged[at] ^= 1_u8 << bit;
        if let Ok(other) = Parcel::restore(&mut Body::new(&damaged)) {
            prop_assert_ne!(body_of(&other), bytes);
        }
    }
}

#[test]
fn values_are_read_in_any_order_and_again() {
    let rows = crate::parcels::numbered(vec![crate::parcels::numbered_parcel(7)]);
    let bytes = body_of(&rows[0]);
    let mut body = Body::new(&bytes);
    let row: &mut dyn portolan_kernel::StoredRow = &mut body;
    let label: Option<String> = row.take(parcel::label()).unwrap();
    let stops = row.take_each(parcel::stops(), |_| Ok(())).unwrap();
    let id: crate::parcel::ParcelId = row.take(parcel::id()).unwrap();
    let again: Option<String> = row.take(parcel::label()).unwrap();
    assert_eq!((label.clone(), stops.len(), id), (rows[0].label.clone(), rows[0].stops.len(), rows[0].id));
    assert_eq!(again, label);
}

#[test]
fn a_value_of_another_type_is_refused() {
    let bytes = body_of(&crate::parcels::numbered_parcel(7));
    let mut body = Body::new(&bytes);
    let row: &mut dyn portolan_kernel::StoredRow = &mut body;
    // A collection is no single value, and a single value is no collection.
    assert!(matches!(row.give(parcel::stops().path().field), Err(Error::Unavailable { .. })));
    assert!(matches!(
        row.give_scalars(parcel::id().path().field, &mut |_| Ok(())),
        Err(Error::Unavailable { .. })
    ));
    assert!(matches!(
        row.give_elements(parcel::tags().path().field, &mut |_| Ok(())),
        Err(Error::Unavailable { .. })
    ));
}
