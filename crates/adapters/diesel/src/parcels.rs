//! A view of parcels, which have a field of every kind, for the tests of every engine that keeps views.

use portolan_kernel::specification::{Embedded, Node, Value};
use portolan_kernel::{
    Candidate, Clock, Id as _, Index, Projector, Query, Recorded, Result, Sort, Specification, StoredRow,
    StoredView, Timestamp, Version, View,
};

use crate::parcel::{Parcel, ParcelId, Stage, Stop, parcel, stop};

pub(crate) type Parcels = Specification<Parcel>;

impl View for Parcel {
    const NAME: &'static str = "parcels";
    type Id = ParcelId;

    fn id(&self) -> ParcelId {
        self.id
    }

    fn indexes() -> Vec<Index<Self>> {
        vec![
            Index::ordered(parcel::id()),
            Index::ordered(parcel::weight()),
            Index::ordered(parcel::label()),
            Index::ordered(parcel::sent_at()),
            Index::ordered(parcel::postage().amount()),
            Index::hash(parcel::stage()),
            Index::hash(parcel::volume()),
            Index::words(parcel::label()),
            Index::hash_within(parcel::stops(), stop::city()),
            Index::words_within(parcel::stops(), stop::city()),
        ]
    }
}

impl StoredView for Parcel {
    fn stored_id(id: &ParcelId) -> Value {
        Value::Uuid(id.uuid())
    }

    fn restore(row: &mut dyn StoredRow) -> Result<Self> {
        let address: Option<Embedded> = row.take(parcel::address())?;
        let city: Option<String> = row.take(parcel::city())?;
        Ok(Self {
            id: row.take(parcel::id())?,
            fragile: row.take(parcel::fragile())?,
            weight: row.take(parcel::weight())?,
            volume: row.take(parcel::volume())?,
            label: row.take(parcel::label())?,
            stage: row.take(parcel::stage())?,
            sent_at: row.take(parcel::sent_at())?,
            postage: row.take(parcel::postage())?,
            // The country is no field, so no store keeps it.
            address: address.zip(city).map(|(_, city)| (city, String::new())),
            tags: row.take_list(parcel::tags())?,
            stops: row.take_each(parcel::stops(), |stop| {
                Ok(Stop { city: stop.take(stop::city())?, toll: stop.take(stop::toll())? })
            })?,
        })
    }
}

/// An event is the parcel as it is now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsItIs;

impl Projector<Option<Parcel>> for AsItIs {
    type View = Parcel;

    fn target(&self, event: &Recorded<Option<Parcel>>) -> Option<ParcelId> {
        Some(ParcelId::from_uuid(event.aggregate_id))
    }

    fn version(&self, event: &Recorded<Option<Parcel>>) -> Version {
        Version(event.position.get())
    }

    fn project(&self, row: &mut Option<Parcel>, event: &Recorded<Option<Parcel>>) {
        row.clone_from(&event.event);
    }
}

#[derive(Debug)]
pub(crate) struct Midnight;

impl Clock for Midnight {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}

/// What memory answers.
pub(crate) fn in_memory(parcels: &[Parcel], criteria: &Parcels, sort: &Sort<Parcel>) -> Vec<ParcelId> {
    let query = Query::new(criteria.clone()).sort(sort.clone());
    let checked = query.checked().unwrap();
    let mut rows: Vec<_> = parcels.iter().filter(|parcel| criteria.is_satisfied_by(parcel)).collect();
    rows.sort_by(|left, right| checked.order(*left, *right));
    rows.into_iter().map(|parcel| parcel.id).collect()
}

/// The specification in this text.
pub(crate) fn parsed(text: &str) -> Parcels {
    Parcels::parse(text).unwrap()
}

/// Gives each parcel an id of its own, and keeps of it what a store keeps.
pub(crate) fn numbered(parcels: Vec<Parcel>) -> Vec<Parcel> {
    let numbered = parcels.into_iter().zip(1_u128..).map(|(parcel, number)| Parcel {
        // In no order.
        id: uuid::Uuid::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)).into(),
        address: parcel.address.map(|(city, _)| (city, String::new())),
        ..parcel
    });
    numbered.collect()
}

/// The trees that a specification may have: few regular expressions.
pub(crate) fn is_allowed(node: &Node) -> bool {
    Parcels::from_tree(Node::or(vec![node.clone(), Node::not(node.clone())]))
        .is_ok_and(|both| both.tree().is_ok())
        && Parcel::schema().name == "Parcel"
}

/// A parcel like many.
pub(crate) fn numbered_parcel(number: u128) -> Parcel {
    let count = number as i64;
    Parcel {
        id: uuid::Uuid::from_u128(number).into(),
        fragile: number.is_multiple_of(2),
        weight: count % 1_000,
        volume: Some((count % 400).into()),
        label: Some(format!("parcel {number} {}", if number.is_multiple_of(100) { "lamp" } else { "desk" })),
        stage: if number.is_multiple_of(3) { Stage::Packed } else { Stage::Sent },
        sent_at: None,
        postage: Some(portolan_kernel::Money::new(count % 777, "EUR".parse().unwrap())),
        address: None,
        tags: Vec::new(),
        stops: vec![Stop { city: format!("city{}", number % 500), toll: None }],
    }
}
