//! A store moves into another of any kind, whole, also where it is broken off in between.

#![expect(clippy::unwrap_used, reason = "these are tests, their helpers included")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use portolan_app::commands::store_copy::copy;
use portolan_app::config::Config;
use portolan_app::import::{Import, Progress as Lines};
use portolan_app::wiring::{App, Parts, copied_from, copied_to, read_only};
use portolan_kernel::{
    AggregateKey, ChangeSet, Checkpoint, Checkpoints, Committed, Deadline, Envelope, Error, Journal,
    KeptOutcome, Loaded, Named, Part, Position, RecordedOutcome, Reset, Result, Selection, Status,
    SubscriptionId, Transfer, Until, Version, WriteStore,
};
use portolan_runtime::transfer::NotCopied;
use uuid::Uuid;

struct Quietly;

impl Lines for Quietly {
    fn line(&self, _: u64) {}
}

fn url(place: &Path, name: &str, kind: &str) -> String {
    format!("sqlite:{}?storage={kind}", place.join(name).display())
}

/// The market of the program's sample, with deadlines and the orders of its sales.
async fn market(url: &str) {
    let config = Config { write: url.to_owned(), ..Config::default() };
    let app = App::build(&config, Parts { views: false, processes: true, deadlines: false }).await.unwrap();
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample/market.jsonl");
    let lines = tokio::io::BufReader::new(tokio::fs::File::open(sample).await.unwrap());
    Import::new(app.clone(), false).run(lines, Arc::new(Quietly), std::future::pending()).await.unwrap();
    app.shutdown().await.unwrap();
}

