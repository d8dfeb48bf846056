//! A candidate with a field of every kind.

use portolan_kernel::specification::{Decimal, Embedded};
use portolan_kernel::{Money, Timestamp};

portolan_kernel::id_type! {
    /// One parcel.
    pub(crate) struct ParcelId;
}

/// How far a parcel has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stage {
    /// Not sent.
    Packed,
    /// On its way.
    Sent,
}

portolan_kernel::enumeration!(Stage { Packed = "packed", Sent = "sent" });

/// A candidate with a field of every kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parcel {
    pub(crate) id: ParcelId,
    pub(crate) fragile: bool,
    pub(crate) weight: i64,
    pub(crate) volume: Option<Decimal>,
    pub(crate) label: Option<String>,
    pub(crate) stage: Stage,
    pub(crate) sent_at: Option<Timestamp>,
    pub(crate) postage: Option<Money>,
    pub(crate) address: Option<(String, String)>,
    pub(crate) tags: Vec<String>,
    pub(crate) stops: Vec<Stop>,
}

/// Where a parcel passes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stop {
    pub(crate) city: String,
    pub(crate) toll: Option<Money>,
}

portolan_kernel::candidate! {
    /// The fields of a [`Parcel`].
    pub(crate) mod parcel: Parcel {
        id: ParcelId [sortable],
        fragile: bool [sortable],
        weight: i64 [sortable],
        volume: Option<Decimal> [sortable],
        label: Option<String> [sortable, searchable],
        stage: Stage [sortable],
        sent_at: Option<Timestamp> [sortable],
        postage: Option<Money> [sortable],
        address: Option<Embedded> [] = |parcel| parcel.address.as_ref().map(|_| Embedded),
        city as "address.city": Option<String> [] = |parcel| parcel.address.as_ref().map(|(city, _)| &**city),
        tags: Vec<String> [],
        stops: Vec<Stop> [],
    }
}

portolan_kernel::candidate! {
    /// The fields of a [`Stop`].
    pub(crate) mod stop: Stop {
        city: String [searchable],
        toll: Option<Money> [],
    }
}
