//! The journal, read and decoded once for all who follow it at the same place.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portolan_kernel::{Batch, Decoder, Envelope, Error, Journal, Position, Recorded, Result};
use tokio::sync::OnceCell;

/// How many batches are kept for those who come to the same place a little later.
const KEPT: usize = 6;

/// From how many events on a batch is decoded beside the runtime's workers, and let go when the head is reached.
const LARGE: usize = 512;

/// From how many bytes on a batch is decoded beside the runtime's workers, however few events it has.
const LARGE_BYTES: usize = 256 * 1024;

/// A part of the journal, decoded: it begins behind a position and ends with a commit.
pub(crate) struct Decoded<E> {
    pub(crate) after: Position,
    pub(crate) to: Position,
    events: Vec<Recorded<E>>,
    /// Whether nothing was known to be behind it when it was read.
    is_last: bool,
}

impl<E> Decoded<E> {
    /// The events behind this position.
    pub(crate) fn events_after(&self, position: Position) -> &[Recorded<E>] {
        let done = self.events.partition_point(|event| event.position <= position);
        &self.events[done..]
    }

    /// The same, on its way into a read model.
    pub(crate) fn batch_after(&self, position: Position) -> Result<Batch<'_, E>> {
        let batch = Batch::new(self.events_after(position), self.to)?;
        Ok(if self.is_last { batch.last() } else { batch })
    }

    fn covers(&self, position: Position) -> bool {
        self.after <= position && position < self.to
    }
}

/// Reads for everybody. Whoever comes first to a place reads it; the others there wait for the same batch.
///
/// A few batches are kept, so that subscriptions in step read each event once; one that falls further behind reads
/// by itself and is in step again when it has caught up.
pub(crate) struct Feed<E> {
    pub(crate) journal: Arc<dyn Journal>,
    decoder: Arc<dyn Decoder<Event = E>>,
    batch: usize,
    head: AtomicU64,
    places: Mutex<VecDeque<Arc<Place<E>>>>,
}

/// A place in the journal that somebody has asked to read from.
struct Place<E> {
    after: Position,
    batch: OnceCell<Arc<Decoded<E>>>,
}

impl<E: Send + Sync + 'static> Feed<E> {
    pub(crate) fn new(journal: Arc<dyn Journal>, decoder: Arc<dyn Decoder<Event = E>>, batch: usize) -> Self {
        Self { journal, decoder, batch, head: AtomicU64::new(0), places: Mutex::default() }
    }

    /// The last position that is known to be there.
    pub(crate) fn known_head(&self) -> Position {
        Position(self.head.load(Ordering::Relaxed))
    }

    pub(crate) fn note_head(&self, head: Position) {
        self.head.fetch_max(head.get(), Ordering::Relaxed);
    }

    /// A batch that holds what is behind this position; waits until there is something. It may begin earlier.
    ///
    /// Dropping the future hands the reading over to the next who waits at this place.
    pub(crate) async fn next(self: &Arc<Self>, after: Position) -> Result<Arc<Decoded<E>>> {
        let place = self.place(after);
        let batch = place.batch.get_or_try_init(|| self.wait_and_read(place.after)).await?;
        if batch.events.len() >= self.batch {
            self.read_ahead(batch.to);
        }
        Ok(Arc::clone(batch))
    }

    /// Reads the next batch while this one is applied, where it is sure that there is one.
    fn read_ahead(self: &Arc<Self>, after: Position) {
        if self.known_head() <= after {
            return;
        }
        let place = self.place(after);
        if place.batch.initialized() {
            return;
        }
        let feed = Arc::clone(self);
        // Nobody waits for this task: whoever needs the batch waits at its place, and reads it where this failed.
        tokio::spawn(async move {
            let _ = place.batch.get_or_try_init(|| feed.read(after)).await;
        });
    }

    fn place(&self, after: Position) -> Arc<Place<E>> {
        let mut places = self.places();
        let kept = places.iter().find(|place| match place.batch.get() {
            Some(batch) => batch.covers(after),
            None => place.after == after,
        });
        if let Some(place) = kept {
            return Arc::clone(place);
        }
        if places.len() >= KEPT {
            places.pop_front();
        }
        let place = Arc::new(Place { after, batch: OnceCell::new() });
        places.push_back(Arc::clone(&place));
        place
    }

    async fn wait_and_read(&self, after: Position) -> Result<Arc<Decoded<E>>> {
        if self.known_head() <= after {
            // At the head the large batches of a catch-up are of no more use.
            self.places().retain(|place| place.batch.get().is_none_or(|batch| batch.events.len() < LARGE));
            self.note_head(self.journal.changed(after).await?);
        }
        self.read(after).await
    }

    async fn read(&self, after: Position) -> Result<Arc<Decoded<E>>> {
        let envelopes = self.journal.read(after, self.batch).await?;
        let Some(last) = envelopes.last() else {
            let head = self.known_head();
            return Err(Error::unavailable(format!(
                "the journal has nothing behind {after}, though its head is {head}"
            )));
        };
        self.note_head(last.position);
        let decoder = Arc::clone(&self.decoder);
        let is_large =
            envelopes.len() >= LARGE || envelopes.iter().map(Envelope::bytes).sum::<usize>() >= LARGE_BYTES;
        let head = self.known_head();
        let decoded = if !is_large {
            decode(&*decoder, after, envelopes, head)
        } else {
            tokio::task::spawn_blocking(move || decode(&*decoder, after, envelopes, head))
                .await
                .map_err(|_| Error::Closed("the runtime".to_owned()))?
        };
        decoded.map(Arc::new)
    }

    fn places(&self) -> MutexGuard<'_, VecDeque<Arc<Place<E>>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The event in this row; a panic of the decoder is an error like any other.
fn decode_caught<E: Send + Sync + 'static>(
    decoder: &dyn Decoder<Event = E>,
    envelope: &Envelope,
) -> Result<E> {
    catch_unwind(AssertUnwindSafe(|| decoder.decode(envelope))).unwrap_or_else(|_| {
        Err(Error::Invalid(format!("position {}: the decoder panicked", envelope.position)))
    })
}

/// Decodes whole commits. In front of one that does not decode it ends; it fails only where that is the first.
fn decode<E: Send + Sync + 'static>(
    decoder: &dyn Decoder<Event = E>,
    after: Position,
    envelopes: Vec<Envelope>,
    head: Position,
) -> Result<Decoded<E>> {
    let mut events = Vec::with_capacity(envelopes.len());
    let mut to = after;
    for envelope in envelopes {
        let event = match decode_caught(decoder, &envelope) {
            Ok(event) => event,
            Err(error) if to == after => return Err(error),
            Err(_) => break,
        };
        if envelope.position >= envelope.commit_position {
            to = envelope.position;
        }
        events.push(Recorded {
            position: envelope.position,
            event_id: envelope.event_id,
            aggregate_id: envelope.aggregate_id,
            version: envelope.version,
            occurred_at: envelope.occurred_at,
            recorded_at: envelope.recorded_at,
            metadata: envelope.metadata,
            event,
        });
    }
    if to == after {
        return Err(Error::Invalid(format!(
            "the journal's answer behind position {after} ends inside a commit"
        )));
    }
    events.truncate(events.partition_point(|event| event.position <= to));
    Ok(Decoded { after, to, events, is_last: to >= head })
}
