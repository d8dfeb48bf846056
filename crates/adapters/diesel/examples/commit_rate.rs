//! What a commit costs: accepted bids on 1,000 listings, from several callers at once, each decided on a copy kept in
//! memory.
//!
//! `cargo run --release -p portolan-diesel --example commit_rate -- 64 50000 [URL]`

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use portolan_application::wire;
use portolan_diesel::sqlite::{Config, OpenMode, Store, market};
use portolan_domain::PartyId;
use portolan_domain::listing::{Draft, Event, Listing, ListingId};
use portolan_kernel::{
    Aggregate, AggregateKey, Answer, Change, ChangeSet, Clock, Committed, Context, Expected, Fingerprint,
    Journal, Kept, Money, NewEvent, Position, Registry, Timestamp, Version, WriteStore,
};
use tokio::sync::Mutex;
use uuid::Uuid;

struct StandingClock;

const NOW: Timestamp = Timestamp::from_micros(1_767_609_743_612_654);

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Ids that rise, like those of version 7.
fn next_id() -> Uuid {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Uuid::from_u128(
        (u128::from(number) << 64)
            | 0x7000_8000_0000_0000_0000
            | u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0xFFFF_FFFF_FFFF,
    )
}

fn change(before: Option<(&Listing, Version)>, events: Vec<Event>) -> (Change, Arc<Listing>) {
    let mut state = match before {
        Some((state, _)) => state.clone(),
        None => Listing::create(&events[0]).unwrap(),
    };
    events.iter().skip(usize::from(before.is_none())).for_each(|event| state.apply(event));
    let registry = wire::registry();
    let codec = registry.codec::<Listing>().unwrap();
    let encoded = events
        .iter()
        .map(|event| {
            let encoded = codec.encode_event(event).unwrap();
            NewEvent {
                event_id: next_id(),
                event_type: encoded.name,
                schema_version: encoded.schema_version,
                payload: encoded.json,
            }
        })
        .collect();
    let state = Arc::new(state);
    let change = Change {
        key: AggregateKey::of::<Listing>(state.id()),
        expected: before.map_or(Expected::Absent, |(_, version)| Expected::At(version)),
        state: Some(state.clone()),
        events: encoded,
        typed_events: Arc::new(events),
    };
    (change, state)
}

fn change_set(change: Change) -> ChangeSet {
    let context = Context::new(next_id(), NOW).idempotent(Fingerprint::of(b"payload"), Kept::Forever);
    ChangeSet {
        command_id: context.command_id,
        idempotency: context.idempotency,
        occurred_at: NOW,
        metadata: serde_json::to_string(&context.metadata()).unwrap().into(),
        answer: Answer::Receipt { about: change.key, read_at: Version::ZERO },
        changes: vec![change],
        reads: Vec::new(),
    }
}

type Kept1 = Arc<Mutex<(Arc<Listing>, Version)>>;

async fn commit(store: &Store, change: Change) -> Version {
    match store.commit(change_set(change)).await.unwrap() {
        Committed::Done { versions, .. } => versions[0],
        other => panic!("{other:?}"),
    }
}

async fn prepare(store: &Store) -> Vec<Kept1> {
    let euro = |amount| Money::new(amount, "EUR".parse().unwrap());
    let mut tasks = Vec::new();
    for _ in 0..1_000 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut events = Listing::draft(Draft {
                listing: ListingId::from(next_id()),
                seller: PartyId::from(next_id()),
                title: "A title of some length".into(),
                description: "A description of some length, as sellers write them.".into(),
                asking: euro(100),
                increment: euro(1),
                reserve: None,
                ends_at: NOW.plus(Duration::from_secs(86_400)),
            })
            .unwrap();
            let drafted = Listing::create(&events[0]).unwrap();
            events.extend(drafted.publish(NOW).unwrap());
            let (change, state) = change(None, events);
            let version = commit(&store, change).await;
            Arc::new(Mutex::new((state, version)))
        }));
    }
    let mut listings = Vec::new();
    for task in tasks {
        listings.push(task.await.unwrap());
    }
    listings
}

async fn caller(store: Store, listings: Arc<Vec<Kept1>>, count: usize, mut random: u64) -> Vec<u64> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let listing = &listings[(random >> 33) as usize % listings.len()];
        let begun = Instant::now();
        let mut kept = listing.lock().await;
        let minimum = kept.0.next_minimum().unwrap();
        let ceiling = Money::new(minimum.amount + 10, minimum.currency);
        let events = kept.0.place_bid(PartyId::from(next_id()), ceiling, NOW).unwrap();
        let (change, state) = change(Some((&kept.0, kept.1)), events);
        let version = commit(&store, change).await;
        *kept = (state, version);
        times.push(begun.elapsed().as_micros() as u64);
    }
    times
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let callers: usize = arguments.next().map_or(64, |text| text.parse().unwrap());
    let commands: usize = arguments.next().map_or(50_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir_in(std::env::var("BENCH_DIR").unwrap_or("/tmp".into())).unwrap();
    let path = folder.path().join("store.db");
    let mut config: Config = arguments.next().map_or_else(|| Config::file(&path), |url| url.parse().unwrap());
    if config.location.path().is_some() {
        config.location = portolan_diesel::sqlite::Location::File(path.clone());
    }
    let registry: Registry = wire::registry();
    let store =
        Store::open(&config, OpenMode::ReadWrite, &registry, &market::mappers(), Arc::new(StandingClock))
            .unwrap();
    let listings = Arc::new(prepare(&store).await);
    let begun = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|number| {
            tokio::spawn(caller(
                store.clone(),
                listings.clone(),
                commands / callers,
                number as u64 * 7919 + 1,
            ))
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    let seconds = begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let log = std::fs::metadata(folder.path().join("store.db-wal")).map_or(0, |log| log.len() >> 20);
    println!(
        "callers {callers}: {:.0} commits/s, p50 {} us, p99 {} us, max {} us, log {log} MiB",
        times.len() as f64 / seconds,
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1],
    );
    report_threads(times.len());
    let begun = Instant::now();
    let mut after = Position::ZERO;
    loop {
        let page = store.read(after, 10_000).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.position;
    }
    println!("journal: {:.0} events/s", after.get() as f64 / begun.elapsed().as_secs_f64());
    store.close().await.unwrap();
}

fn report_threads(commits: usize) {
    let mut by_name = std::collections::BTreeMap::<String, u64>::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        let stat = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        let ns: u64 = stat.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0);
        *by_name.entry(name.trim().to_owned()).or_default() += ns;
    }
    for (name, ns) in by_name {
        println!("  {name:<16} {:.1} us a commit", ns as f64 / 1_000.0 / commits as f64);
    }
}
