//! Stores that are careless with versions, existence and the whole of a change set.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, Answer, ChangeSet, Committed, Error, Expected, Loaded, Origin, Outcome, Result, Selection,
    Version, WriteStore as _,
};

use super::saboteurs;
use super::tamper::Tamper;
use crate::builders::{counter_id, opened};
use crate::counter::{Counter, Event};
use crate::reference::ReferenceStore;

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
    "forgets the versions of what was removed" ForgetsTheRemoved,
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
            "w14_a_stale_removal_conflicts"
            "w20_two_aggregates_commit_together_or_not_at_all"
        ]
        because "every clause that loses a race looks whether the journal is as before";
}

struct InventsTheMissing;

#[async_trait]
impl Tamper for InventsTheMissing {
    async fn load(&self, inner: &ReferenceStore, key: AggregateKey) -> Result<Option<Loaded>> {
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
    async fn select(&self, inner: &ReferenceStore, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        let mut found = inner.select(selection).await?;
        found.pop();
        Ok(found)
    }
}

struct OverwritesOnAdd;

#[async_trait]
impl Tamper for OverwritesOnAdd {
    async fn commit(&self, inner: &ReferenceStore, mut change_set: ChangeSet) -> Result<Committed> {
        for change in &mut change_set.changes {
            if change.expected == Expected::Absent {
                change.expected = current(inner, change.key);
            }
        }
        inner.commit(change_set).await
    }
}

struct CountsCommits;

#[async_trait]
impl Tamper for CountsCommits {
    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
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
    async fn commit(&self, inner: &ReferenceStore, mut change_set: ChangeSet) -> Result<Committed> {
        loop {
            for change in &mut change_set.changes {
                let events = change.typed_events.downcast_ref::<Vec<Event>>();
                let current = current(inner, change.key);
                let is_late = matches!((change.expected, current), (Expected::At(_), Expected::At(_)));
                if is_late && events.is_some_and(|events| self.0(events)) {
                    change.expected = current;
                }
            }
            match inner.commit(change_set.clone()).await {
                // Somebody was faster once more.
                Err(Error::Conflict { expected, actual, .. })
                    if expected < actual
                        && change_set.changes.iter().any(|change| {
                            change
                                .typed_events
                                .downcast_ref::<Vec<Event>>()
                                .is_some_and(|events| self.0(events))
                        }) => {}
                answer => return answer,
            }
        }
    }
}

struct ComparesVersionsAlone;

#[async_trait]
impl Tamper for ComparesVersionsAlone {
    async fn commit(&self, inner: &ReferenceStore, mut change_set: ChangeSet) -> Result<Committed> {
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
    async fn commit(&self, inner: &ReferenceStore, mut change_set: ChangeSet) -> Result<Committed> {
        for change in &mut change_set.changes {
            if current(inner, change.key) == Expected::Absent && change.state.is_some() {
                change.expected = Expected::Absent;
            }
        }
        inner.commit(change_set).await
    }
}

struct ForgetsTheRemoved;

#[async_trait]
impl Tamper for ForgetsTheRemoved {
    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
        let committed = inner.commit(change_set).await;
        inner.data.look().aggregates.retain(|_, (_, state)| state.is_some());
        committed
    }
}

struct CommitsOneByOne;

#[async_trait]
impl Tamper for CommitsOneByOne {
    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
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
    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
        let committed = inner.commit(change_set.clone()).await;
        if matches!(committed, Err(Error::Conflict { .. })) {
            let now = inner.clock.now();
            let mut contents = inner.data.look();
            let aggregates = contents.aggregates.clone();
            contents.write(&change_set, now);
            contents.aggregates = aggregates;
        }
        committed
    }
}

/// What is there now, as an expectation.
fn current(inner: &ReferenceStore, key: AggregateKey) -> Expected {
    inner.data.look().present(key).map_or(Expected::Absent, |(version, _)| Expected::At(version))
}
