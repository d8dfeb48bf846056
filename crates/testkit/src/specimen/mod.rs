//! A view with a field of every kind: what the clauses about specifications ask of a read model.

use portolan_kernel::specification::{Decimal, Embedded, Value};
use portolan_kernel::{
    Id as _, Money, Projector, Recorded, Result, StoredRow, StoredView, Timestamp, View, candidate,
};
use uuid::Uuid;

pub use random::Random;

pub(crate) mod random;

portolan_kernel::id_type! {
    /// One specimen.
    pub struct SpecimenId;
}

/// How far a specimen has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Found.
    Found,
    /// Looked at.
    Examined,
    /// Put away.
    Kept,
}

portolan_kernel::enumeration!(Stage { Found = "found", Examined = "examined", Kept = "kept" });

/// A row with a field of every kind, each of them once with null where it can be.
#[derive(Debug, Clone, PartialEq)]
pub struct Specimen {
    /// Its id.
    pub id: SpecimenId,
    /// True or false.
    pub flag: Option<bool>,
    /// A whole number.
    pub number: Option<i64>,
    /// An exact decimal number.
    pub exact: Option<Decimal>,
    /// A text that is always there.
    pub title: String,
    /// A text.
    pub text: Option<String>,
    /// One of a few names.
    pub stage: Option<Stage>,
    /// A UUID.
    pub other: Option<Uuid>,
    /// A point in time.
    pub moment: Option<Timestamp>,
    /// Some money.
    pub price: Option<Money>,
    /// An embedded object: a city, which may be unknown.
    pub place: Option<Place>,
    /// Plain texts.
    pub tags: Vec<String>,
    /// Plain numbers.
    pub counts: Vec<i64>,
    /// Elements with fields of their own.
    pub parts: Vec<Part>,
}

/// Where a specimen was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The town, where it is known.
    pub city: Option<String>,
}

/// A part of a specimen.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// How many.
    pub quantity: i64,
    /// What one is worth.
    pub worth: Option<Money>,
}

candidate! {
    /// The fields of a [`Specimen`].
    pub mod specimen: Specimen {
        id: SpecimenId [sortable],
        flag: Option<bool> [sortable],
        number: Option<i64> [sortable],
        exact: Option<Decimal> [sortable],
        title: String [sortable, searchable],
        text: Option<String> [sortable, searchable],
        stage: Option<Stage> [sortable],
        other: Option<Uuid> [sortable],
        moment: Option<Timestamp> [sortable],
        price: Option<Money> [sortable],
        place: Option<Embedded> [] = |specimen| specimen.place.as_ref().map(|_| Embedded),
        city as "place.city": Option<String> [sortable]
            = |specimen| specimen.place.as_ref().and_then(|place| place.city.as_deref()),
        tags: Vec<String> [],
        counts: Vec<i64> [],
        parts: Vec<Part> [],
    }
}

candidate! {
    /// The fields of a [`Part`].
    pub mod part: Part {
        name: String [searchable],
        quantity: i64 [],
        worth: Option<Money> [],
    }
}

impl View for Specimen {
    const NAME: &'static str = "specimens";
    type Id = SpecimenId;

    fn id(&self) -> SpecimenId {
        self.id
    }
}

impl StoredView for Specimen {
    fn stored_id(id: &SpecimenId) -> Value {
        Value::Uuid(id.uuid())
    }

    fn restore(row: &mut dyn StoredRow) -> Result<Self> {
        let place: Option<Embedded> = row.take(specimen::place())?;
        let city = row.take(specimen::city())?;
        Ok(Self {
            id: row.take(specimen::id())?,
            flag: row.take(specimen::flag())?,
            number: row.take(specimen::number())?,
            exact: row.take(specimen::exact())?,
            title: row.take(specimen::title())?,
            text: row.take(specimen::text())?,
            stage: row.take(specimen::stage())?,
            other: row.take(specimen::other())?,
            moment: row.take(specimen::moment())?,
            price: row.take(specimen::price())?,
            place: place.map(|_| Place { city }),
            tags: row.take_list(specimen::tags())?,
            counts: row.take_list(specimen::counts())?,
            parts: row.take_each(specimen::parts(), |row| {
                Ok(Part {
                    name: row.take(part::name())?,
                    quantity: row.take(part::quantity())?,
                    worth: row.take(part::worth())?,
                })
            })?,
        })
    }
}

/// What happens to specimens.
#[derive(Debug, Clone, PartialEq)]
pub enum SpecimenEvent {
    /// The row is this from now on.
    Put(Box<Specimen>),
    /// The row is gone.
    Removed(SpecimenId),
}

/// Fills the view of specimens.
#[derive(Debug, Clone, Copy)]
pub struct SpecimenProjector;

impl Projector<SpecimenEvent> for SpecimenProjector {
    type View = Specimen;

    fn target(&self, event: &Recorded<SpecimenEvent>) -> Option<SpecimenId> {
        Some(match &event.event {
            SpecimenEvent::Put(specimen) => specimen.id,
            SpecimenEvent::Removed(id) => *id,
        })
    }

    fn project(&self, row: &mut Option<Specimen>, event: &Recorded<SpecimenEvent>) {
        *row = match &event.event {
            SpecimenEvent::Put(specimen) => Some(Specimen::clone(specimen)),
            SpecimenEvent::Removed(_) => None,
        };
    }
}
