//! Processes: when this happened, send that command, once.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{
    Advance, Checkpoints, CommandError, Context, Fingerprint, Kept, Metadata, Position, Process, Recorded,
    Result, reaction_id,
};

use super::attempt::Failure;
use super::feed::Decoded;
use super::follower::Consumer;
use super::shared::SharedConsumer;
use super::stop::Stop;
use crate::Sender;

/// Sends the commands of a process, one after another.
pub(crate) struct Sending<P, C> {
    pub(crate) process: P,
    pub(crate) sender: Arc<dyn Sender<C>>,
    pub(crate) checkpoints: Arc<dyn Checkpoints>,
}

impl<P, C> Sending<P, C> {
    async fn react<E>(&self, event: &Recorded<E>, stop: &Stop) -> Result<bool, Failure>
    where
        P: Process<E, Command = C>,
        C: portolan_kernel::Command,
    {
        let commands = self.process.react(event);
        if commands.is_empty() {
            return Ok(true);
        }
        let metadata = event.metadata()?;
        for (index, command) in commands.into_iter().enumerate() {
            if stop.is_requested() {
                return Ok(false);
            }
            let name = portolan_kernel::Command::name(&command);
            let context = caused(event, &metadata, self.process.name(), index);
            match self.sender.send(command, context).await {
                Ok(_) => {}
                Err(CommandError::Refused(refusal)) if self.process.is_done(&refusal) => {}
                Err(error) => return Err(named(name, event.position, error)),
            }
        }
        Ok(true)
    }
}

/// The context of a command that an event caused: its id derives from the event's, its time is the event's, and
/// its outcome is kept, so that it happens once however often it is sent.
fn caused<E>(event: &Recorded<E>, metadata: &Metadata, process: &str, index: usize) -> Context {
    let command_id = reaction_id(event.event_id, process, index);
    Context {
        correlation_id: metadata.correlation_id,
        causation_id: Some(event.event_id),
        traceparent: metadata.traceparent.clone(),
        ..Context::new(command_id, event.occurred_at)
    }
    .idempotent(Fingerprint::of(command_id.as_bytes()), Kept::Forever)
}

fn named(command: &str, position: Position, error: CommandError) -> Failure {
    let name = |reason| format!("the command `{command}` for the event at position {position}: {reason}");
    match Failure::from(error) {
        Failure::Again(reason) => Failure::Again(name(reason)),
        Failure::Later(reason) => Failure::Later(name(reason)),
        Failure::Never(reason) => Failure::Never(name(reason)),
        Failure::Fenced => Failure::Fenced,
    }
}

#[async_trait]
impl<E, P, C> Consumer<E> for Sending<P, C>
where
    E: Send + Sync + 'static,
    P: Process<E, Command = C>,
    C: portolan_kernel::Command,
{
    async fn consume(&mut self, batch: &Decoded<E>, done: &mut Position, stop: &Stop) -> Result<(), Failure> {
        for event in batch.events_after(*done) {
            if !self.react(event, stop).await? {
                return Ok(());
            }
            *done = event.position;
        }
        *done = batch.to;
        Ok(())
    }
}

#[async_trait]
impl<E, P, C> SharedConsumer<E> for Sending<P, C>
where
    E: Send + Sync + 'static,
    P: Process<E, Command = C>,
    C: portolan_kernel::Command,
{
    async fn save(&mut self, advance: &Advance) -> Result<()> {
        self.checkpoints.advance(advance).await
    }
}
