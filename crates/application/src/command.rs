//! The sum of all commands: for callers that learn only at run time which one it is.

use async_trait::async_trait;
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::listings::commands::*;
use crate::orders::commands::*;

macro_rules! market_command {
    ($($(#[$meta:meta])* $command:ident)+) => {
        /// Any command of the marketplace.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum MarketCommand {
            $($(#[$meta])* $command($command),)+
        }

        $(impl From<$command> for MarketCommand {
            fn from(command: $command) -> Self {
                Self::$command(command)
            }
        })+

        impl Command for MarketCommand {
            fn name(&self) -> &'static str {
                match self {
                    $(Self::$command(command) => command.name(),)+
                }
            }

            fn target(&self) -> Option<AggregateKey> {
                match self {
                    $(Self::$command(command) => command.target(),)+
                }
            }
        }

        #[async_trait]
        impl CommandHandler<MarketCommand> for Market {
            async fn handle(
                &self,
                command: &MarketCommand,
                unit: &UnitOfWork,
            ) -> Result<AggregateKey, CommandError> {
                match command {
                    $(MarketCommand::$command(command) => self.handle(command, unit).await,)+
                }
            }
        }
    };
}

market_command! {
    /// `draft_listing`.
    DraftListing
    /// `revise_listing`.
    ReviseListing
    /// `publish_listing`.
    PublishListing
    /// `place_bid`.
    PlaceBid
    /// `retract_bid`.
    RetractBid
    /// `withdraw_listing`.
    WithdrawListing
    /// `close_listing`.
    CloseListing
    /// `place_order`.
    PlaceOrder
    /// `change_quantity`.
    ChangeQuantity
    /// `remove_line`.
    RemoveLine
    /// `set_address`.
    SetAddress
    /// `pay_order`.
    PayOrder
    /// `ship_order`.
    ShipOrder
    /// `deliver_order`.
    DeliverOrder
    /// `cancel_order`.
    CancelOrder
}
