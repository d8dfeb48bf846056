//! A market whose write store is in memory does all that one in a file does, and leaves nothing behind.
#![cfg(feature = "memory")]
#![expect(clippy::unwrap_used, reason = "these are tests, their helpers included")]

use std::path::PathBuf;
use std::sync::Arc;

use portolan_app::Failure;
use portolan_app::config::Config;
use portolan_app::import::{Import, Progress};
use portolan_app::wiring::{App, Parts, read_only};
use portolan_application::listings::ListingView;
use portolan_kernel::{Page, PageRequest, Query, Specification};

struct Quietly;

impl Progress for Quietly {
    fn line(&self, _: u64) {}
}

/// The listings of the program's sample, in the order of their ids, and the journal's head.
async fn listings(write: String) -> (Vec<Arc<ListingView>>, u64) {
    let config = Config { write, ..Config::default() };
    let parts = Parts { views: true, processes: true, deadlines: false };
    let app = App::build(&config, parts).await.unwrap();
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample/market.jsonl");
    let lines = tokio::io::BufReader::new(tokio::fs::File::open(sample).await.unwrap());
    Import::new(app.clone(), false).run(lines, Arc::new(Quietly), std::future::pending()).await.unwrap();
    let head = app.journal().head().await.unwrap();
    let view = app.mediator().service().views().listings.clone();
    view.wait_for(head, std::time::Duration::from_secs(30)).await.unwrap();
    let query = Query::new(Specification::everything()).page(PageRequest::everything());
    let page: Page<ListingView> = view.find(&query).await.unwrap();
    app.shutdown().await.unwrap();
    (page.rows.into_iter().map(|row| row.view).collect(), head.get())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_in_memory_comes_to_the_same_as_one_in_a_file() {
    let place = tempfile::tempdir().unwrap();
    let in_a_file = listings(format!("sqlite:{}", place.path().join("market.db").display())).await;
    assert!(in_a_file.0.len() > 50 && in_a_file.1 > 1_000);
    for url in ["memory:", "memory:?storage=document", "memory:?storage=events"] {
        assert_eq!(listings(url.to_owned()).await, in_a_file, "{url}");
    }
}

#[tokio::test]
async fn there_is_nothing_to_read_where_a_program_has_ended() {
    for url in ["memory:", "memory:?storage=events", "sqlite::memory:"] {
        let config = Config { write: url.to_owned(), ..Config::default() };
        let refused = read_only(&config).await.map(drop).unwrap_err();
        let is_usage = matches!(&refused, Failure::Usage(said) if said.contains("gone with it"));
        assert!(is_usage, "{url}: {refused}");
    }
}
