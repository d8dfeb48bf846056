//! Of which journal a view is filled.

use portolan_kernel::{Batch, Position, Projection, Taken};

use super::Shelf;
use crate::parcel::Parcel;
use crate::parcels::numbered_parcel;

fn last_taken(shelf: &Shelf) -> Option<Taken> {
    shelf.runtime.block_on(Projection::<Option<Parcel>>::last_taken(&shelf.projection)).unwrap()
}

#[test]
fn the_last_event_is_known_until_the_view_is_emptied() {
    let Some(mut shelf) = Shelf::new() else { return };
    assert_eq!(last_taken(&shelf), None);
    for position in 1..=3 {
        let parcel = numbered_parcel(u128::from(position));
        shelf.put([(parcel.id, Some(parcel))]);
        let event_id = uuid::Uuid::from_u128(u128::from(position));
        assert_eq!(last_taken(&shelf), Some(Taken { position: Position(position), event_id }));
    }
    // Events of no use move the view on, and leave the last one that was taken over.
    let before = last_taken(&shelf);
    let nothing = Batch::<Option<Parcel>>::new(&[], Position(9)).unwrap();
    shelf.runtime.block_on(shelf.projection.apply(nothing)).unwrap();
    assert_eq!(last_taken(&shelf), before);
    shelf.runtime.block_on(Projection::<Option<Parcel>>::reset(&shelf.projection)).unwrap();
    assert_eq!(last_taken(&shelf), None);
}
