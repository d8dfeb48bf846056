//! `place_bid` and `append`: commands, durable, over fresh stores.

use super::{Done, Samples};
use crate::ground::{Fresh, Ground};
use crate::market::Market;
use crate::measure::{Sample, run};
use crate::portolan::{COMMANDS, Portolan};
use crate::twin::batched::Batched;
use crate::twin::plain::Plain;
use crate::{Plan, Workload, work};

/// Every system with every number of callers, run after run.
///
/// # Errors
/// Those of the stores.
pub(super) async fn compare(plan: &Plan, workload: Workload) -> Done {
    let ground = Ground::make(&plan.place).await?;
    for &callers in &plan.callers {
        let mut samples = Samples::of(plan, &[Portolan::NAME, Batched::NAME, Plain::NAME]);
        for seed in 0..plan.runs {
            let round = Round { workload, callers: callers as usize, seed, commands: plan.commands as usize };
            for system in samples.order(seed) {
                let fresh = ground.fresh()?;
                let sample = match system {
                    0 => round.run(Portolan::open(&fresh.path(), COMMANDS).await?, fresh).await?,
                    1 => round.run(Batched::open(&fresh.path())?, fresh).await?,
                    _ => round.run(Plain::open(&fresh.path())?, fresh).await?,
                };
                samples.take(system, round.commands, sample)?;
            }
        }
        samples.compare();
    }
    Ok(())
}

struct Round {
    workload: Workload,
    callers: usize,
    seed: u64,
    commands: usize,
}

impl Round {
    async fn run<M: Market>(&self, market: M, fresh: Fresh) -> Done<Sample> {
        let (system, seed) = (market.clone(), self.seed);
        let sample = if self.workload == Workload::Append {
            let place = move |_, number| {
                let system = system.clone();
                async move { system.place_order(work::order(seed, number)).await }
            };
            run(M::NAME, "append", self.callers, self.commands, place).await?
        } else {
            let place = move |_, number| {
                let system = system.clone();
                async move { system.place_bid(work::bid(seed, number, work::LISTINGS)).await }
            };
            run(M::NAME, "place_bid", self.callers, self.commands, place).await?
        };
        market.close().await;
        drop(fresh);
        Ok(sample)
    }
}
