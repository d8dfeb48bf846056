//! Deadlines: a subscription fills the table of them, a timer sends their commands when the time has come.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{
    Advance, Command, Deadline, DeadlineChange, DeadlineProcess, Deadlines, Metadata, Position, Recorded,
    Result, Schedule,
};
use tokio::task::JoinSet;

use super::attempt::Failure;
use super::feed::Decoded;
use super::follower::Consumer;
use super::shared::SharedConsumer;
use super::stop::Stop;
use super::timer::{Timer, Timing};

/// Fills the table of the deadlines of a process.
pub(crate) struct Scheduling<P, C> {
    pub(crate) process: Arc<P>,
    pub(crate) timer: Timer<C>,
    /// What is not in the table yet.
    pub(crate) changes: Vec<DeadlineChange>,
}

impl<P, C> Scheduling<P, C> {
    fn deadlines(&self) -> &dyn Deadlines {
        &*self.timer.deadlines
    }
}

fn change<E>(process: &impl DeadlineProcess<E>, event: &Recorded<E>) -> Result<Option<DeadlineChange>> {
    let (name, aggregate_id) = (process.name().to_owned(), event.aggregate_id);
    Ok(match process.schedule(event) {
        Schedule::Keep => None,
        Schedule::At(due_at) => {
            let Metadata { correlation_id, traceparent, .. } = event.metadata()?;
            let event_id = event.event_id;
            Some(DeadlineChange::Set(Deadline {
                process: name,
                aggregate_id,
                due_at,
                event_id,
                correlation_id,
                traceparent,
            }))
        }
        Schedule::Clear => Some(DeadlineChange::Clear { process: name, aggregate_id }),
    })
}

#[async_trait]
impl<E, P, C> Consumer<E> for Scheduling<P, C>
where
    E: Send + Sync + 'static,
    P: DeadlineProcess<E, Command = C>,
    C: Command,
{
    async fn consume(&mut self, batch: &Decoded<E>, done: &mut Position, _: &Stop) -> Result<(), Failure> {
        for event in batch.events_after(*done) {
            self.changes.extend(change(&*self.process, event)?);
            *done = event.position;
        }
        *done = batch.to;
        Ok(())
    }
}

#[async_trait]
impl<E, P, C> SharedConsumer<E> for Scheduling<P, C>
where
    E: Send + Sync + 'static,
    P: DeadlineProcess<E, Command = C>,
    C: Command,
{
    async fn save(&mut self, advance: &Advance) -> Result<()> {
        // Kept until they are written: a save that fails is tried again.
        self.deadlines().apply(advance, self.changes.clone()).await?;
        if !self.changes.is_empty() {
            self.changes.clear();
            self.timer.timing.changed.notify_one();
        }
        Ok(())
    }

    fn must_save(&self) -> bool {
        !self.changes.is_empty()
    }

    fn discard(&mut self) {
        self.changes.clear();
    }

    fn timing(&self) -> Option<Arc<Timing>> {
        Some(Arc::clone(&self.timer.timing))
    }

    fn start_timer(&self, tasks: &mut JoinSet<()>, stop: &Stop) {
        tasks.spawn(self.timer.clone().run(stop.clone()));
    }
}
