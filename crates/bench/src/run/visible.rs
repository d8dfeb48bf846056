//! `visible`: how long after its receipt a bid shows in the read model, at half the highest rate.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval};

use super::{CALLERS, Done, Samples};
use crate::Plan;
use crate::ground::Ground;
use crate::market::Market as _;
use crate::measure::{self, Latencies, Sample};
use crate::portolan::Portolan;
use crate::work;

/// How many bids may be under way at once; one more waits, and the run was no open loop.
const UNDER_WAY: usize = 4_096;

/// Longer than any bid takes to show.
const PATIENCE: Duration = Duration::from_secs(10);

/// Run after run: the highest rate with everything running, then half of it.
///
/// # Errors
/// Those of the store.
pub(super) async fn measure(plan: &Plan) -> Done {
    let ground = Ground::make(&plan.place).await?;
    let commands = plan.commands as usize;
    let mut samples = Samples::of(plan, &[Portolan::NAME]);
    for seed in 0..plan.runs {
        let fresh = ground.fresh()?;
        let portolan = Portolan::serve(&fresh.path()).await?;
        let callers = portolan.clone();
        let place = move |_, number| {
            let portolan = callers.clone();
            async move { portolan.place_bid(work::bid(seed, number, work::LISTINGS)).await }
        };
        let highest = measure::run(Portolan::NAME, "visible", CALLERS, commands, place).await?;
        portolan.close().await;
        let fresh = ground.fresh()?;
        let portolan = Portolan::serve(&fresh.path()).await?;
        let sample = at_rate(&portolan, seed, commands, highest.per_s / 2.0).await?;
        portolan.close().await;
        samples.take(0, commands, sample)?;
    }
    samples.compare();
    Ok(())
}

/// So many bids at this rate, whether or not the earlier ones are answered.
async fn at_rate(portolan: &Portolan, seed: u64, commands: usize, rate: f64) -> Done<Sample> {
    let room = Arc::new(Semaphore::new(UNDER_WAY));
    let (told, mut shown) = mpsc::channel(UNDER_WAY);
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut latencies, mut errors, mut held_back) = (Latencies::new()?, 0, 0);
    let mut take = |shown: Option<Duration>| match shown {
        Some(latency) => latencies.record(latency),
        None => errors += 1,
    };
    let started = Instant::now();
    let mut sent = 0;
    while sent < commands {
        ticks.tick().await;
        // By the time that has passed, so that a late tick loses nothing.
        let due = ((started.elapsed().as_secs_f64() * rate) as usize).min(commands);
        while sent < due {
            held_back += usize::from(room.available_permits() == 0);
            let permit = Arc::clone(&room).acquire_owned().await?;
            let (portolan, told) = (portolan.clone(), told.clone());
            let bid = work::bid(seed, sent, work::LISTINGS);
            tokio::spawn(async move {
                // Nobody listens any more only where the run was given up.
                let _ = told.send(show(&portolan, bid).await).await;
                drop(permit);
            });
            sent += 1;
        }
        while let Ok(latency) = shown.try_recv() {
            take(latency);
        }
    }
    let took = started.elapsed();
    drop(told);
    while let Some(latency) = shown.recv().await {
        take(latency);
    }
    let (p50_us, p99_us) = (latencies.quantile(0.5), latencies.quantile(0.99));
    let note =
        format!("from receipt to visible, at half of {:.0} a second; {held_back} held back", rate * 2.0);
    let sample = Sample::of_all(Portolan::NAME, "visible", commands, took);
    Ok(Sample { p50_us, p99_us, errors, note, ..sample })
}

/// Places the bid; how long after the receipt it shows. None where it was refused, or does not show.
async fn show(portolan: &Portolan, bid: work::Bid) -> Option<Duration> {
    let receipt = portolan.bid(bid).await.ok()?;
    let answered = Instant::now();
    let listings = &portolan.app().mediator().service().views().listings;
    listings.wait_for(receipt.position, PATIENCE).await.ok()?;
    Some(answered.elapsed())
}
