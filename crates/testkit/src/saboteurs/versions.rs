//! Stores that are careless with versions, existence and the whole of a change set.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, Answer, Change, ChangeSet, Committed, Error, Expected, Loaded, Origin, Outcome, Result,
    Selection, Version, WriteStore as _,
};

use super::inner::Inner;
use super::saboteurs;
use super::tamper::Tamper;
use crate::builders::{counter_id, opened};
use crate::counter::{Counter, Event};

saboteurs! {
    "answers a missing aggregate" InventsTheMissing,
        breaks [
            "w01_a_missing_id_is_none"
        ] also [
            "w06_a_change_to_what_is_not_there_is_never_an_insert"
        ]
        because "a change to what is not there finds something to change";
    "leaves the last match out" ForgetsTheLastMatch,
        breaks ["w02_find_answers_all_that_match_in_the_order_of_ids" "w12_find_tests_the_units_own_copies_again"]
        because "what the unit tests again are the matches of the store";
    "overwrites what an add finds" OverwritesOnAdd,
        breaks ["w03_adding_what_exists_leaves_the_first_intact"];
    "counts commits in place of events" CountsCommits,
        breaks ["w04_the_version_rises_by_the_number_of_events"];
    "lets the last writer win" AcceptsStale(|change| !change.is_empty()),
        breaks [
            "w05_a_stale_commit_conflicts_and_writes_nothing"
        ] also [
            "j02_a_wrong_expected_version_conflicts_and_writes_no_rows"
            "j03_of_two_writers_with_one_expectation_one_succeeds"
            "w07_five_workers_with_ten_increments_make_fifty"
            "w08_one_of_twenty_takes_the_one_place"
            "w13_what_was_removed_is_gone_and_goes_on_at_the_next_version"
            "w20_two_aggregates_commit_together_or_not_at_all"
            "w21_failures_are_never_recorded"
        ]
        because "no expectation fails any more";
    "compares the version and not the event that made it" ComparesVersionsAlone,
        breaks ["w05_what_builds_on_a_change_that_never_was_conflicts"];
    "inserts what a change does not find" InsertsOnChange,
        breaks ["w06_a_change_to_what_is_not_there_is_never_an_insert"];
    "gives a taken place away" AcceptsStale(|events| matches!(events, [Event::PlaceTaken(_)])),
        breaks ["w08_one_of_twenty_takes_the_one_place"];
    "removes whatever the version" AcceptsStale(<[Event]>::is_empty),
        breaks ["w14_a_stale_removal_conflicts"];
    "forgets the versions of what was removed" ForgetsTheRemoved::default(),
        breaks [
            "w13_what_was_removed_is_gone_and_goes_on_at_the_next_version"
        ] also [
            "w23_replay_of_the_journal_equals_the_stored_state"
        ]
        because "the second life begins at the version of the first, so its history does not replay";
    "commits one aggregate after the other" CommitsOneByOne,
        breaks [
            "w20_two_aggregates_commit_together_or_not_at_all"
            "j04_the_events_of_a_commit_are_contiguous"
        ] also [
            "j04_a_kill_leaves_whole_commits"
        ]
        because "a commit of two is two, to whoever counts positions or kills in between";
    "leaves the rows of a conflict in the journal" LeavesRowsOfConflicts,
        breaks [
            "j02_a_wrong_expected_version_conflicts_and_writes_no_rows"
        ] also [
            "j03_of_two_writers_with_one_expectation_one_succeeds"
            "w05_a_stale_commit_conflicts_and_writes_nothing"
            "w05_what_builds_on_a_change_that_never_was_conflicts"
            "w07_five_workers_with_ten_increments_make_fifty"
            "w13_what_was_removed_is_gone_and_goes_on_at_the_next_version"
            "w14_a_stale_removal_conflicts"
            "w20_two_aggregates_commit_together_or_not_at_all"
            "w21_failures_are_never_recorded"
        ]
        because "every clause that loses a race looks whether the journal is as before, or lets the store's own check look";
}

struct InventsTheMissing;

#[async_trait]
impl Tamper for InventsTheMissing {
    async fn load(&self, inner: &Inner, key: AggregateKey) -> Result<Option<Loaded>> {
        let is_empty = inner.last_position().get() == 0;
        let invented = portolan_kernel::replay::<Counter>(&[opened("invented")]).filter(|_| is_empty);
        match invented {
            Some(state) => Ok(Some(Loaded {
                id: key.id,
                version: Version(1),
                state: Arc::new(Counter { id: counter_id("invented"), ..state }),
                origin: Origin::Stored,
            })),
            None => inner.load(key).await,
        }
    }
}

struct ForgetsTheLastMatch;

#[async_trait]
impl Tamper for ForgetsTheLastMatch {
    async fn select(&self, inner: &Inner, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        let mut found = inner.select(selection).await?;
        found.pop();
        Ok(found)
    }
}

struct OverwritesOnAdd;

#[async_trait]
impl Tamper for OverwritesOnAdd {
    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        for change in &mut change_set.changes {
            if change.expected == Expected::Absent {
                change.expected = inner.current(change.key).await?;
            }
        }
        inner.commit(change_set).await
    }
}

struct CountsCommits;

