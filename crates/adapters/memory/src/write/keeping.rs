//! What is kept of an aggregate beside its events, and how a state is had of it again.

use std::sync::Arc;

use portolan_kernel::{
    AggregateType, AnyState, Encoded, Envelope, Loaded, Origin, Replayed, Result, Storage, Version,
};
use uuid::Uuid;

/// How many events are replayed at once.
const PAGE: usize = 1_000;

/// What is kept of an aggregate that is there.
#[derive(Clone)]
pub(super) enum Stored {
    /// The state itself: relational storage takes nothing apart where there are no rows.
    State(AnyState),
    /// Its document.
    Document(Arc<Encoded>),
    /// Nothing beside its events, of which there is no snapshot: to replay them costs no reading.
    Events,
}

impl Stored {
    /// What is to be kept of this state.
    pub(super) fn of(storage: Storage, known: &dyn AggregateType, state: &AnyState) -> Result<Self> {
        Ok(match storage {
            Storage::Relational => Self::State(Arc::clone(state)),
            Storage::Document => Self::Document(Arc::new(known.encode_state(state)?)),
            Storage::Events => Self::Events,
        })
    }
}

/// An aggregate as it was found, of which a state is made when the store is no longer locked.
pub(super) struct Found {
    pub(super) id: Uuid,
    pub(super) version: Version,
    pub(super) stored: Stored,
    /// Its events, where nothing else is kept.
    pub(super) events: Vec<Arc<Envelope>>,
}

impl Found {
    /// The aggregate, or none where its events say so.
    pub(super) fn load(self, known: &dyn AggregateType) -> Result<Option<Loaded>> {
        let Self { id, version, stored, events } = self;
        let state = match stored {
            Stored::State(state) => Some(state),
            Stored::Document(document) => Some(known.decode_state(document.schema_version, &document.json)?),
            Stored::Events => replayed(known, &events)?,
        };
        Ok(state.map(|state| Loaded { id, version, state, origin: Origin::Stored }))
    }
}

fn replayed(known: &dyn AggregateType, events: &[Arc<Envelope>]) -> Result<Option<AnyState>> {
    let mut replayed = Replayed::default();
    for page in events.chunks(PAGE) {
        let page: Vec<Envelope> = page.iter().map(|event| Envelope::clone(event)).collect();
        replayed = known.replay(replayed, &page)?;
    }
    Ok(replayed.state)
}
