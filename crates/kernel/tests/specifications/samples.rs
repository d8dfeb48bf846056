//! Parcels that tests look at: one with a value in every field, one with as little as there can be.

use portolan_kernel::Money;

use crate::parcel::{Parcel, ParcelId, Stage, Stop};

/// The money in this text.
pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// A parcel with a value in every field.
pub(crate) fn full() -> Parcel {
    Parcel {
        id: ParcelId::derived(uuid::Uuid::nil(), "full"),
        fragile: true,
        weight: 12,
        volume: Some("1.50".parse().unwrap()),
        label: Some("Ærø lamp, 100%_\\ naïve".to_owned()),
        stage: Stage::Sent,
        sent_at: Some("2026-01-05T08:00:00.000001Z".parse().unwrap()),
        postage: Some(money("12.50 EUR")),
        address: Some(("Turku".to_owned(), "FI".to_owned())),
        tags: vec!["blue".to_owned(), "old".to_owned()],
        stops: vec![
            Stop { city: "Turku".to_owned(), toll: Some(money("3 EUR")) },
            Stop { city: "Åbo".to_owned(), toll: None },
        ],
    }
}

/// A parcel with nothing in every field that may be empty.
pub(crate) fn bare() -> Parcel {
    Parcel {
        id: ParcelId::derived(uuid::Uuid::nil(), "bare"),
        fragile: false,
        weight: i64::MIN,
        volume: None,
        label: None,
        stage: Stage::Packed,
        sent_at: None,
        postage: None,
        address: None,
        tags: vec![],
        stops: vec![],
    }
}
