//! Views: those in memory caught up together, then each for itself; those in a store filled by one process.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{Advance, Epoch, Error, Journal, Position, Projection};
use tokio::task::JoinSet;

use super::attempt::{Failure, caught};
use super::feed::Decoded;
use super::follower::{Consumer, Follower};
use super::settings::CatchUp;
use super::shared::SharedConsumer;
use super::source;
use super::stop::Stop;

/// Tells somebody how far the views are.
pub(crate) type OnProgress = Arc<dyn Fn(CatchUp) + Send + Sync>;

/// Fills one view.
struct Filling<E>(Arc<dyn Projection<E>>);

#[async_trait]
impl<E: Send + Sync + 'static> Consumer<E> for Filling<E> {
    async fn consume(&mut self, batch: &Decoded<E>, done: &mut Position, _: &Stop) -> Result<(), Failure> {
        self.0.apply(batch.batch_after(*done)?).await?;
        *done = batch.to;
        Ok(())
    }
}

/// Fills one view that several processes read, with its checkpoint in the same transaction.
pub(crate) struct SharedFilling<E> {
    projection: Arc<dyn Projection<E>>,
    epoch: Epoch,
}

impl<E> SharedFilling<E> {
    pub(crate) fn new(projection: Arc<dyn Projection<E>>) -> Self {
        Self { projection, epoch: Epoch::ZERO }
    }
}

#[async_trait]
impl<E: Send + Sync + 'static> Consumer<E> for SharedFilling<E> {
    async fn consume(&mut self, batch: &Decoded<E>, done: &mut Position, _: &Stop) -> Result<(), Failure> {
        self.projection.apply(batch.batch_after(*done)?.under(self.epoch)).await?;
        *done = batch.to;
        Ok(())
    }
}

#[async_trait]
impl<E: Send + Sync + 'static> SharedConsumer<E> for SharedFilling<E> {
    fn begin(&mut self, epoch: Epoch) {
        self.epoch = epoch;
    }

    async fn check(&self, journal: &dyn Journal) -> portolan_kernel::Result<()> {
        source::check(journal, &*self.projection).await
    }

    async fn save(&mut self, _: &Advance) -> portolan_kernel::Result<()> {
        Ok(())
    }

    fn saves_at_once(&self) -> bool {
        true
    }
}

/// A view that is being filled.
pub(crate) struct View<E> {
    follower: Follower<E>,
    consumer: Box<dyn Consumer<E>>,
    done: Position,
}

impl<E: Send + Sync + 'static> View<E> {
    pub(crate) fn new(follower: Follower<E>, projection: Arc<dyn Projection<E>>, done: Position) -> Self {
        Self { follower, consumer: Box::new(Filling(projection)), done }
    }

    async fn fill(mut self, batch: Arc<Decoded<E>>) -> (Self, bool) {
        let filled = caught(self.consumer.consume(&batch, &mut self.done, &self.follower.stop)).await.is_ok();
        if filled {
            self.follower.board.running_at(self.done);
        }
        (self, filled)
    }

    async fn run(self) {
        self.follower.run(self.consumer, self.done).await;
    }
}

/// Runs views that are at the same position: in step until they reach `head`, then each for itself.
///
/// In step means that the next batch is begun when all have this one, so that the journal is read and decoded
/// once; meanwhile that next one is being read. A view that fails leaves the step and tries again by itself.
pub(crate) async fn run<E: Send + Sync + 'static>(
    mut views: Vec<View<E>>,
    head: Position,
    on_progress: OnProgress,
) {
    let mut alone = JoinSet::new();
    while let Some(View { follower, done, .. }) = views.first() {
        let position = *done;
        if position >= head {
            break;
        }
        let next = tokio::select! {
            () = follower.stop.requested() => Err(Error::Closed("the engine".to_owned())),
            next = follower.feed.next(position) => next,
        };
        // What is wrong with the journal, or that this is the end, each finds out and shows by itself.
        let Ok(batch) = next else { break };
        let mut filling: JoinSet<_> = views.drain(..).map(|view| view.fill(Arc::clone(&batch))).collect();
        while let Some(filled) = filling.join_next().await {
            match filled {
                Ok((view, true)) => views.push(view),
                Ok((view, false)) => drop(alone.spawn(view.run())),
                // Panics are caught inside; what is left is the end of the runtime.
                Err(_) => return,
            }
        }
        on_progress(CatchUp { position: batch.to.min(head), head });
    }
    for view in views {
        alone.spawn(view.run());
    }
    while alone.join_next().await.is_some() {}
}
