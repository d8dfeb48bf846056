//! Read models that are broken on purpose.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    Batch, Error, Page, PageRequest, Position, Projection, Projector as _, Query, ReadRepository, Recorded,
    Result, Row, Specification,
};

use super::tamper::others_run;
use crate::counter::{CounterEvent, CounterId, CounterProjector, CounterView};
use crate::reference::ReferenceModel;
use crate::reference::read::Rows;
use crate::{ReadHarness, ReadModel};

/// A way to break a read model.
pub struct ReadSaboteur {
    /// What it does wrong.
    pub name: &'static str,
    /// The clauses that see it, by their names.
    pub breaks: &'static [&'static str],
    /// The clauses that suffer with them: always, or when a race shows it.
    pub also: &'static [&'static str],
    make: fn() -> Arc<dyn Tamper>,
}

impl std::fmt::Debug for ReadSaboteur {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

macro_rules! read_saboteurs {
    ($($name:literal $make:expr, breaks [$($breaks:literal)*] $(also [$($also:literal)*])?;)+) => {
        /// All saboteurs of read models.
        pub static READERS: &[ReadSaboteur] = &[$(
            ReadSaboteur {
                name: $name,
                breaks: &[$($breaks),*],
                also: &[$($($also),*)?],
                make: || Arc::new($make),
            }
        ),+];
    };
}

read_saboteurs! {
    "decides between equals by chance" BreaksTies,
        breaks ["r07_rows_come_in_the_order_asked_for_and_then_by_id"]
        also ["r09_changes_during_a_walk_move_no_other_row"];
    "sorts null first when it goes backwards" NullsFirst,
        breaks ["r07_null_is_last_in_both_directions"];
    "loses the last row of a walk" LosesTheLast,
        breaks ["r08_a_walk_gives_each_row_once"];
    "counts rows in place of a cursor" CountsRows::default(),
        breaks ["r09_changes_during_a_walk_move_no_other_row"]
        also ["r18_a_reader_never_sees_half_of_a_commit"];
    "starts over at a cursor that it does not know" StartsOver,
        breaks ["r10_a_cursor_of_something_else_is_invalid"];
    "answers one row more than asked" AnswersOneMore,
        breaks ["r11_a_page_has_between_one_row_and_its_limit"];
    "takes older events over" TakesOlder,
        breaks ["r12_an_older_version_is_ignored"]
        also ["r13_an_event_applied_twice_is_applied_once"];
    "looks only at events of use" IgnoresTheUnused,
        breaks ["r12_a_row_has_the_version_of_its_last_event"];
    "takes a batch over twice" TakesEqual,
        breaks ["r13_an_event_applied_twice_is_applied_once"]
        also ["r12_an_older_version_is_ignored"];
    "answers whatever it has" NeverStale,
        breaks ["r14_a_position_is_there_or_stale"];
    "tells nobody who waits" NeverWakes,
        breaks ["r14_who_waits_for_a_position_wakes"];
    "takes what it does not understand for everything" Widens,
        breaks ["r15_what_can_never_be_answered_is_an_error"];
    "counts without criteria" CountsAll,
        breaks ["r16_count_and_exists_agree_with_find"];
    "resets the others with it" ResetsAll,
        breaks ["r17_a_reset_empties_its_own_model_only"];
    "shows one event after the other" ShowsHalf::default(),
        breaks ["r18_a_reader_never_sees_half_of_a_commit"];
}

/// Read models in the hands of a saboteur.
#[derive(Debug, Clone, Copy)]
pub struct SabotagedReadHarness(pub &'static ReadSaboteur);

#[async_trait]
impl ReadHarness for SabotagedReadHarness {
    async fn models(&self) -> Result<[ReadModel; 2]> {
        let tamper = (self.0.make)();
        let [model, other] = ["counters", "others"].map(ReferenceModel::new);
        let pair = [(model.clone(), other.clone()), (other, model)];
        Ok(pair.map(|(inner, other)| {
            let tampered = Arc::new(Tampered { inner, other, tamper: Arc::clone(&tamper) });
            ReadModel { repository: Arc::clone(&tampered) as _, projection: tampered }
        }))
    }
}

/// What a saboteur does to the calls: nothing, unless it overrides.
#[async_trait]
trait Tamper: Send + Sync + 'static {
    async fn find(&self, inner: &ReferenceModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        inner.find(query).await
    }

    async fn count(&self, inner: &ReferenceModel, criteria: &Specification<CounterView>) -> Result<u64> {
        inner.count(criteria).await
    }

    async fn wait_for(&self, inner: &ReferenceModel, want: Position, patience: Duration) -> Result<Position> {
        inner.wait_for(want, patience).await
    }

    async fn apply(&self, inner: &ReferenceModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        inner.apply(batch).await
    }

    async fn reset(&self, inner: &ReferenceModel, _other: &ReferenceModel) -> Result<()> {
        inner.reset().await
    }
}

struct Tampered {
    inner: ReferenceModel,
    other: ReferenceModel,
    tamper: Arc<dyn Tamper>,
}

#[async_trait]
impl ReadRepository<CounterView> for Tampered {
    async fn get(&self, id: &CounterId) -> Result<Option<Row<CounterView>>> {
        self.inner.get(id).await
    }

