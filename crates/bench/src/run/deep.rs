//! `deep`: a bid on a listing with 10,000 bids, and the first one after a start, which loads it.

use std::time::Instant;

use super::places::{File, Home};
use super::{Done, Samples, is_wanted};
use crate::market::Market as _;
use crate::measure::{Latencies, Sample, run};
use crate::portolan::Portolan;
use crate::work::{self, Bid, Kind};
use crate::{Plan, ground};

/// How many bids the deep listing has, each of another bidder.
const BIDS: usize = 10_000;

/// Who goes on bidding: so few that a fresh listing stays one.
const REGULARS: usize = 10;

/// The number of the listing that has them.
const DEEP: usize = 0;

/// How often the store is opened anew.
const STARTS: usize = 20;

/// The deep listing, and a fresh one beside it.
const SYSTEMS: [&str; 2] = ["deep", "fresh"];

/// Each way to keep aggregates, and what the results call a bid on a copy that is kept in memory, and one that loads it.
const KINDS: [(&str, &str, &str); 3] = [
    ("relational", "warm_relational", "cold_relational"),
    ("document", "warm_document", "cold_document"),
    ("events", "warm_events", "cold_events"),
];

/// Each way to keep aggregates, in SQLite.
///
/// # Errors
/// Those of the stores.
pub(super) async fn compare(plan: &Plan) -> Done {
    if is_wanted(plan, "sqlite") {
        compare_in(plan, "sqlite", async |storage| File::make(&plan.place, storage)).await?;
    }
    Ok(())
}

/// Each way to keep aggregates, in stores that `make` makes.
///
/// # Errors
/// Those of the stores.
pub(super) async fn compare_in<H: Home>(
    plan: &Plan,
    store: &'static str,
    make: impl AsyncFn(&str) -> Done<H>,
) -> Done {
    for (storage, warm_name, cold_name) in KINDS {
        let home = make(storage).await?;
        let portolan = Portolan::open_url(&home.url()).await?;
        ground::publish(&portolan, SYSTEMS.len()).await?;
        fill(&portolan, if plan.quick { BIDS / 100 } else { BIDS }).await?;
        portolan.close().await;
        let calls = plan.commands.min(5_000) as usize;
        let mut ceilings = BIDS;
        let (mut warm, mut cold) = (Samples::of(plan, &SYSTEMS), Samples::of(plan, &SYSTEMS));
        for seed in 0..plan.runs {
            for listing in warm.order(seed) {
                let system = *SYSTEMS.get(listing).ok_or("a system that is not there")?;
                let portolan = Portolan::open_url(&home.url()).await?;
                // The first one loads.
                portolan.place_bid(bid(listing, ceilings)).await;
                let first = ceilings + 1;
                ceilings = first + calls;
                let bidding = portolan.clone();
                let place = move |_, number| {
                    let portolan = bidding.clone();
                    async move { portolan.place_bid(bid(listing, first + number)).await }
                };
                let sample = run(system, warm_name, 1, calls, place).await?;
                portolan.close().await;
                warm.take(listing, calls, Sample { store, ..sample })?;
                let sample = starts(&home, system, cold_name, listing, &mut ceilings).await?;
                cold.take(listing, STARTS, Sample { store, ..sample })?;
            }
        }
        warm.compare();
        cold.compare();
    }
    Ok(())
}

/// The first bid after a start, and nothing of the start itself.
async fn starts(
    home: &impl Home,
    system: &'static str,
    workload: &'static str,
    listing: usize,
    ceilings: &mut usize,
) -> Done<Sample> {
    let mut latencies = Latencies::new()?;
    let (mut errors, mut all) = (0, std::time::Duration::ZERO);
    for _ in 0..STARTS {
        let portolan = Portolan::open_url(&home.url()).await?;
        *ceilings += 1;
        let begun = Instant::now();
        errors += usize::from(!portolan.place_bid(bid(listing, *ceilings)).await);
        let took = begun.elapsed();
        latencies.record(took);
        all += took;
        portolan.close().await;
    }
    Ok(Sample {
        errors,
        p50_us: latencies.quantile(0.5),
        p99_us: latencies.quantile(0.99),
        ..Sample::of_all(system, workload, STARTS, all)
    })
}

/// Bids of so many bidders on the deep listing, one after the other.
async fn fill(portolan: &Portolan, bids: usize) -> Done {
    for number in 0..bids {
        let bidder = work::id(Kind::Bidder, number as u64);
        if !portolan.place_bid(Bid { bidder, ..bid(DEEP, number) }).await {
            return Err(format!("bid {number} on the deep listing was not accepted").into());
        }
    }
    Ok(())
}

/// The `n`th bid on this listing, by one of the regulars, beyond those before it.
fn bid(listing: usize, n: usize) -> Bid {
    let bidder = work::id(Kind::Bidder, (n % REGULARS) as u64);
    Bid { bidder, listing: work::id(Kind::Listing, listing as u64), ..work::bid(0, n, 1) }
}
