//! `place_bid`, `append` and `hot`: commands, durable, over fresh stores.

use super::{Done, Samples, is_wanted};
use crate::ground::Ground;
use crate::market::Market;
use crate::measure::{Sample, run};
use crate::portolan::{COMMANDS, Portolan};
use crate::twin::batched::Batched;
use crate::twin::plain::Plain;
use crate::{Plan, Workload, work};

/// Portolan in stores that keep no rows: systems of their own, by the name of what they keep.
pub(super) const KEPT_OTHERWISE: [&str; 2] = ["document", "events"];

/// Every system with every number of callers, run after run.
///
/// # Errors
/// Those of the stores.
pub(super) async fn compare(plan: &Plan, workload: Workload) -> Done {
    if !is_wanted(plan, "sqlite") {
        return Ok(());
    }
    let ground = Ground::make(&plan.place).await?;
    let [document, events] = KEPT_OTHERWISE;
    let (documents, history) =
        (Ground::keeping(&plan.place, document).await?, Ground::keeping(&plan.place, events).await?);
    for &callers in &plan.callers {
        let names = [Portolan::NAME, Batched::NAME, Plain::NAME, document, events];
        let mut samples = Samples::of(plan, &names);
        for seed in 0..plan.runs {
            let (callers, commands) = (callers as usize, plan.commands as usize);
            let round = Round { workload, store: "sqlite", callers, seed, commands };
            for system in samples.order(seed) {
                let fresh = match system {
                    3 => documents.fresh()?,
                    4 => history.fresh()?,
                    _ => ground.fresh()?,
                };
                let sample = match system {
                    1 => round.run(Batched::open(&fresh.path())?, fresh).await?,
                    2 => round.run(Plain::open(&fresh.path())?, fresh).await?,
                    ours => {
                        let portolan = Portolan::open(&fresh.path(), COMMANDS).await?;
                        let sample = round.run(portolan, fresh).await?;
                        let system = *names.get(ours).unwrap_or(&Portolan::NAME);
                        Sample { system, ..sample }
                    }
                };
                samples.take(system, round.commands, sample)?;
            }
        }
        samples.compare();
    }
    Ok(())
}

/// One run of one system.
pub(super) struct Round {
    pub(super) workload: Workload,
    pub(super) store: &'static str,
    pub(super) callers: usize,
    pub(super) seed: u64,
    pub(super) commands: usize,
}

impl Round {
    /// Runs it, and lets go of the store afterwards.
    ///
    /// # Errors
    /// Where a caller panicked.
    pub(super) async fn run<M: Market>(&self, market: M, fresh: impl Send) -> Done<Sample> {
        let (system, seed) = (market.clone(), self.seed);
        let (name, listings) = match self.workload {
            Workload::Append => ("append", 0),
            Workload::Hot => ("hot", 1),
            _ => ("place_bid", work::LISTINGS),
        };
        let sample = if listings == 0 {
            let place = move |_, number| {
                let system = system.clone();
                async move { system.place_order(work::order(seed, number)).await }
            };
            run(M::NAME, name, self.callers, self.commands, place).await?
        } else {
            let place = move |_, number| {
                let system = system.clone();
                async move { system.place_bid(work::bid(seed, number, listings)).await }
            };
            run(M::NAME, name, self.callers, self.commands, place).await?
        };
        market.close().await;
        drop(fresh);
        if self.workload == Workload::Hot {
            // A bid that was overtaken is refused, and costs less: only those that were accepted count.
            let accepted = self.commands.saturating_sub(sample.errors) as f64 / self.commands.max(1) as f64;
            let note = format!("{} calls a second, of which the accepted count", sample.per_s);
            return Ok(Sample {
                store: self.store,
                per_s: (sample.per_s * accepted).round(),
                note,
                ..sample
            });
        }
        Ok(Sample { store: self.store, ..sample })
    }
}
