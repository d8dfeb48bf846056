//! Projections: how a read model is filled from the journal.

use async_trait::async_trait;
use uuid::Uuid;

use super::view::View;
use crate::{Epoch, Error, Position, Recorded, Result, Version};

/// What one view makes of events: pure, written once, used by every store.
///
/// It holds no rule of the domain: events carry results.
pub trait Projector<E>: Send + Sync + 'static {
    /// The view that it fills.
    type View: View;

    /// The row that the event is about; `None` for an event of something else.
    ///
    /// Events that change nothing in their row name it all the same: the row's version is the aggregate's.
    fn target(&self, event: &Recorded<E>) -> Option<<Self::View as View>::Id>;

    /// The version of the row after the event. A row over many aggregates counts by the journal's position.
    fn version(&self, event: &Recorded<E>) -> Version {
        event.version
    }

    /// Takes the event over into its row. `None` before: there is no such row yet; `None` after: there is none
    /// any more. It is called once for each event, in their order.
    fn project(&self, row: &mut Option<Self::View>, event: &Recorded<E>);
}

/// Events on their way into a read model: a part of the journal that does not end inside a commit.
#[derive(Debug)]
pub struct Batch<'a, E> {
    events: &'a [Recorded<E>],
    to: Position,
    epoch: Epoch,
    is_last: bool,
}

impl<'a, E> Batch<'a, E> {
    /// These events, in the order of their positions; behind them nothing of use up to `to`, which is the last
    /// position of a commit.
    ///
    /// # Errors
    /// [`Error::Invalid`] for events out of order, or beyond `to`.
    pub fn new(events: &'a [Recorded<E>], to: Position) -> Result<Self> {
        let in_order = events.windows(2).all(|pair| pair[0].position < pair[1].position);
        if !in_order || events.last().is_some_and(|last| last.position > to) {
            return Err(Error::Invalid(format!(
                "the events of a batch to {to} are out of order or beyond it"
            )));
        }
        Ok(Self { events, to, epoch: Epoch::ZERO, is_last: false })
    }

    /// The same batch, from the owner of this epoch.
    #[must_use]
    pub const fn under(self, epoch: Epoch) -> Self {
        Self { epoch, ..self }
    }

    /// The same batch, behind which there was nothing more when it was read.
    #[must_use]
    pub const fn last(self) -> Self {
        Self { is_last: true, ..self }
    }

    /// The events.
    #[must_use]
    pub const fn events(&self) -> &'a [Recorded<E>] {
        self.events
    }

    /// How far the journal has been looked through, events of no use included.
    #[must_use]
    pub const fn to(&self) -> Position {
        self.to
    }

    /// In which epoch of its subscription it was sent; [`Epoch::ZERO`] where nobody owns the model.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether there was nothing behind it when it was read: a model that put something off to catch up sooner, like
    /// its indexes, does it now.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.is_last
    }
}

impl<E> Clone for Batch<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Batch<'_, E> {}

/// An event that a read model has taken over. As no two journals have it at one place but where one is the copy of the
/// other, it tells of which journal the model was filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Its place in the journal.
    pub position: Position,
    /// Its id.
    pub event_id: Uuid,
}

impl Taken {
    /// This event.
    pub const fn of<E>(event: &Recorded<E>) -> Self {
        Self { position: event.position, event_id: event.event_id }
    }
}

/// The filling side of a read model: a port that only the subscription engine holds.
///
/// # Behaviour
/// - A batch is seen whole or not at all, and its position with it.
/// - An event whose [version](Projector::version) is not newer than its row's changes nothing: a batch that is
///   applied twice is applied once.
/// - A row's version is that of its last event, also where the event changed nothing else.
/// - A batch whose end the model has passed already changes nothing; the position never goes back but by a reset.
/// - A model that several processes share keeps its position as the [checkpoint](crate::Checkpoint) of the
///   subscription of its name and version 1, in the store that its rows are in, and writes both in one transaction.
///
/// # Errors
/// All methods answer [`Error::Unavailable`] where the store cannot be written, and then have changed nothing. A
/// shared model answers [`Error::Fenced`] to a batch of a former owner.
#[async_trait]
pub trait Projection<E: Send + Sync>: Send + Sync + 'static {
    /// The name of the subscription that fills it: `listings`.
    fn name(&self) -> &str;

    /// How far it is.
    async fn position(&self) -> Result<Position>;

    /// The last event that it took over, where it keeps that: as one does that outlives its process, and may be opened
    /// beside another journal.
    async fn last_taken(&self) -> Result<Option<Taken>> {
        Ok(None)
    }

    /// Takes the events over, and goes to the batch's end.
    async fn apply(&self, batch: Batch<'_, E>) -> Result<()>;

    /// Empties this model, and goes back to before the first event. Others are not touched.
    async fn reset(&self) -> Result<()>;
}
