//! Who sends a command of a process: anything that knows how to handle it.

use async_trait::async_trait;
use portolan_kernel::{Command, CommandError, CommandHandler, Context, Receipt};

use crate::Mediator;

/// Sends commands of one type. Processes send through this, so that they know no mediator and no service.
#[async_trait]
pub trait Sender<C: Command>: Send + Sync + 'static {
    /// Sends the command and answers its outcome.
    ///
    /// # Errors
    /// As [`Mediator::send`].
    async fn send(&self, command: C, context: Context) -> Result<Receipt, CommandError>;
}

#[async_trait]
impl<S: CommandHandler<C>, C: Command> Sender<C> for Mediator<S> {
    async fn send(&self, command: C, context: Context) -> Result<Receipt, CommandError> {
        Self::send(self, command, context).await
    }
}
