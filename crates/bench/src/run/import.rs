//! `import`: a file of bids, against the batched twin that gets the same bids from 64 callers.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use portolan_app::import::{Import, Progress};
use portolan_app::wiring::Parts;
use tokio::io::BufReader;

use super::{CALLERS, Done, Samples};
use crate::Plan;
use crate::ground::Ground;
use crate::market::Market as _;
use crate::measure::{self, Sample};
use crate::portolan::{self, Portolan};
use crate::process::{cpu_time, cpu_us_each};
use crate::twin::batched::Batched;
use crate::work::{self, Bid};

/// Both, run after run.
///
/// # Errors
/// Those of the stores and of the file.
pub(super) async fn compare(plan: &Plan) -> Done {
    let ground = Ground::make(&plan.place).await?;
    let commands = plan.commands as usize;
    let mut samples = Samples::of(plan, &[Portolan::NAME, Batched::NAME]);
    for seed in 0..plan.runs {
        for system in samples.order(seed) {
            let fresh = ground.fresh()?;
            let sample = if system == 0 {
                let lines = tempfile::NamedTempFile::new_in(&plan.place)?;
                std::fs::write(lines.path(), text(seed, commands)?)?;
                import(&fresh.path(), lines.path(), commands).await?
            } else {
                let twin = Batched::open(&fresh.path())?;
                let callers = twin.clone();
                let place = move |_, number| {
                    let twin = callers.clone();
                    async move { twin.place_bid(work::bid(seed, number, work::LISTINGS)).await }
                };
                let sample = measure::run(Batched::NAME, "import", CALLERS, commands, place).await?;
                twin.close().await;
                sample
            };
            samples.take(system, commands, sample)?;
        }
    }
    samples.compare();
    Ok(())
}

async fn import(store: &Path, lines: &Path, commands: usize) -> Done<Sample> {
    let portolan = Portolan::open(store, Parts::to_import(&portolan::config(store))).await?;
    let reader = BufReader::with_capacity(1 << 16, tokio::fs::File::open(lines).await?);
    let import = Import::new(portolan.app().clone(), false);
    let (cpu, started) = (cpu_time(), Instant::now());
    let (report, _) = import.run(reader, Arc::new(Silent), std::future::pending()).await?;
    let (took, cpu_us) = (started.elapsed(), cpu_us_each(cpu, commands));
    portolan.close().await;
    let refused: u64 = report.refused.values().sum();
    let errors = usize::try_from(refused)?;
    Ok(Sample { errors, cpu_us, ..Sample::of_all(Portolan::NAME, "import", commands, took) })
}

/// The bids of this run as lines of an import.
fn text(seed: u64, commands: usize) -> Result<String, std::fmt::Error> {
    let mut text = String::with_capacity(commands * 220);
    for number in 0..commands {
        let Bid { listing, bidder, ceiling, command_id } = work::bid(seed, number, work::LISTINGS);
        writeln!(
            text,
            "{{\"command\":\"place_bid\",\"command_id\":\"{command_id}\",\"listing\":\"{listing}\",\
             \"bidder\":\"{bidder}\",\"ceiling\":{{\"amount\":{ceiling},\"currency\":\"EUR\"}}}}",
        )?;
    }
    Ok(text)
}

struct Silent;

impl Progress for Silent {
    fn line(&self, _: u64) {}
}
