//! Portolan as the program wires it, behind the same calls as the twins.

use std::path::Path;
use std::sync::Arc;

use portolan_app::config::Config;
use portolan_app::wiring::{App, Parts};
use portolan_application::listings::{DraftListing, PlaceBid, PublishListing};
use portolan_application::orders::PlaceOrder;
use portolan_domain::{ListingId, OrderId, PartyId, Secret, order};
use portolan_kernel::{
    CommandError, Context, Currency, Fingerprint, Id, Kept, Money, Receipt, Result, Timestamp,
};
use uuid::Uuid;

use crate::market::Market;
use crate::run::Done;
use crate::work::{self, Kind};

/// Commands alone: nothing follows the journal, as with the twins.
pub(crate) const COMMANDS: Parts = Parts { views: false, processes: false, deadlines: false };

/// Read models, and nothing else that follows.
pub(crate) const VIEWS: Parts = Parts { views: true, ..COMMANDS };

/// The system under measurement.
#[derive(Clone)]
pub(crate) struct Portolan {
    app: App,
    euro: Currency,
}

impl Portolan {
    /// Opens the store in this file, and runs these parts.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn open(path: &Path, parts: Parts) -> Done<Self> {
        let app = App::build(&config(path), parts).await?;
        Ok(Self { app, euro: "EUR".parse()? })
    }

    /// Makes a store in this file that keeps aggregates like this, and runs commands alone.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn make(path: &Path, storage: &str) -> Done<Self> {
        let write = format!("sqlite:{}?storage={storage}", path.display());
        let app = App::build(&Config { write, ..Config::default() }, COMMANDS).await?;
        Ok(Self { app, euro: "EUR".parse()? })
    }

    /// Opens the store at this URL, and runs commands alone.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn open_url(url: &str) -> Done<Self> {
        let config = Config { write: url.to_owned(), ..Config::default() };
        Ok(Self { app: App::build(&config, COMMANDS).await?, euro: "EUR".parse()? })
    }

    /// All that `serve` runs.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn serve(path: &Path) -> Done<Self> {
        Self::open(path, Parts::to_serve(&config(path))).await
    }

    /// The service.
    pub(crate) const fn app(&self) -> &App {
        &self.app
    }

    /// Drafts and publishes the `n`th listing.
    ///
    /// # Errors
    /// Those of the commands.
    pub(crate) async fn publish(&self, n: usize) -> Result<(), CommandError> {
        let number = n as u64;
        let listing = ListingId::from_uuid(work::id(Kind::Listing, number));
        let draft = DraftListing {
            listing,
            seller: PartyId::from_uuid(work::id(Kind::Seller, number % 100)),
            title: format!("brass lamp {n}").into(),
            description: "velvet globe carved painted glass wool chair".into(),
            asking: self.money(work::ASKING),
            increment: self.money(work::INCREMENT),
            reserve: None,
            ends_at: Timestamp::MAX,
        };
        let context = |n| Context::new(work::id(Kind::Setup, n), self.app.clock().now());
        self.app.mediator().send(draft, context(2 * number)).await?;
        self.app.mediator().send(PublishListing { listing }, context(2 * number + 1)).await?;
        Ok(())
    }

    /// Places a bid, whose outcome is kept for ever.
    ///
    /// # Errors
    /// Those of the command.
    pub(crate) async fn bid(&self, bid: work::Bid) -> Result<Receipt, CommandError> {
        self.app.mediator().send(self.command(&bid), self.context(bid.command_id)).await
    }

    fn command(&self, bid: &work::Bid) -> PlaceBid {
        PlaceBid {
            listing: ListingId::from_uuid(bid.listing),
            bidder: PartyId::from_uuid(bid.bidder),
            ceiling: Secret::new(self.money(bid.ceiling)),
        }
    }

    const fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.euro)
    }

    fn context(&self, command_id: Uuid) -> Context {
        let fingerprint = Fingerprint::of(command_id.as_bytes());
        Context::new(command_id, self.app.clock().now()).idempotent(fingerprint, Kept::Forever)
    }
}

impl Market for Portolan {
    const NAME: &'static str = "portolan";

    async fn place_bid(&self, bid: work::Bid) -> bool {
        self.bid(bid).await.is_ok()
    }

    async fn place_order(&self, order: work::Order) -> bool {
        let line = |line: &work::Line| order::Line {
            sku: line.sku.into(),
            description: line.description.into(),
            quantity: line.quantity,
            unit_price: self.money(line.unit_price),
        };
        let command = PlaceOrder {
            order: OrderId::from_uuid(order.id),
            customer: PartyId::from_uuid(order.customer),
            lines: work::LINES.iter().map(line).collect::<Arc<[_]>>(),
            address: None,
        };
        self.app.mediator().send(command, self.context(order.id)).await.is_ok()
    }

    async fn close(self) {
        // What was measured is measured.
        let _ = self.app.shutdown().await;
    }
}

/// The program's defaults, over the store in this file.
pub(crate) fn config(path: &Path) -> Config {
    Config { write: format!("sqlite:{}", path.display()), ..Config::default() }
}
