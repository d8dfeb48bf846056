//! The journal that is replayed: made once, kept for the next time.

use std::path::PathBuf;
use std::time::Duration;

use portolan_application::orders::PayOrder;
use portolan_domain::OrderId;
use portolan_kernel::{Context, Id as _, Position};
use tokio::time::{Instant, sleep};

use crate::market::Market as _;
use crate::portolan::{COMMANDS, Portolan};
use crate::run::{CALLERS, Done, say};
use crate::{Plan, ground, measure, work};

/// Of a thousand events: so many listings, drafted and published, so many orders, the half of them paid, and bids.
const LISTINGS: usize = 100;
const ORDERS: usize = 100;

/// How long subscriptions may take to come to its head, once.
const SETTLING: Duration = Duration::from_secs(1_800);

/// Its file. The name changes with what is in it.
pub(in crate::run) fn path(plan: &Plan) -> PathBuf {
    plan.place.join(format!("journal-1-{}.db", plan.events))
}

/// Makes it where it is not there yet.
///
/// # Errors
/// Those of the store and of the file system.
pub(in crate::run) async fn ensure(plan: &Plan) -> Done {
    let path = path(plan);
    if path.exists() {
        return Ok(());
    }
    say(&format!("a journal of {} events is made once, at {}", plan.events, path.display()));
    let directory = tempfile::tempdir_in(&plan.place)?;
    let making = directory.path().join("making.db");
    let portolan = Portolan::open(&making, COMMANDS).await?;
    fill(&portolan, plan.events).await?;
    portolan.close().await;
    settle(Portolan::serve(&making).await?).await?;
    // Whole or not at all, so that a run that was cut leaves none that is short.
    std::fs::rename(&making, &path)?;
    Ok(())
}

async fn fill(portolan: &Portolan, events: u64) -> Done {
    let listings = events as usize / 1_000 * LISTINGS;
    let orders = events as usize / 1_000 * ORDERS;
    ground::publish(portolan, listings).await?;
    let system = portolan.clone();
    let order = move |_, number| {
        let portolan = system.clone();
        async move {
            let order = work::order(1, number);
            let placed = portolan.place_order(order).await;
            if number % 2 == 0 {
                return placed;
            }
            let app = portolan.app();
            let context = Context::new(app.ids().next_id(), app.clock().now());
            placed
                && app
                    .mediator()
                    .send(PayOrder { order: OrderId::from_uuid(order.id) }, context)
                    .await
                    .is_ok()
        }
    };
    measure::run(Portolan::NAME, "orders", CALLERS, orders, order).await?;
    let mut bids = 0;
    loop {
        let head = portolan.app().journal().head().await?.get();
        // The most bids give two events.
        let missing = usize::try_from(events.saturating_sub(head))?.div_ceil(2);
        if missing == 0 {
            return Ok(());
        }
        let (system, from) = (portolan.clone(), bids);
        let bid = move |_, number| {
            let portolan = system.clone();
            async move { portolan.place_bid(work::bid(2, from + number, listings)).await }
        };
        measure::run(Portolan::NAME, "bids", CALLERS, missing, bid).await?;
        bids += missing;
    }
}

/// Lets everything that follows the journal come to its head, so that a later start finds it there, as usual.
async fn settle(portolan: Portolan) -> Done {
    let head = portolan.app().journal().head().await?;
    let deadline = Instant::now() + SETTLING;
    let health = portolan.app().health();
    let is_behind = |position: Option<Position>| position.is_some_and(|position| position < head);
    while health.parts().into_iter().any(|part| is_behind(part.position)) {
        if Instant::now() > deadline {
            return Err("the subscriptions did not come to the journal's head".into());
        }
        sleep(Duration::from_millis(20)).await;
    }
    portolan.close().await;
    Ok(())
}
