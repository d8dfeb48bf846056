//! Change sets as a unit of work ships them, caught in front of the store: for what no unit of work would ship.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, ChangeSet, Committed, Error, Expected, Loaded, Position, RecordedOutcome, Result,
    Selection, Version, WriteStore,
};
use uuid::Uuid;

use super::{Event, Sample, get, happen, key};
use crate::{OrBreach, Subject, Verdict};

/// The change set in which these events happen to what is there, or begin it.
pub(super) async fn caught<S: Sample>(
    subject: &Subject,
    name: &str,
    is_first: bool,
    events: Vec<Event<S>>,
) -> Verdict<ChangeSet> {
    let store = Arc::new(Catching { inner: subject.store()?, caught: Mutex::new(None) });
    let unit = subject.side_over(Arc::clone(&store) as _).begin(subject.context());
    if is_first {
        unit.repository::<S::Aggregate>().add(events)?;
    } else {
        happen::<S>(&get::<S>(&unit, name).await?, events)?;
    }
    drop(unit.commit(key::<S>(name)).await);
    store.caught.lock().unwrap_or_else(PoisonError::into_inner).take().or_breach("a change set")
}

/// The same, expecting what is there at this version.
pub(super) async fn caught_at<S: Sample>(
    subject: &Subject,
    name: &str,
    version: Version,
    events: Vec<Event<S>>,
) -> Verdict<ChangeSet> {
    let mut change_set = caught::<S>(subject, name, false, events).await?;
    for change in &mut change_set.changes {
        change.expected = Expected::At(version);
    }
    Ok(change_set)
}

/// A store that keeps what it is to commit.
struct Catching {
    inner: Arc<dyn WriteStore>,
    caught: Mutex<Option<ChangeSet>>,
}

#[async_trait]
impl WriteStore for Catching {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        self.inner.load(key).await
    }

    async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        self.inner.select(selection).await
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        *self.caught.lock().unwrap_or_else(PoisonError::into_inner) = Some(change_set);
        Err(Error::unavailable("it was caught"))
    }

    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        self.inner.outcome(command_id).await
    }

    fn last_position(&self) -> Position {
        self.inner.last_position()
    }
}
