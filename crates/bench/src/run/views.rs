//! The workloads of views: each question to a read model, next to what a person would write for it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use portolan_application::listings::ListingView;
use portolan_diesel::Mappers;
use portolan_diesel::sqlite::{Config, OpenMode, SqlProjection, SqlView, Store};
use portolan_kernel::{Batch, Projection, ReadRepository, Registry};
use portolan_memory::{MemoryProjection, MemoryView};
use portolan_runtime::SystemClock;

use super::{Done, Samples, is_wanted, say};
use crate::measure::{Sample, one_by_one};
use crate::process::{cpu_time, cpu_us_each};
use crate::views::by_hand::ByHand;
use crate::views::rows::{AsTheyAre, Listings, fill, offered};
use crate::views::table::Table;
use crate::views::{Question, ids, is_scanned, scanned};
use crate::{Plan, Workload};

const QUESTIONS: [Workload; 3] = [Workload::ViewPoint, Workload::ViewPage, Workload::ViewSearch];

/// How often each question is asked in a run.
const CALLS: usize = 200;

/// How often every row is looked at in a run.
const SCANS: usize = 11;

/// All that the plan wants, in memory and in SQLite.
///
/// # Errors
/// Those of the stores, and where a view and its twin answer differently.
pub(super) async fn compare(plan: &Plan, wanted: impl Fn(Workload) -> bool) -> Done {
    let asked: Vec<_> = QUESTIONS.into_iter().filter(|workload| wanted(*workload)).collect();
    let is_scan = wanted(Workload::ViewScan);
    let is_fill = wanted(Workload::ViewFill);
    let changes = wanted(Workload::ViewBuild) || wanted(Workload::ViewInsert);
    if asked.is_empty() && !is_scan && !is_fill && !changes {
        return Ok(());
    }
    let mut listings = Listings::new()?;
    let rows = listings.take(plan.rows as usize);
    if is_wanted(plan, "sqlite") && (is_scan || !asked.is_empty()) {
        in_sqlite(plan, &rows, is_scan, &asked).await?;
    }
    if is_wanted(plan, "sqlite") && is_fill {
        fill_sqlite(plan, &rows).await?;
    }
    if !is_wanted(plan, "memory") {
        return Ok(());
    }
    if wanted(Workload::ViewBuild) {
        build(plan, &rows).await?;
    }
    if is_scan || !asked.is_empty() || wanted(Workload::ViewInsert) {
        let (view, projection) = portolan_memory::view("listings", AsTheyAre);
        fill(&projection, &rows).await?;
        view.build_indexes().await?;
        sizes(&view, rows.len())?;
        let twin = ByHand::build(rows);
        if is_scan {
            let count = async || Ok(view.scan_count(&scanned()).await? as usize);
            scan(plan, "memory", count, || Ok(twin.rows().iter().filter(|row| is_scanned(row)).count()))
                .await?;
        }
        for workload in asked {
            ask(plan, "memory", workload, twin.rows(), &view, |question| Ok(twin.answer(question))).await?;
        }
        if wanted(Workload::ViewInsert) {
            insert(plan, &view, &projection, twin, &mut listings).await?;
        }
    }
    Ok(())
}

async fn in_sqlite(plan: &Plan, rows: &[ListingView], is_scan: bool, asked: &[Workload]) -> Done {
    let folder = tempfile::tempdir_in(&plan.place)?;
    let twin = Table::make(&folder.path().join("table.db"), rows)?;
    let (view, projection) = listings_in(&folder.path().join("views.db")).await?;
    let started = Instant::now();
    fill(&projection, rows).await?;
    say(&format!(
        "sqlite: filled with {:.0} rows a second",
        rows.len() as f64 / started.elapsed().as_secs_f64()
    ));
    if is_scan {
        let count = async || Ok(view.count(&scanned()).await? as usize);
        scan(plan, "sqlite", count, || twin.scan()).await?;
    }
    for workload in asked {
        ask(plan, "sqlite", *workload, rows, &view, |question| twin.answer(question)).await?;
    }
    Ok(())
}