    async fn find(&self, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        self.tamper.find(&self.inner, query).await
    }

    async fn count(&self, criteria: &Specification<CounterView>) -> Result<u64> {
        self.tamper.count(&self.inner, criteria).await
    }

    async fn position(&self) -> Result<Position> {
        ReadRepository::position(&self.inner).await
    }

    async fn wait_for(&self, want: Position, patience: Duration) -> Result<Position> {
        self.tamper.wait_for(&self.inner, want, patience).await
    }
}

#[async_trait]
impl Projection<CounterEvent> for Tampered {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn position(&self) -> Result<Position> {
        Projection::position(&self.inner).await
    }

    async fn apply(&self, batch: Batch<'_, CounterEvent>) -> Result<()> {
        self.tamper.apply(&self.inner, batch).await
    }

    async fn reset(&self) -> Result<()> {
        self.tamper.reset(&self.inner, &self.other).await
    }
}

struct BreaksTies;

#[async_trait]
impl Tamper for BreaksTies {
    async fn find(&self, inner: &ReferenceModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        let mut page = inner.find(query).await?;
        let sort = query.sort.to_string();
        if sort == "count" && page.next.is_none() && query.page.after.is_none() {
            page.rows.sort_by_key(|row| (row.view.count, std::cmp::Reverse(row.view.id)));
        }
        Ok(page)
    }
}

struct NullsFirst;

#[async_trait]
impl Tamper for NullsFirst {
    async fn find(&self, inner: &ReferenceModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        let mut page = inner.find(query).await?;
        if query.sort.to_string() == "-price.amount" {
            page.rows.sort_by_key(|row| row.view.price.is_some());
        }
        Ok(page)
    }
}

struct LosesTheLast;

#[async_trait]
impl Tamper for LosesTheLast {
    async fn find(&self, inner: &ReferenceModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        let mut page = inner.find(query).await?;
        // It takes a page that is not full for the end, and a last row that is alone for none.
        if query.page.after.is_some() && page.rows.len() == 1 && page.next.is_none() {
            page.rows.clear();
        }
        Ok(page)
    }
}

/// Knows of each cursor how many rows stood before it.
#[derive(Default)]
struct CountsRows(Mutex<HashMap<String, usize>>);

#[async_trait]
impl Tamper for CountsRows {
    async fn find(&self, inner: &ReferenceModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        let page = inner.find(query).await?;
        let known = |text: &str| self.0.lock().unwrap_or_else(PoisonError::into_inner).get(text).copied();
        let skipped = query.page.after.as_ref().and_then(|cursor| known(cursor.as_str())).unwrap_or(0);
        let all = inner.find(&query.clone().page(PageRequest::everything())).await?;
        let size = query.page.size.rows().unwrap_or(usize::MAX);
        let rows: Vec<_> = all.rows.into_iter().skip(skipped).take(size).collect();
        if let Some(next) = &page.next {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            counts.insert(next.to_string(), skipped + rows.len());
        }
        Ok(Page { rows, ..page })
    }
}

struct StartsOver;

#[async_trait]
impl Tamper for StartsOver {
    async fn find(&self, inner: &ReferenceModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        match inner.find(query).await {
            Err(Error::Invalid(_)) if query.page.after.is_some() => {
                inner.find(&query.clone().page(PageRequest::first(query.page.size))).await
            }
            answer => answer,
        }
    }
}

struct AnswersOneMore;

#[async_trait]
impl Tamper for AnswersOneMore {
    async fn find(&self, inner: &ReferenceModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        let mut page = inner.find(query).await?;
        if page.next.is_some() && page.rows.len() >= 50 {
            page.rows.extend(page.rows.last().cloned());
        }
        Ok(page)
    }
}

/// Takes events over whose version is in this relation to their row's.
fn take_all(
    inner: &ReferenceModel,
    batch: Batch<'_, CounterEvent>,
    again: fn(&Rows, &Recorded<CounterEvent>) -> bool,
) {
    let mut rows = inner.look();
    for event in batch.events() {
        if again(&rows, event) {
            let Some(id) = CounterProjector.target(event) else { continue };
            let version = rows.by_id.get(&id).map_or(event.version, |(version, _)| *version);
            let mut row = rows.by_id.remove(&id).map(|(_, view)| view);
            CounterProjector.project(&mut row, event);
            rows.by_id.extend(row.map(|view| (id, (version, view))));
        }
        rows.take(event);
    }
    rows.position = rows.position.max(batch.to());
    drop(rows);
    inner.announce();
}

fn version_of(rows: &Rows, event: &Recorded<CounterEvent>) -> Option<portolan_kernel::Version> {
    let id = CounterProjector.target(event)?;
    rows.by_id.get(&id).map(|(version, _)| *version)
}

struct TakesOlder;

#[async_trait]
impl Tamper for TakesOlder {
    async fn apply(&self, inner: &ReferenceModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        take_all(inner, batch, |rows, event| {
            version_of(rows, event).is_some_and(|current| event.version < current)
        });
        Ok(())
    }
}

struct TakesEqual;

#[async_trait]
impl Tamper for TakesEqual {
    async fn apply(&self, inner: &ReferenceModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        take_all(inner, batch, |rows, event| {
            version_of(rows, event).is_some_and(|current| event.version == current)
        });
        Ok(())
    }
}

struct IgnoresTheUnused;

#[async_trait]
impl Tamper for IgnoresTheUnused {
    async fn apply(&self, inner: &ReferenceModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        let before = inner.look().by_id.clone();
        inner.apply(batch).await?;
        for (id, (version, view)) in &mut inner.look().by_id {
            if let Some((old, _)) = before.get(id).filter(|(_, old)| old == view) {
                *version = *old;
            }
        }
        Ok(())
    }
}

struct NeverStale;

#[async_trait]
impl Tamper for NeverStale {
    async fn find(&self, inner: &ReferenceModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        inner.find(&Query { at_least: None, ..query.clone() }).await
    }
}

struct NeverWakes;

#[async_trait]
impl Tamper for NeverWakes {
    async fn wait_for(&self, inner: &ReferenceModel, want: Position, patience: Duration) -> Result<Position> {
        match inner.wait_for(want, Duration::ZERO).await {
            Err(stale) => {
                tokio::time::sleep(patience).await;
                Err(stale)
            }
            come => come,
        }
    }
}

struct Widens;

#[async_trait]
impl Tamper for Widens {
    async fn find(&self, inner: &ReferenceModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        match query.criteria.tree() {
            Ok(_) => inner.find(query).await,
            Err(_) => inner.find(&Query { criteria: Specification::everything(), ..query.clone() }).await,
        }
    }
}

struct CountsAll;

#[async_trait]
impl Tamper for CountsAll {
    async fn count(&self, inner: &ReferenceModel, criteria: &Specification<CounterView>) -> Result<u64> {
        criteria.tree()?;
        inner.count(&Specification::everything()).await
    }
}

struct ResetsAll;

#[async_trait]
impl Tamper for ResetsAll {
    async fn reset(&self, inner: &ReferenceModel, other: &ReferenceModel) -> Result<()> {
        other.reset().await?;
        inner.reset().await
    }
}

/// Counts how often somebody looked, so that it shows every half that it can to somebody.
#[derive(Default)]
struct ShowsHalf(AtomicUsize);

#[async_trait]
impl Tamper for ShowsHalf {
    async fn find(&self, inner: &ReferenceModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        inner.find(query).await
    }

    async fn apply(&self, inner: &ReferenceModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        if let [first, _, ..] = batch.events() {
            inner.look().take(first);
            let looks = self.0.load(Ordering::SeqCst);
            for _ in 0..100 {
                if self.0.load(Ordering::SeqCst) > looks + 1 {
                    break;
                }
                others_run().await;
            }
        }
        inner.apply(batch).await
    }
}
