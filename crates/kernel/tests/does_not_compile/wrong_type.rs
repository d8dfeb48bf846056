//! A field compares only with values of its own type.

use portolan_kernel::Money;

portolan_kernel::id_type! {
    /// One parcel.
    pub struct ParcelId;
    /// One sender.
    pub struct SenderId;
}

pub struct Parcel {
    id: ParcelId,
    weight: i64,
    label: Option<String>,
    postage: Money,
}

portolan_kernel::candidate! {
    pub mod parcel: Parcel {
        id: ParcelId [sortable],
        weight: i64 [sortable],
        label: Option<String> [sortable],
        postage: Money [sortable],
    }
}

fn main() {
    let _ = parcel::weight().gt("heavy");
    let _ = parcel::label().eq(5);
    let _ = parcel::postage().lt(5000);
    let _ = parcel::id().eq(SenderId::derived(uuid::Uuid::nil(), "somebody"));
    let _ = parcel::weight().contains("5");
    let _ = parcel::label().search("lamp");
}
