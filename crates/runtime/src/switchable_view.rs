//! A read model that moves with the store that it is kept in.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    Batch, Error, Explanation, Page, Position, Projection, Query, ReadRepository, Result, Row, Specification,
    Taken, View,
};
use tokio::sync::watch;

/// Both sides of a read model, until they are [exchanged](Self::switch) for those of a store with the same journal.
///
/// # Behaviour
/// - From the exchange on the new one is filled, from where it is: the first event, where it is empty.
/// - The former one stands still. It answers until the new one has everything that the former may have shown, and then
///   the new one does; so a reader never sees less than before, and who asks for a later position is told
///   [`Error::Stale`] meanwhile, or waits.
/// - Nothing that was on its way into the former one gets into the new one: what leaves a gap there is refused.
pub struct SwitchableView<V, E>(Arc<Inner<V, E>>);

struct Inner<V, E> {
    name: String,
    sides: RwLock<Sides<V, E>>,
    /// How often they were exchanged.
    switched: watch::Sender<usize>,
}

/// Who fills and who answers.
struct Sides<V, E> {
    filled: Arc<dyn Projection<E>>,
    /// Whether it took a batch over already, since it is the one that is filled.
    has_begun: bool,
    answers: Arc<dyn ReadRepository<V>>,
    /// Who answers once it is at this position.
    comes: Option<(Arc<dyn ReadRepository<V>>, Position)>,
}

impl<V: View, E: Send + Sync + 'static> SwitchableView<V, E> {
    /// These sides, for now.
    #[must_use]
    pub fn new(answers: Arc<dyn ReadRepository<V>>, filled: Arc<dyn Projection<E>>) -> Self {
        let name = filled.name().to_owned();
        let sides = RwLock::new(Sides { filled, has_begun: true, answers, comes: None });
        Self(Arc::new(Inner { name, sides, switched: watch::Sender::new(0) }))
    }

    /// Goes on with these sides; the former ones show nothing beyond `shown`.
    pub fn switch(
        &self,
        answers: Arc<dyn ReadRepository<V>>,
        filled: Arc<dyn Projection<E>>,
        shown: Position,
    ) {
        {
            let mut sides = self.0.sides.write().unwrap_or_else(PoisonError::into_inner);
            (sides.filled, sides.has_begun) = (filled, false);
            sides.comes = Some((answers, shown));
        }
        self.0.switched.send_modify(|times| *times += 1);
    }

    fn read<T>(&self, of: impl FnOnce(&Sides<V, E>) -> T) -> T {
        of(&self.0.sides.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who answers now.
    async fn now(&self) -> Arc<dyn ReadRepository<V>> {
        let Some((comes, shown)) = self.read(|sides| sides.comes.clone()) else {
            return self.read(|sides| Arc::clone(&sides.answers));
        };
        // Where it cannot be asked, the former one can.
        if comes.position().await.is_ok_and(|position| position >= shown) {
            self.has_come(&comes);
            return comes;
        }
        self.read(|sides| Arc::clone(&sides.answers))
    }

    /// Lets this one answer from now on, unless another one is to come by now.
    fn has_come(&self, comes: &Arc<dyn ReadRepository<V>>) {
        let mut sides = self.0.sides.write().unwrap_or_else(PoisonError::into_inner);
        if sides.comes.as_ref().is_some_and(|(expected, _)| Arc::ptr_eq(expected, comes)) {
            sides.answers = Arc::clone(comes);
            sides.comes = None;
        }
    }
}

#[async_trait]
impl<V: View, E: Send + Sync + 'static> ReadRepository<V> for SwitchableView<V, E> {
    async fn get(&self, id: &V::Id) -> Result<Option<Row<V>>> {
        self.now().await.get(id).await
    }

    async fn find(&self, query: &Query<V>) -> Result<Page<V>> {
        query.checked()?;
        self.now().await.find(query).await
    }

    async fn count(&self, criteria: &Specification<V>) -> Result<u64> {
        criteria.tree()?;
        self.now().await.count(criteria).await
    }

    async fn explain(&self, query: &Query<V>) -> Result<Explanation> {
        query.checked()?;
        self.now().await.explain(query).await
    }

    async fn position(&self) -> Result<Position> {
        self.now().await.position().await
    }

    async fn wait_for(&self, want: Position, patience: Duration) -> Result<Position> {
        let until = tokio::time::Instant::now() + patience;
        loop {
            let mut switched = self.0.switched.subscribe();
            let answers = self.now().await;
            let comes = self.read(|sides| sides.comes.clone());
            let have = answers.position().await?;
            if have >= want {
                return Ok(have);
            }
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            let waited = async {
                match &comes {
                    None => answers.wait_for(want, left).await,
                    Some((comes, shown)) => {
                        let reached = comes.wait_for(want.max(*shown), left).await;
                        if reached.is_ok() {
                            self.has_come(comes);
                        }
                        reached.map_err(|error| match error {
                            Error::Stale { .. } => Error::Stale { have, want },
                            error => error,
                        })
                    }
                }
            };
            tokio::select! {
                biased;
                reached = waited => return reached,
                // There is another one to wait for.
                Ok(()) = switched.changed() => {}
            }
        }
    }
}

#[async_trait]
impl<V: View, E: Send + Sync + 'static> Projection<E> for SwitchableView<V, E> {
    fn name(&self) -> &str {
        &self.0.name
    }

    async fn position(&self) -> Result<Position> {
        self.read(|sides| Arc::clone(&sides.filled)).position().await
    }

    async fn last_taken(&self) -> Result<Option<Taken>> {
        self.read(|sides| Arc::clone(&sides.filled)).last_taken().await
    }

    async fn apply(&self, batch: Batch<'_, E>) -> Result<()> {
        let (filled, has_begun) = self.read(|sides| (Arc::clone(&sides.filled), sides.has_begun));
        if !has_begun {
            let at = filled.position().await?;
            if batch.events().first().is_none_or(|first| first.position > at.plus(1)) {
                return Err(Error::unavailable(format!(
                    "the read model `{}` has moved with its store, and is filled from {at} on",
                    self.0.name
                )));
            }
        }
        filled.apply(batch).await?;
        if !has_begun {
            let mut sides = self.0.sides.write().unwrap_or_else(PoisonError::into_inner);
            sides.has_begun |= Arc::ptr_eq(&sides.filled, &filled);
        }
        Ok(())
    }

    async fn reset(&self) -> Result<()> {
        self.read(|sides| Arc::clone(&sides.filled)).reset().await
    }
}

impl<V, E> Clone for SwitchableView<V, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V, E> fmt::Debug for SwitchableView<V, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SwitchableView({} after {} others)", self.0.name, *self.0.switched.borrow())
    }
}
