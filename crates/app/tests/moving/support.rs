//! What the tests of moving a store have in common: a market to move, and a store that is meddled with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use portolan_app::config::Config;
use portolan_app::import::{Import, Progress as Lines};
use portolan_app::wiring::{App, Parts, read_only};
use portolan_kernel::{
    Advance, AggregateKey, ChangeSet, Checkpoint, Checkpoints, Committed, Deadline, Envelope, Epoch, Error,
    Journal, KeptOutcome, Loaded, Moved, Named, OutcomeTotals, Part, Position, RecordedOutcome,
    RecordedReset, Reset, Result, Selection, Status, SubscriptionId, Timestamp, Transfer, Until, Version,
    WriteStore,
};
use uuid::Uuid;

struct Quietly;

impl Lines for Quietly {
    fn line(&self, _: u64) {}
}

pub(crate) fn url(place: &Path, name: &str, kind: &str) -> String {
    format!("sqlite:{}?storage={kind}", place.join(name).display())
}

pub(crate) fn config(url: &str) -> Config {
    Config { write: url.to_owned(), ..Config::default() }
}

/// The market of the program's sample, with deadlines and the orders of its sales.
pub(crate) async fn market(url: &str) {
    let parts = Parts { views: false, processes: true, deadlines: false };
    let app = App::build(&config(url), parts).await.unwrap();
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample/market.jsonl");
    let lines = tokio::io::BufReader::new(tokio::fs::File::open(sample).await.unwrap());
    Import::new(app.clone(), false).run(lines, Arc::new(Quietly), std::future::pending()).await.unwrap();
    app.shutdown().await.unwrap();
}

pub(crate) async fn is_sound(url: &str) {
    let store = read_only(&config(url)).await.unwrap();
    assert_eq!(store.check(&mut |_| ()).await.unwrap().findings, 0, "{url}");
}

/// A store that is meddled with.
pub(crate) struct Meddled {
    pub(crate) to: Arc<dyn Transfer>,
    /// How many writes there are left, then none is done any more: as if the program were killed there.
    pub(crate) left: Arc<AtomicUsize>,
    /// Whether the last of them is done, though it is answered with a failure.
    pub(crate) is_late: bool,
    /// Whether it forgets outcomes.
    pub(crate) forgets_outcomes: bool,
}

impl Meddled {
    /// This store, which is left alone so far.
    pub(crate) fn new(to: Arc<dyn Transfer>) -> Self {
        Self { to, left: Arc::new(AtomicUsize::new(usize::MAX)), is_late: false, forgets_outcomes: false }
    }

    async fn step<T>(&self, write: impl Future<Output = Result<T>>) -> Result<T> {
        let broken = || Error::outcome_unknown("it broke off");
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(1) if self.is_late => write.await.and(Err(broken())),
            Ok(_) => write.await,
            Err(_) => Err(broken()),
        }
    }
}

#[async_trait]
impl Transfer for Meddled {
    async fn store_id(&self) -> Result<String> {
        self.to.store_id().await
    }

    async fn outcomes(&self, after: Option<Uuid>, limit: usize) -> Result<Vec<KeptOutcome>> {
        self.to.outcomes(after, limit).await
    }

    async fn outcomes_since(
        &self,
        since: Timestamp,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<KeptOutcome>> {
        self.to.outcomes_since(since, after, limit).await
    }

    async fn outcome_totals(&self, beyond: Timestamp) -> Result<OutcomeTotals> {
        self.to.outcome_totals(beyond).await
    }

    async fn epochs(&self) -> Result<Vec<(SubscriptionId, Epoch)>> {
        self.to.epochs().await
    }

    async fn recorded_resets(&self, skip: u64, limit: usize) -> Result<Vec<RecordedReset>> {
        self.to.recorded_resets(skip, limit).await
    }

    async fn renew(&self, names: &[Named]) -> Result<()> {
        self.step(self.to.renew(names)).await
    }

    async fn claim_copy(&self, hands: Uuid, held: Option<Uuid>) -> Result<()> {
        self.step(self.to.claim_copy(hands, held)).await
    }

    async fn moved(&self) -> Result<Option<Moved>> {
        self.to.moved().await
    }

    async fn hand_over(&self, moved: &Moved) -> Result<()> {
        self.step(self.to.hand_over(moved)).await
    }

    async fn take_back(&self, from: &str, hands: Uuid) -> Result<()> {
        self.step(self.to.take_back(from, hands)).await
    }

    async fn deadlines(&self, after: Option<&Deadline>, limit: usize) -> Result<Vec<Deadline>> {
        self.to.deadlines(after, limit).await
    }

    async fn begin_copy(&self, of: &str) -> Result<()> {
        self.step(self.to.begin_copy(of)).await
    }

    async fn take_over(&self, part: Part) -> Result<()> {
        if self.forgets_outcomes && matches!(part, Part::Outcomes(_)) {
            return Ok(());
        }
        self.step(self.to.take_over(part)).await
    }

    async fn rebuild(&self, after: Option<Named>) -> Result<Option<Named>> {
        self.step(self.to.rebuild(after)).await
    }

    async fn end_copy(&self, hands: Uuid) -> Result<()> {
        self.step(self.to.end_copy(hands)).await
    }
}

#[async_trait]
impl WriteStore for Meddled {
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
impl Journal for Meddled {
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
impl Checkpoints for Meddled {
    async fn get(&self, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        self.to.get(subscription).await
    }

    async fn list(&self) -> Result<Vec<Checkpoint>> {
        self.to.list().await
    }

    async fn initialise(&self, subscription: &SubscriptionId, at: Position) -> Result<()> {
        self.to.initialise(subscription, at).await
    }

    async fn advance(&self, advance: &Advance) -> Result<()> {
        self.to.advance(advance).await
    }

    async fn reset(&self, subscription: &SubscriptionId, reset: &Reset) -> Result<Position> {
        self.to.reset(subscription, reset).await
    }

    async fn set_status(&self, subscription: &SubscriptionId, status: Status) -> Result<()> {
        self.to.set_status(subscription, status).await
    }

    async fn stop(&self, subscription: &SubscriptionId, epoch: Epoch, reason: String) -> Result<()> {
        self.to.stop(subscription, epoch, reason).await
    }
}