/// A view in a new store in this file.
async fn listings_in(path: &Path) -> Done<(SqlView<ListingView>, SqlProjection<ListingView, AsTheyAre>)> {
    let (registry, mappers) = (Registry::new(), Mappers::new());
    let config = Config::file(path);
    let store = Store::open(&config, OpenMode::ReadWrite, &registry, &mappers, Arc::new(SystemClock))?;
    Ok(store.view("listings", 1, AsTheyAre).await?)
}

/// All rows into an empty view, with its indexes, next to one transaction by hand.
async fn fill_sqlite(plan: &Plan, rows: &[ListingView]) -> Done {
    let mut samples = Samples::of(plan, &["portolan", "by_hand"]);
    for run in 0..plan.runs {
        for system in samples.order(run) {
            let folder = tempfile::tempdir_in(&plan.place)?;
            let path = folder.path().join("views.db");
            let (cpu, started) = (cpu_time(), Instant::now());
            match system {
                0 => {
                    let (_, projection) = listings_in(&path).await?;
                    fill(&projection, rows).await?;
                }
                _ => drop(Table::make(&path, rows)?),
            }
            let (took, cpu_us) = (started.elapsed(), cpu_us_each(cpu, rows.len()));
            let name = ["portolan", "by_hand"][system];
            let sample = Sample::of_all(name, "view_fill", rows.len(), took);
            samples.take(system, rows.len(), Sample { store: "sqlite", cpu_us, ..sample })?;
        }
    }
    samples.compare();
    Ok(())
}

/// What the indexes take, for people.
fn sizes(view: &MemoryView<ListingView>, rows: usize) -> Done {
    let sizes = view.index_sizes()?;
    let per_row = |bytes: usize| bytes as f64 / rows as f64;
    for (index, bytes) in &sizes {
        say(&format!("  {index}: {:.1} bytes a row", per_row(*bytes)));
    }
    say(&format!("  all indexes: {:.0} bytes a row", per_row(sizes.iter().map(|(_, bytes)| bytes).sum())));
    Ok(())
}

async fn scan(
    plan: &Plan,
    store: &'static str,
    ours: impl AsyncFn() -> Done<usize>,
    twins: impl Fn() -> Done<usize>,
) -> Done {
    let (found, expected) = (ours().await?, twins()?);
    if found != expected {
        return Err(format!("view_scan in {store}: {found} rows, and {expected} by hand").into());
    }
    let mut samples = Samples::of(plan, &["portolan", "by_hand"]);
    for run in 0..plan.runs {
        for system in samples.order(run) {
            let sample = match system {
                0 => one_by_one("portolan", store, "view_scan", SCANS, async |_| ours().await).await?,
                _ => one_by_one("by_hand", store, "view_scan", SCANS, async |_| twins()).await?,
            };
            samples.take(system, SCANS, sample)?;
        }
    }
    samples.compare();
    Ok(())
}

async fn ask(
    plan: &Plan,
    store: &'static str,
    workload: Workload,
    rows: &[ListingView],
    view: &impl ReadRepository<ListingView>,
    twin: impl Fn(Question) -> Done<Vec<Arc<ListingView>>>,
) -> Done {
    let (name, questions) = match workload {
        Workload::ViewPoint => {
            let sellers = rows.iter().step_by((rows.len() / CALLS).max(1)).map(|row| row.seller);
            ("view_point", sellers.map(Question::Point).collect())
        }
        Workload::ViewPage => ("view_page", vec![Question::Page]),
        _ => ("view_search", vec![Question::Search]),
    };
    let queries = questions.iter().map(|question| question.query()).collect::<Result<Vec<_>, _>>()?;
    say(&format!("{name} in {store}: {}", view.explain(&queries[0]).await?.query));
    for (question, query) in questions.iter().zip(&queries) {
        let found = view.find(query).await?.rows.into_iter().map(|row| row.view);
        if ids(found) != ids(twin(*question)?) {
            return Err(format!("{name} in {store}: another answer than by hand to {question:?}").into());
        }
    }
    let mut samples = Samples::of(plan, &["portolan", "by_hand"]);
    for run in 0..plan.runs {
        for system in samples.order(run) {
            let sample = match system {
                0 => {
                    let ask = async |number: usize| {
                        Ok(view.find(&queries[number % queries.len()]).await?.rows.len())
                    };
                    one_by_one("portolan", store, name, CALLS, ask).await?
                }
                _ => {
                    let ask = async |number: usize| Ok(twin(questions[number % questions.len()])?.len());
                    one_by_one("by_hand", store, name, CALLS, ask).await?
                }
            };
            samples.take(system, CALLS, sample)?;
        }
    }
    samples.compare();
    Ok(())
}

