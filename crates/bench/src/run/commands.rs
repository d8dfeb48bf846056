//! `place_bid` and `append`: commands, durable, over fresh stores.

use std::path::Path;

use super::{Done, compared};
use crate::measure::{Sample, run};
use crate::portolan::Portolan;
use crate::twin::batched::Batched;
use crate::twin::plain::Plain;
use crate::twin::schema;
use crate::{Plan, Workload, work};

/// Every system with every number of callers, run after run.
pub(crate) async fn compare(plan: &Plan, workload: Workload) -> Done {
    for &callers in &plan.callers {
        let mut samples = vec![Vec::new(), Vec::new(), Vec::new()];
        for seed in 0..plan.runs as u64 {
            let round = Round { plan, workload, callers, seed };
            // Another one begins each time, so that none always runs on the warmest or the fullest disk.
            for system in (0..3).map(|index| (index + seed as usize) % 3) {
                let directory = tempfile::tempdir_in(&plan.place)?;
                let path = directory.path().join("market.db");
                let sample = match system {
                    0 => round.portolan(&path).await?,
                    1 => round.batched(&path).await?,
                    _ => round.plain(&path).await?,
                };
                sample.print();
                samples[system].push(sample);
            }
        }
        compared(&samples);
    }
    Ok(())
}

struct Round<'a> {
    plan: &'a Plan,
    workload: Workload,
    callers: usize,
    seed: u64,
}

impl Round<'_> {
    async fn portolan(&self, path: &Path) -> Done<Sample> {
        let system = Portolan::create(path).await?;
        let (ours, seed) = (system.clone(), self.seed);
        let sample = match self.workload {
            Workload::PlaceBid => {
                let place = move |number| {
                    let ours = ours.clone();
                    async move { ours.place_bid(work::bid(seed, number)).await }
                };
                run("portolan", "place_bid", self.callers, self.plan.commands, place).await
            }
            Workload::Append => {
                let place = move |number| {
                    let ours = ours.clone();
                    let (order, customer) = order(seed, number);
                    async move { ours.place_order(order, customer).await }
                };
                run("portolan", "append", self.callers, self.plan.commands, place).await
            }
        };
        system.close().await;
        Ok(sample)
    }

    async fn batched(&self, path: &Path) -> Done<Sample> {
        schema::create(path)?;
        let (twin, seed) = (Batched::open(path)?, self.seed);
        let total = self.plan.commands;
        Ok(match self.workload {
            Workload::PlaceBid => {
                let place = move |number| {
                    let twin = twin.clone();
                    async move { twin.place_bid(work::bid(seed, number)).await }
                };
                run("batched", "place_bid", self.callers, total, place).await
            }
            Workload::Append => {
                let place = move |number| {
                    let twin = twin.clone();
                    let (order, customer) = order(seed, number);
                    async move { twin.place_order(order, customer).await }
                };
                run("batched", "append", self.callers, total, place).await
            }
        })
    }

    async fn plain(&self, path: &Path) -> Done<Sample> {
        schema::create(path)?;
        let (twin, seed) = (Plain::open(path)?, self.seed);
        let total = self.plan.commands;
        Ok(match self.workload {
            Workload::PlaceBid => {
                let place = move |number| {
                    let twin = twin.clone();
                    async move { twin.place_bid(work::bid(seed, number)).await }
                };
                run("plain", "place_bid", self.callers, total, place).await
            }
            Workload::Append => {
                let place = move |number| {
                    let twin = twin.clone();
                    let (order, customer) = order(seed, number);
                    async move { twin.place_order(order, customer).await }
                };
                run("plain", "append", self.callers, total, place).await
            }
        })
    }
}

/// The `n`th order of a run, and whose it is. Ids rise, as version 7 ids of the moment would.
fn order(seed: u64, number: usize) -> (uuid::Uuid, uuid::Uuid) {
    let customer = work::id("customer", (work::random(seed, number as u64) % 1_000) as usize);
    (work::rising_id(seed, number), customer)
}
