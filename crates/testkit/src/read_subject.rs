//! What the clauses of a read model work on: two models, and a feed of events for them.

use std::collections::HashMap;

use portolan_kernel::{
    Batch, Cursor, Id as _, IdSource as _, Page, Position, Query, Recorded, Row, Timestamp, Version,
};

use crate::counter::{CounterEvent, CounterId, CounterView, Event};
use crate::specimen::{Specimen, SpecimenEvent};
use crate::{Effort, ReadHarness, ReadModel, SequentialIds, Verdict};

/// Two new models, of which a clause fills the first, with events that it makes up.
pub struct ReadSubject {
    /// The model that the clause is about.
    pub model: ReadModel,
    /// Another one, beside it.
    pub other: ReadModel,
    /// A model of specimens.
    pub specimens: ReadModel<Specimen, SpecimenEvent>,
    ids: SequentialIds,
    position: Position,
    versions: HashMap<CounterId, Version>,
    effort: Effort,
}

impl ReadSubject {
    pub(crate) async fn new(harness: &dyn ReadHarness, effort: Effort) -> Verdict<Self> {
        let [model, other] = harness.models().await?;
        let specimens = harness.specimens().await?;
        let (ids, versions) = (SequentialIds::new(0), HashMap::new());
        Ok(Self { model, other, specimens, ids, position: Position::ZERO, versions, effort })
    }

    /// How much work to make of `count`.
    #[must_use]
    pub const fn effort(&self, count: usize) -> usize {
        self.effort.of(count)
    }

    /// The last position of the events so far.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// The next event of the journal: this happened to this counter.
    pub fn event(&mut self, id: CounterId, event: CounterEvent) -> Recorded<CounterEvent> {
        self.position = self.position.plus(1);
        let version = self.versions.entry(id).or_default();
        *version = version.plus(1);
        Recorded {
            position: self.position,
            event_id: self.ids.next_id(),
            aggregate_id: id.uuid(),
            version: *version,
            occurred_at: Timestamp::default(),
            recorded_at: Timestamp::default(),
            metadata: "{}".to_owned(),
            event,
        }
    }

    /// The next events of the journal, one after another.
    pub fn events(&mut self, happened: Vec<(CounterId, Event)>) -> Vec<Recorded<CounterEvent>> {
        happened.into_iter().map(|(id, event)| self.event(id, CounterEvent::Happened(event))).collect()
    }

    /// Lets this happen, as one commit that the model takes over.
    ///
    /// # Errors
    /// A breach where it does not.
    pub async fn happen(
        &mut self,
        happened: Vec<(CounterId, Event)>,
    ) -> Verdict<Vec<Recorded<CounterEvent>>> {
        let events = self.events(happened);
        self.apply(&events).await?;
        Ok(events)
    }

    /// Removes a counter, as one commit that the model takes over.
    ///
    /// # Errors
    /// A breach where it does not.
    pub async fn remove(&mut self, id: CounterId) -> Verdict {
        let removed = self.event(id, CounterEvent::Removed);
        self.apply(&[removed]).await
    }

    /// Gives the model these events, as a batch that ends with the last of them.
    ///
    /// # Errors
    /// A breach where it does not take them.
    pub async fn apply(&self, events: &[Recorded<CounterEvent>]) -> Verdict {
        let to = events.last().map_or(self.position, |last| last.position);
        Ok(self.model.projection.apply(Batch::new(events, to)?.last()).await?)
    }

    /// Lets so many events happen of which the model has no use.
    ///
    /// # Errors
    /// A breach where it does not pass over them.
    pub async fn pass(&mut self, events: u64) -> Verdict {
        self.position = self.position.plus(events);
        Ok(self.model.projection.apply(Batch::new(&[], self.position)?).await?)
    }

    /// Makes the model of specimens hold these rows, each new.
    ///
    /// # Errors
    /// A breach where it does not take them.
    pub async fn collect(&mut self, specimens: Vec<Specimen>) -> Verdict {
        let events: Vec<Recorded<SpecimenEvent>> = specimens
            .into_iter()
            .map(|specimen| {
                self.position = self.position.plus(1);
                Recorded {
                    position: self.position,
                    event_id: self.ids.next_id(),
                    aggregate_id: specimen.id.uuid(),
                    version: Version(1),
                    occurred_at: Timestamp::default(),
                    recorded_at: Timestamp::default(),
                    metadata: "{}".to_owned(),
                    event: SpecimenEvent::Put(Box::new(specimen)),
                }
            })
            .collect();
        Ok(self.specimens.projection.apply(Batch::new(&events, self.position)?.last()).await?)
    }

    /// The row of a counter.
    ///
    /// # Errors
    /// A breach where it cannot be read.
    pub async fn row(&self, id: CounterId) -> Verdict<Option<Row<CounterView>>> {
        Ok(self.model.repository.get(&id).await?)
    }

    /// One page.
    ///
    /// # Errors
    /// A breach where it cannot be read.
    pub async fn find(&self, query: &Query<CounterView>) -> Verdict<Page<CounterView>> {
        Ok(self.model.repository.find(query).await?)
    }

    /// The ids of the rows of one page, and where the next one begins.
    ///
    /// # Errors
    /// A breach where it cannot be read.
    pub async fn page(&self, query: &Query<CounterView>) -> Verdict<(Vec<CounterId>, Option<Cursor>)> {
        let page = self.find(query).await?;
        Ok((page.rows.iter().map(|row| row.view.id).collect(), page.next))
    }
}

impl std::fmt::Debug for ReadSubject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ReadSubject").field("model", &self.model).finish_non_exhaustive()
    }
}