/// All indexes over rows that are there, next to the maps and sets of the standard library.
async fn build(plan: &Plan, rows: &[ListingView]) -> Done {
    let mut samples = Samples::of(plan, &["portolan", "by_hand"]);
    for run in 0..plan.runs {
        for system in samples.order(run) {
            let (view, projection) = portolan_memory::view("listings", AsTheyAre);
            if system == 0 {
                fill(&projection, rows).await?;
            }
            let own = if system == 0 { Vec::new() } else { rows.to_vec() };
            let (cpu, started) = (cpu_time(), Instant::now());
            let built = match system {
                0 => view.build_indexes().await.map(|()| None)?,
                _ => Some(ByHand::build(own)),
            };
            let (took, cpu_us) = (started.elapsed(), cpu_us_each(cpu, rows.len()));
            drop(built);
            let name = ["portolan", "by_hand"][system];
            let sample = Sample::of_all(name, "view_build", rows.len(), took);
            samples.take(system, rows.len(), Sample { store: "memory", cpu_us, ..sample })?;
        }
    }
    samples.compare();
    Ok(())
}

/// Single inserts while somebody scans without a pause: in a view, and behind a lock that the scan holds.
async fn insert(
    plan: &Plan,
    view: &MemoryView<ListingView>,
    projection: &MemoryProjection<ListingView, AsTheyAre>,
    twin: ByHand,
    listings: &mut Listings,
) -> Done {
    let mut filled = twin.rows().len();
    let twin = Arc::new(RwLock::new(twin));
    let mut samples = Samples::of(plan, &["portolan", "locked"]);
    for run in 0..plan.runs {
        for system in samples.order(run) {
            let stop = Arc::new(AtomicBool::new(false));
            let scanning = scanner(system, view.clone(), Arc::clone(&twin), Arc::clone(&stop));
            // Each of the twin's waits for a scan.
            let calls = if system == 0 { 2_000 } else { 20 };
            let sample = match system {
                0 => {
                    let insert = async |_| {
                        let event = [offered(filled, &listings.next())];
                        filled += 1;
                        projection.apply(Batch::new(&event, event[0].position)?).await?;
                        Ok(1)
                    };
                    one_by_one("portolan", "memory", "view_insert", calls, insert).await
                }
                _ => {
                    let insert = async |_| {
                        twin.write().unwrap_or_else(PoisonError::into_inner).insert(listings.next());
                        Ok(1)
                    };
                    one_by_one("locked", "memory", "view_insert", calls, insert).await
                }
            };
            stop.store(true, Ordering::Relaxed);
            let scans = scanning.join().map_err(|_| "the scan panicked")?;
            let sample = Sample { note: format!("{scans} scans meanwhile"), cpu_us: None, ..sample? };
            samples.take(system, calls, sample)?;
        }
    }
    samples.compare();
    Ok(())
}

/// Scans again and again until it is stopped; how often it did.
fn scanner(
    system: usize,
    view: MemoryView<ListingView>,
    twin: Arc<RwLock<ByHand>>,
    stop: Arc<AtomicBool>,
) -> std::thread::JoinHandle<usize> {
    let runtime = tokio::runtime::Handle::current();
    std::thread::spawn(move || {
        let mut scans = 0;
        while !stop.load(Ordering::Relaxed) {
            let found = match system {
                0 => runtime.block_on(view.scan_count(&scanned())).unwrap_or_default() as usize,
                _ => {
                    let twin = twin.read().unwrap_or_else(PoisonError::into_inner);
                    twin.rows().iter().filter(|row| is_scanned(row)).count()
                }
            };
            std::hint::black_box(found);
            scans += 1;
        }
        scans
    })
}
