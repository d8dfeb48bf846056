//! The kit's own aggregate: small, and with one of everything that a store can get wrong.
//!
//! A counter has a number over all of `i64`, a text, money, a time, one free place, and lines in an order of their
//! own whose keys are texts. A store of rows keeps it in two tables with the mapper that its own tests bring.

pub use codec::{CounterCodec, CounterDecoder, CounterEvent};
pub use event::{
    Event, Incremented, LineAdded, LineRemoved, LinesReordered, MomentSet, Opened, PlaceTaken, PriceSet,
    TextSet,
};
pub use refusal::Refused;
pub use sample::CounterSample;
pub use state::{Counter, Line};
pub use view::{CounterProjector, CounterView, counter_view};

use portolan_kernel::Registry;

mod codec;
mod decisions;
mod event;
pub mod fields;
mod refusal;
mod sample;
mod state;
mod view;

portolan_kernel::id_type! {
    /// One counter.
    pub struct CounterId;
}

/// A registry with the counter in it: what a store is opened with.
#[must_use]
pub fn registry() -> Registry {
    Registry::new().with::<Counter>(CounterCodec)
}