async fn is_sound(url: &str) {
    let store = read_only(&Config { write: url.to_owned(), ..Config::default() }).await.unwrap();
    assert_eq!(store.check(&mut |_| ()).await.unwrap().findings, 0, "{url}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_moves_through_every_kind_and_is_the_same_at_the_end() {
    let place = tempfile::tempdir().unwrap();
    let mut from = url(place.path(), "first", "relational");
    market(&from).await;
    for (name, kind) in [("second", "document"), ("third", "events"), ("fourth", "relational")] {
        let to = url(place.path(), name, kind);
        let copied =
            copy(&*copied_from(&from).await.unwrap(), &*copied_to(&to).await.unwrap(), |_| ()).await.unwrap();
        assert!(copied.events > 1_000 && copied.aggregates > 100 && copied.outcomes > 1_000, "{copied:?}");
        is_sound(&to).await;
        from = to;
    }
    // It goes on as if nothing had happened: a repeat of all commands writes nothing.
    let before = copied_from(&from).await.unwrap().head().await.unwrap();
    market(&from).await;
    assert_eq!(copied_from(&from).await.unwrap().head().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_broken_off_opens_for_nothing_else_and_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let (first, second) = (url(place.path(), "first", "relational"), url(place.path(), "second", "events"));
    market(&first).await;
    let from = copied_from(&first).await.unwrap();
    let mut tries = 0;
    loop {
        tries += 1;
        let breaks = Breaks { to: copied_to(&second).await.unwrap(), left: AtomicUsize::new(tries) };
        match copy(&*from, &breaks, |_| ()).await {
            Ok(copied) => {
                assert!(copied.events > 1_000, "{copied:?}");
                break;
            }
            Err(NotCopied::Failed(Error::Unavailable { .. })) => {}
            Err(other) => panic!("{other}"),
        }
        let config = Config { write: second.clone(), ..Config::default() };
        let refused = read_only(&config).await.unwrap_err().to_string();
        assert!(refused.contains("unfinished copy") && refused.contains("store copy"), "{refused}");
        assert!(App::build(&config, Parts::to_import(&config)).await.is_err());
    }
    assert!(tries > 5, "{tries} tries");
    is_sound(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_with_events_of_its_own_is_no_target() {
    let place = tempfile::tempdir().unwrap();
    let (first, second) =
        (url(place.path(), "first", "relational"), url(place.path(), "second", "relational"));
    market(&first).await;
    market(&second).await;
    let refused = copy(&*copied_from(&first).await.unwrap(), &*copied_to(&second).await.unwrap(), |_| ())
        .await
        .unwrap_err();
    assert!(matches!(&refused, NotCopied::Failed(Error::AlreadyExists(_))), "{refused}");
    is_sound(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_differs_says_where() {
    let place = tempfile::tempdir().unwrap();
    let (first, second) = (url(place.path(), "first", "relational"), url(place.path(), "second", "document"));
    market(&first).await;
    let forgets = Forgets { to: copied_to(&second).await.unwrap() };
    let refused = copy(&*copied_from(&first).await.unwrap(), &forgets, |_| ()).await.unwrap_err();
    assert!(
        matches!(&refused, NotCopied::Differs(what) if what[0].contains("the outcome of the command")),
        "{refused}"
    );
}

/// Takes so many parts over, and then no more.
struct Breaks {
    to: Arc<dyn Transfer>,
    left: AtomicUsize,
}

impl Breaks {
    fn step(&self) -> Result<()> {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map(drop).map_err(|_| Error::unavailable("it broke off"))
    }
}

/// Forgets outcomes.
struct Forgets {
    to: Arc<dyn Transfer>,
}

/// A target that hands on all but what it is about.
macro_rules! target {
    ($target:ty, |$this:ident, $part:ident| $take_over:expr, |$rebuilding:ident| $rebuild:expr) => {
        #[async_trait]
        impl Transfer for $target {
            async fn store_id(&self) -> Result<String> {
                self.to.store_id().await
            }

            async fn outcomes(&self, after: Option<Uuid>, limit: usize) -> Result<Vec<KeptOutcome>> {
                self.to.outcomes(after, limit).await
            }

            async fn deadlines(&self, after: Option<&Deadline>, limit: usize) -> Result<Vec<Deadline>> {
                self.to.deadlines(after, limit).await
            }

            async fn begin_copy(&self, of: &str) -> Result<()> {
                self.to.begin_copy(of).await
            }

            async fn take_over(&self, $part: Part) -> Result<()> {
                let $this = self;
                $take_over
            }

            async fn rebuild(&self, after: Option<Named>) -> Result<Option<Named>> {
                let $rebuilding = self;
                $rebuild?;
                self.to.rebuild(after).await
            }

            async fn end_copy(&self) -> Result<()> {
                self.to.end_copy().await
            }
        }

        #[async_trait]
        impl WriteStore for $target {
            async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
                self.to.load(key).await
            }

            async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>> {
                self.to.select(selection).await
            }

            async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
                self.to.commit(change_set).await
            }

            async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
                self.to.outcome(command_id).await
            }

            fn last_position(&self) -> Position {
                self.to.last_position()
            }
        }

        #[async_trait]
        impl Journal for $target {
            async fn read(&self, after: Position, limit: usize) -> Result<Vec<Envelope>> {
                self.to.read(after, limit).await
            }

            async fn head(&self) -> Result<Position> {
                self.to.head().await
            }

            async fn history(
                &self,
                key: AggregateKey,
                after: Version,
                until: Until,
                limit: usize,
            ) -> Result<Vec<Envelope>> {
                self.to.history(key, after, until, limit).await
            }

            async fn changed(&self, after: Position) -> Result<Position> {
                self.to.changed(after).await
            }
        }

        #[async_trait]
        impl Checkpoints for $target {
            async fn get(&self, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
                self.to.get(subscription).await
            }

            async fn list(&self) -> Result<Vec<Checkpoint>> {
                self.to.list().await
            }

            async fn initialise(&self, subscription: &SubscriptionId, at: Position) -> Result<()> {
                self.to.initialise(subscription, at).await
            }

            async fn advance(&self, advance: &portolan_kernel::Advance) -> Result<()> {
                self.to.advance(advance).await
            }

            async fn reset(&self, subscription: &SubscriptionId, reset: &Reset) -> Result<Position> {
                self.to.reset(subscription, reset).await
            }

            async fn set_status(&self, subscription: &SubscriptionId, status: Status) -> Result<()> {
                self.to.set_status(subscription, status).await
            }
        }
    };
}

target!(
    Breaks,
    |this, part| {
        this.step()?;
        this.to.take_over(part).await
    },
    |this| this.step()
);
target!(
    Forgets,
    |this, part| match part {
        Part::Outcomes(_) => Ok(()),
        part => this.to.take_over(part).await,
    },
    |_this| Result::<()>::Ok(())
);
