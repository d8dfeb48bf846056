//! What every handler does with a repository: take what must be there, make what must not.

use portolan_kernel::{Aggregate, AggregateKey, CommandError, DomainError, Handle, Refusal, UnitOfWork};

/// The aggregate that a command is about, or the refusal `not_found`.
pub(crate) async fn existing<A: Aggregate>(unit: &UnitOfWork, id: A::Id) -> Result<Handle<A>, CommandError> {
    let found = unit.repository::<A>().get(id).await?;
    found.ok_or_else(|| Refusal::not_found(AggregateKey::of::<A>(id)).into())
}

/// Adds the aggregate that was decided to begin.
///
/// That its id is taken comes before every other refusal. A commit finds that out by itself, so the store is asked
/// only where the decision was a no.
pub(crate) async fn create<A: Aggregate, E: DomainError>(
    unit: &UnitOfWork,
    id: A::Id,
    decided: Result<Vec<A::Event>, E>,
) -> Result<AggregateKey, CommandError> {
    let key = AggregateKey::of::<A>(id);
    match decided {
        Ok(events) => {
            unit.repository::<A>().add(events)?;
            Ok(key)
        }
        Err(_) if unit.repository::<A>().get(id).await?.is_some() => Err(Refusal::already_exists(key).into()),
        Err(refused) => Err(refused.into()),
    }
}