#[async_trait]
impl Tamper for CountsCommits {
    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        let before = match (&change_set.answer, change_set.changes.first()) {
            (Answer::Receipt { .. }, Some(change)) => match change.expected {
                Expected::At(version) | Expected::MadeBy(version, _) => Some(version),
                Expected::Absent => None,
            },
            _ => None,
        };
        match (inner.commit(change_set).await?, before) {
            (Committed::Done { outcome: Outcome::Accepted(mut receipt), versions }, Some(before)) => {
                receipt.version = before.plus(1);
                Ok(Committed::Done { outcome: Outcome::Accepted(receipt), versions })
            }
            (committed, _) => Ok(committed),
        }
    }
}

/// Takes changes with these events at any version.
struct AcceptsStale(fn(&[Event]) -> bool);

#[async_trait]
impl Tamper for AcceptsStale {
    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        commit_at_any_version(inner, change_set, self.0).await
    }
}

/// Commits, whatever the version of the aggregates that this happens to.
pub(super) async fn commit_at_any_version(
    inner: &Inner,
    mut change_set: ChangeSet,
    is_meant: fn(&[Event]) -> bool,
) -> Result<Committed> {
    let is_meant = |change: &Change| {
        change.typed_events.downcast_ref::<Vec<Event>>().is_some_and(|events| is_meant(events))
    };
    for tries in 0.. {
        let mut has_moved = tries == 0;
        for change in &mut change_set.changes {
            let current = inner.current(change.key).await?;
            let is_late = matches!((change.expected, current), (Expected::At(_), Expected::At(_)));
            if is_late && is_meant(change) {
                has_moved |= change.expected != current;
                change.expected = current;
            }
        }
        match inner.commit(change_set.clone()).await {
            // Somebody was faster once more.
            Err(Error::Conflict { .. }) if has_moved && change_set.changes.iter().any(is_meant) => {}
            answer => return answer,
        }
    }
    inner.commit(change_set).await
}

struct ComparesVersionsAlone;

#[async_trait]
impl Tamper for ComparesVersionsAlone {
    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        for change in &mut change_set.changes {
            if let Expected::MadeBy(version, _) = change.expected {
                change.expected = Expected::At(version);
            }
        }
        inner.commit(change_set).await
    }
}

struct InsertsOnChange;

#[async_trait]
impl Tamper for InsertsOnChange {
    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        for change in &mut change_set.changes {
            if inner.current(change.key).await? == Expected::Absent && change.state.is_some() {
                change.expected = Expected::Absent;
            }
        }
        inner.commit(change_set).await
    }
}

/// How far each aggregate had come in its former lives: what comes next counts from there as if from the start.
#[derive(Default)]
struct ForgetsTheRemoved(Mutex<HashMap<AggregateKey, Version>>);

impl ForgetsTheRemoved {
    fn forgotten(&self, key: AggregateKey) -> u64 {
        let forgotten = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forgotten.get(&key).map_or(0, |version| version.get())
    }

    fn shown(&self, key: AggregateKey, version: Version) -> Version {
        Version(version.get().saturating_sub(self.forgotten(key)))
    }
}

#[async_trait]
impl Tamper for ForgetsTheRemoved {
    async fn load(&self, inner: &Inner, key: AggregateKey) -> Result<Option<Loaded>> {
        let loaded = inner.load(key).await?;
        Ok(loaded.map(|loaded| Loaded { version: self.shown(key, loaded.version), ..loaded }))
    }

    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        for change in &mut change_set.changes {
            if let Expected::At(version) = change.expected {
                change.expected = Expected::At(version.plus(self.forgotten(change.key)));
            }
        }
        let changes: Vec<_> =
            change_set.changes.iter().map(|change| (change.key, change.state.is_none())).collect();
        let committed = match (inner.commit(change_set).await, changes.first()) {
            (Err(Error::Conflict { what, expected, actual }), Some((key, _))) => {
                let shown = |version| self.shown(*key, Version(version)).get();
                Err(Error::Conflict { what, expected: shown(expected), actual: shown(actual) })
            }
            (committed, _) => committed,
        }?;
        let Committed::Done { mut outcome, versions } = committed else { return Ok(committed) };
        let shown =
            changes.iter().zip(&versions).map(|((key, _), version)| self.shown(*key, *version)).collect();
        for ((key, is_removed), version) in changes.into_iter().zip(versions) {
            match &mut outcome {
                Outcome::Accepted(receipt) if receipt.id == key.id => {
                    receipt.version = self.shown(key, version)
                }
                _ => {}
            }
            if is_removed {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, version);
            }
        }
        Ok(Committed::Done { outcome, versions: shown })
    }
}

struct CommitsOneByOne;

#[async_trait]
impl Tamper for CommitsOneByOne {
    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        if change_set.changes.len() < 2 {
            return inner.commit(change_set).await;
        }
        let mut last = Err(Error::Invalid("a change set without changes".to_owned()));
        for change in &change_set.changes {
            let one = ChangeSet { changes: vec![change.clone()], ..change_set.clone() };
            last = Ok(inner.commit(one).await?);
        }
        last
    }
}

struct LeavesRowsOfConflicts;

#[async_trait]
impl Tamper for LeavesRowsOfConflicts {
    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        let committed = inner.commit(change_set.clone()).await;
        if matches!(committed, Err(Error::Conflict { .. })) {
            let mut left = Vec::new();
            for change in change_set.changes {
                if let Some(before) = inner.load(change.key).await? {
                    let (expected, state) = (Expected::At(before.version), Some(before.state));
                    left.push(Change { expected, state, ..change });
                }
            }
            change_set = ChangeSet { changes: left, reads: Vec::new(), idempotency: None, ..change_set };
            // One that is beaten to it leaves nothing.
            drop(inner.commit(change_set).await);
        }
        committed
    }
}
