//! What a store can do to a request that no real one does when a test wants it, over a socket and through the whole
//! program: conflicts that do not end, and a bug.
#![cfg(all(feature = "http", feature = "memory"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests, their helpers included")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use portolan_app::config::Config;
use portolan_app::wiring::{App, Parts};
use portolan_application::{Market, wire};
use portolan_http::{Http, Limits, Shutdown};
use portolan_kernel::{
    AggregateKey, ChangeSet, Committed, Error, Loaded, Position, RecordedOutcome, Result, Selection, Version,
    WriteSide, WriteStore,
};
use portolan_runtime::{Mediator, SystemIds, middleware};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const LISTING: &str = "00000000-0000-4000-8000-111100000001";

/// What the store does with the next commits.
#[derive(Clone, Copy)]
enum Mood {
    Good,
    Contended,
    Buggy,
}

/// The program's store, with moods.
struct Moody {
    inner: Arc<dyn WriteStore>,
    mood: Mutex<Mood>,
    tries: AtomicUsize,
}

#[async_trait]
impl WriteStore for Moody {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        self.inner.load(key).await
    }

    async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        self.inner.select(selection).await
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        self.tries.fetch_add(1, Ordering::SeqCst);
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Good => self.inner.commit(change_set).await,
            Mood::Contended => {
                let key = change_set.changes[0].key;
                Err(Error::conflict(key, Some(Version(2)), Some(Version(3))))
            }
            Mood::Buggy => panic!("the secret of the inside"),
        }
    }

    async fn outcome(&self, command_id: uuid::Uuid) -> Result<Option<RecordedOutcome>> {
        self.inner.outcome(command_id).await
    }

    fn forget(&self, key: AggregateKey) {
        self.inner.forget(key);
    }

    fn last_position(&self) -> Position {
        self.inner.last_position()
    }
}

/// The whole program on a socket, over a store with moods.
struct Service {
    app: App,
    store: Arc<Moody>,
    address: std::net::SocketAddr,
    shutdown: Shutdown,
    serving: tokio::task::JoinHandle<()>,
}

impl Service {
    async fn start() -> Self {
        let config = Config { write: "memory:".to_owned(), ..Config::default() };
        let parts = Parts { views: true, processes: true, deadlines: false };
        let app = App::build(&config, parts).await.unwrap();
        let inner = Arc::clone(app.mediator().write_side().store());
        let store = Arc::new(Moody { inner, mood: Mutex::new(Mood::Good), tries: AtomicUsize::new(0) });
        let ids = Arc::new(SystemIds::new());
        let side = WriteSide::new(Arc::clone(&store) as Arc<dyn WriteStore>, wire::registry(), ids.clone());
        let market = Market::new(app.mediator().service().views().clone());
        let shutdown = Shutdown::new();
        let router = portolan_http::router(Http {
            mediator: Mediator::new(market, side, middleware::standard(ids, middleware::Limits::default())),
            journal: app.journal(),
            clock: app.shared_clock(),
            health: app.health(),
            outcomes_kept: config.idempotency(),
            limits: Limits::default(),
            shutdown: shutdown.clone(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving =
            tokio::spawn(portolan_http::serve(listener, router, Limits::default(), shutdown.clone()));
        Self { app, store, address, shutdown, serving }
    }

    fn is(&self, mood: Mood) {
        *self.store.mood.lock().unwrap() = mood;
        self.store.tries.store(0, Ordering::SeqCst);
    }

    /// Posts, and answers the head and the body as they came.
    async fn post(&self, path: &str, body: &Value) -> (String, Value) {
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_lowercase(), serde_json::from_str(body).unwrap())
    }

    /// A listing of its own, published, so that there is something to write to.
    async fn draft(&self) -> (String, Value) {
        let ends_at = self.app.clock().now().plus(std::time::Duration::from_secs(3_600));
        let eur = |amount: u64| json!({ "amount": amount, "currency": "EUR" });
        self.post(
            "/listings",
            &json!({
                "id": LISTING, "seller": "00000000-0000-4000-8000-00000000005e", "title": "A lamp",
                "description": "Brass.", "asking": eur(1_000), "increment": eur(100), "ends_at": ends_at,
            }),
        )
        .await
    }

    async fn end(self) {
        self.shutdown.begin();
        self.serving.await.unwrap();
        self.app.shutdown().await.unwrap();
    }
}

fn is_a_problem(head: &str, status: u16) {
    assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
    assert!(head.contains("content-type: application/problem+json"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_that_does_not_end_is_409_with_both_versions_after_several_tries() {
    let service = Service::start().await;
    assert!(service.draft().await.0.starts_with("http/1.1 201 "));
    service.is(Mood::Contended);
    let (head, problem) = service.post(&format!("/listings/{LISTING}/publish"), &json!({})).await;
    is_a_problem(&head, 409);
    assert_eq!((&problem["code"], &problem["status"]), (&json!("conflict"), &json!(409)));
    assert_eq!((&problem["expected"], &problem["actual"]), (&json!(2), &json!(3)));
    assert!(service.store.tries.load(Ordering::SeqCst) > 1, "it is tried again before it is given up");
    service.is(Mood::Good);
    let (head, _) = service.post(&format!("/listings/{LISTING}/publish"), &json!({})).await;
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bug_is_500_with_a_trace_id_and_nothing_of_the_inside_and_the_process_lives_on() {
    let service = Service::start().await;
    service.is(Mood::Buggy);
    for _ in 0..3 {
        let (head, problem) = service.draft().await;
        is_a_problem(&head, 500);
        assert_eq!(problem["code"], "internal");
        assert_eq!(problem["trace_id"].as_str().unwrap().len(), 32, "{problem}");
        assert!(!head.contains("secret") && !problem.to_string().contains("secret"), "{head}\n{problem}");
    }
    service.is(Mood::Good);
    assert!(
        service.draft().await.0.starts_with("http/1.1 201 "),
        "the listing is not there, and its turn is free"
    );
    service.end().await;
}
