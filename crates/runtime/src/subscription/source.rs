//! Whether a journal is the one that a read model was filled from.

use portolan_kernel::{Error, Journal, Position, Projection, Result, Taken};

/// Refuses the journal of another store: one that has not the last event that the model took over, at its place.
///
/// # Errors
/// [`Error::Invalid`] for such a one; those of the journal and the model.
pub(crate) async fn check<E: Send + Sync + 'static>(
    journal: &dyn Journal,
    projection: &dyn Projection<E>,
) -> Result<()> {
    let Some(Taken { position, event_id }) = projection.last_taken().await? else { return Ok(()) };
    let before = Position(position.get().saturating_sub(1));
    let found = journal.read(before, 1).await?;
    if found.first().is_some_and(|event| event.position == position && event.event_id == event_id) {
        return Ok(());
    }
    let name = projection.name();
    Err(Error::Invalid(format!(
        "the read model `{name}` was filled from another store: the last event that it took over, at position \
         {position}, is not in this journal; `portolan subscriptions rebuild {name}` empties it and fills it from this \
         one, or keep this store's read models at another place"
    )))
}
