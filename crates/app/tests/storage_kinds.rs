//! The same commands through a store of each kind leave the same aggregates.

#![expect(clippy::unwrap_used, reason = "these are tests, their helpers included")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portolan_app::config::Config;
use portolan_app::import::{Import, Progress};
use portolan_app::wiring::{App, Parts, Store, read_only};
use portolan_application::wire;
use portolan_domain::{Listing, Order};
use portolan_kernel::{Aggregate, Candidate, FIND_LIMIT, Loaded, Selection, Specification, WriteStore as _};
use uuid::Uuid;

const KINDS: [&str; 3] = ["relational", "document", "events"];

struct Quietly;

impl Progress for Quietly {
    fn line(&self, _: u64) {}
}

fn config(place: &Path, kind: &str) -> Config {
    let write = format!("sqlite:{}?storage={kind}&snapshot_every=5", place.join(kind).display());
    Config { write, ..Config::default() }
}

/// The market of the sample with the orders that its sales make, in a store of this kind.
async fn market(place: &Path, kind: &str) -> Store {
    let config = config(place, kind);
    let app = App::build(&config, Parts { views: false, processes: true, deadlines: false }).await.unwrap();
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/market.jsonl");
    let lines = tokio::io::BufReader::new(tokio::fs::File::open(sample).await.unwrap());
    let import = Import::new(app.clone(), false);
    import.run(lines, Arc::new(Quietly), std::future::pending()).await.unwrap();
    app.shutdown().await.unwrap();
    read_only(&config).await.unwrap()
}

async fn all<A: Aggregate + Candidate>(store: &Store) -> BTreeMap<Uuid, Loaded> {
    let mut all = BTreeMap::new();
    let mut after = None;
    loop {
        let criteria = Specification::<A>::everything();
        let selection = Selection { aggregate_type: A::TYPE, criteria: &criteria, after, limit: FIND_LIMIT };
        let page = store.select(selection).await.unwrap();
        after = page.last().map(|last| last.id);
        let is_last = page.len() < FIND_LIMIT;
        all.extend(page.into_iter().map(|loaded| (loaded.id, loaded)));
        if is_last {
            return all;
        }
    }
}

async fn same<A: Aggregate + Candidate>(one: &Store, other: &Store) -> usize {
    let (these, those) = (all::<A>(one).await, all::<A>(other).await);
    assert_eq!(these.keys().collect::<Vec<_>>(), those.keys().collect::<Vec<_>>());
    let registry = wire::registry();
    for (id, this) in &these {
        let that = &those[id];
        assert_eq!(this.version, that.version, "{id}");
        assert_eq!(registry.get(A::TYPE).unwrap().difference(&this.state, &that.state), None, "{id}");
    }
    these.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_commands_leave_the_same_aggregates_in_stores_of_each_kind() {
    let place = tempfile::tempdir().unwrap();
    let mut stores = Vec::new();
    for kind in KINDS {
        let store = market(place.path(), kind).await;
        assert_eq!(store.info().await.unwrap().storage.as_str(), kind);
        assert_eq!(store.check(&mut |_| ()).await.unwrap().findings, 0, "{kind}");
        stores.push(store);
    }
    let [rows, others @ ..] = stores.as_slice() else { return };
    for other in others {
        assert!(same::<Listing>(rows, other).await > 400);
        assert!(same::<Order>(rows, other).await > 100);
    }
}
