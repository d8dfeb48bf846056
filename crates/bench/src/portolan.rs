//! Portolan, wired as the program wires it, behind the same calls as the twins.

use std::path::Path;
use std::sync::Arc;

use portolan_application::listings::{DraftListing, PlaceBid, PublishListing};
use portolan_application::orders::PlaceOrder;
use portolan_application::projections::{CustomerProjector, ListingProjector, OrderProjector, TotalsProjector};
use portolan_application::{Market, MarketCommand, Views, wire};
use portolan_diesel::sqlite::{self, OpenMode, Store};
use portolan_domain::{ListingId, OrderId, PartyId, Secret, order};
use portolan_kernel::{Clock, Context, Currency, Fingerprint, IdSource, Kept, Money, Result, WriteSide};
use portolan_runtime::middleware::{self, Limits};
use portolan_runtime::{Mediator, SystemClock, SystemIds};
use uuid::Uuid;

use crate::work;

/// The system under measurement.
#[derive(Clone)]
pub(crate) struct Portolan {
    mediator: Mediator<Market>,
    store: Store,
    euro: Currency,
}

impl Portolan {
    /// A fresh store in this file, with the listings of the workload.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn create(path: &Path) -> Result<Self> {
        let portolan = Self::open(path)?;
        for number in 0..work::LISTINGS {
            for command in portolan.listing(number) {
                let now = SystemClock.now();
                let context = Context::new(work::id("setup", number), now);
                let sent = portolan.mediator.send(command, context).await;
                sent.map_err(|error| portolan_kernel::Error::Invalid(error.to_string()))?;
            }
        }
        Ok(portolan)
    }

    /// Opens it on a store that is there.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let (clock, ids): (Arc<dyn Clock>, Arc<dyn IdSource>) = (Arc::new(SystemClock), Arc::new(SystemIds::new()));
        let config = sqlite::Config::file(path);
        let (registry, mappers) = (wire::registry(), sqlite::market::mappers());
        let store = Store::open(&config, OpenMode::ReadWrite, &registry, &mappers, clock)?;
        let cached = Arc::new(store.clone());
        let side = WriteSide::new(cached, registry, Arc::clone(&ids));
        let chain = middleware::standard(ids, Limits::default());
        let euro = "EUR".parse().map_err(|_| portolan_kernel::Error::Invalid("EUR".to_owned()))?;
        Ok(Self { mediator: Mediator::new(market(), side, chain), store, euro })
    }

    /// Closes the store.
    pub(crate) async fn close(self) {
        // Nothing is left to do where that fails.
        let _ = self.store.close().await;
    }

    /// The store below.
    #[must_use]
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    fn listing(&self, number: usize) -> [MarketCommand; 2] {
        let listing = ListingId::from(work::id("listing", number));
        let money = |amount| Money::new(amount, self.euro);
        let draft = DraftListing {
            listing,
            seller: PartyId::from(work::id("seller", number % 100)),
            title: format!("brass lamp {number}").into(),
            description: "velvet globe carved painted glass wool chair".into(),
            asking: money(10_000),
            increment: money(100),
            reserve: None,
            ends_at: portolan_kernel::Timestamp::MAX,
        };
        [draft.into(), PublishListing { listing }.into()]
    }

    /// Places a bid; whether it was accepted.
    pub(crate) async fn place_bid(&self, bid: work::Bid) -> bool {
        let command = PlaceBid {
            listing: ListingId::from(work::id("listing", bid.listing)),
            bidder: PartyId::from(bid.bidder),
            ceiling: Secret::new(Money::new(bid.ceiling, self.euro)),
        };
        self.mediator.send(command, context(bid.command_id)).await.is_ok()
    }

    /// Places a new order with three lines; whether it was accepted.
    pub(crate) async fn place_order(&self, order: Uuid, customer: Uuid) -> bool {
        let line = |number: i64| order::Line {
            sku: format!("SKU-{number}").into(),
            description: "brass lamp".into(),
            quantity: number,
            unit_price: Money::new(1_000 * number, self.euro),
        };
        let command = PlaceOrder {
            order: OrderId::from(order),
            customer: PartyId::from(customer),
            lines: [line(1), line(2), line(3)].into(),
            address: None,
        };
        self.mediator.send(command, context(order)).await.is_ok()
    }
}

fn context(command_id: Uuid) -> Context {
    Context::new(command_id, SystemClock.now()).idempotent(Fingerprint::of(command_id.as_bytes()), Kept::Forever)
}

/// The service over views that nobody fills: commands alone are measured.
fn market() -> Market {
    Market::new(Views {
        listings: Arc::new(portolan_memory::view("listings", ListingProjector).0),
        orders: Arc::new(portolan_memory::view("orders", OrderProjector).0),
        customers: Arc::new(portolan_memory::view("customers", CustomerProjector).0),
        totals: Arc::new(portolan_memory::view("totals", TotalsProjector).0),
    })
}
