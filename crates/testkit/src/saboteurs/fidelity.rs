//! Stores that do not give back what they were given.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{
    Aggregate as _, AggregateKey, ChangeSet, Committed, Loaded, Result, Timestamp, Version, WriteStore as _,
    downcast,
};

use super::inner::Inner;
use super::saboteurs;
use super::tamper::Tamper;
use crate::counter::{Counter, Event};

saboteurs! {
    "keeps lines by their key" Changes(|counter| counter.lines.sort_by(|left, right| left.key.cmp(&right.key))),
        breaks [
            "w02_what_was_added_comes_back_equal"
            "w15_the_list_is_exact_after_removal_and_reordering"
        ] also [
            "w16_hostile_text_comes_back_as_it_was"
            "w23_replay_of_the_journal_equals_the_stored_state"
        ]
        because "the order of lines is part of every state with lines that is compared";
    "takes every currency for euros" Changes(|counter| {
            counter.price = counter.price.map(|price| crate::builders::euro(price.amount));
        }),
        breaks [
            "w02_what_was_added_comes_back_equal"
        ] also [
            "w17_extreme_numbers_and_microseconds_come_back_as_they_were"
            "w23_replay_of_the_journal_equals_the_stored_state"
        ]
        because "money is part of every state that is compared";
    "does not write a new order" IgnoresReordering,
        breaks ["w15_the_list_is_exact_after_removal_and_reordering"];
    "leaves orphans that come back" Resurrects::default(),
        breaks ["w15_the_list_is_exact_after_removal_and_reordering"];
    "cuts trailing spaces off" Changes(|counter| counter.text.truncate(counter.text.trim_end().len())),
        breaks ["w16_hostile_text_comes_back_as_it_was"];
    "takes letters of both cases for the same" Changes(|counter| {
            let lines: BTreeMap<_, _> = counter.lines.iter().map(|line| (line.key.to_lowercase(), line)).collect();
            if lines.len() < counter.lines.len() {
                counter.lines = lines.into_values().cloned().collect();
            }
        }),
        breaks ["w16_hostile_text_comes_back_as_it_was"];
    "keeps numbers as floats" Changes(|counter| counter.count = counter.count as f64 as i64),
        breaks ["w17_extreme_numbers_and_microseconds_come_back_as_they_were"];
    "keeps times in milliseconds" Changes(|counter| {
            counter.moment = Timestamp::from_micros(counter.moment.as_micros() / 1000 * 1000);
        }),
        breaks [
            "w17_extreme_numbers_and_microseconds_come_back_as_they_were"
        ] also [
            "w02_what_was_added_comes_back_equal"
            "w23_replay_of_the_journal_equals_the_stored_state"
        ]
        because "a time is part of every state that is compared";
    "shows what was never committed" MutatesOnRead::default(),
        breaks [
            "w22_what_is_not_committed_never_shows"
        ] also [
            "w07_five_workers_with_ten_increments_make_fifty"
            "w08_one_of_twenty_takes_the_one_place"
            "w09_a_failed_unit_writes_nothing_and_a_refusal_only_its_record"
            "w10_a_reader_never_sees_state_without_event_nor_event_without_state"
            "w18_a_commit_without_changes_writes_only_its_record"
            "w20_two_aggregates_commit_together_or_not_at_all"
            "w21_a_repeat_in_a_race_is_written_once"
            "w21_a_repeated_command_answers_its_first_outcome"
            "w21_another_payload_under_one_id_is_refused"
        ]
        because "what was decided on a state that was never there conflicts, counts wrong or is written twice";
    "writes the state that the first event leaves" WritesTheFirstEvent,
        breaks [
            "w12_two_gets_in_one_unit_are_one_aggregate"
        ] also [
            "j04_a_kill_leaves_whole_commits"
            "w20_two_aggregates_commit_together_or_not_at_all"
        ]
        because "a change of two events is part of what other clauses commit";
    "writes other events than it was given" JournalsOtherEvents,
        breaks ["w23_replay_of_the_journal_equals_the_stored_state"];
}

/// Changes what is stored.
struct Changes(fn(&mut Counter));

#[async_trait]
impl Tamper for Changes {
    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        for change in &mut change_set.changes {
            if let Some(state) = change.state.as_ref().and_then(|state| downcast::<Counter>(state).ok()) {
                let mut changed = state.clone();
                self.0(&mut changed);
                change.state = Some(Arc::new(changed));
            }
        }
        inner.commit(change_set).await
    }
}

struct IgnoresReordering;

#[async_trait]
impl Tamper for IgnoresReordering {
    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        for change in &mut change_set.changes {
            let events = change.typed_events.downcast_ref::<Vec<Event>>();
            let reorders = events.is_some_and(|events| matches!(events[..], [Event::LinesReordered(_)]));
            let before = inner.load(change.key).await?.filter(|_| reorders);
            if let Some(before) = before {
                change.state = Some(before.state);
            }
        }
        inner.commit(change_set).await
    }
}

/// Keeps the rows of lines that were removed, and shows them when a line of that key comes again.
#[derive(Default)]
struct Resurrects(Mutex<HashMap<(AggregateKey, String), i64>>);

#[async_trait]
impl Tamper for Resurrects {
    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        for change in &mut change_set.changes {
            let Some(mut state) =
                change.state.as_ref().and_then(|state| downcast::<Counter>(state).ok()).cloned()
            else {
                continue;
            };
            let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for line in &mut state.lines {
                line.quantity = *rows.entry((change.key, line.key.clone())).or_insert(line.quantity);
            }
            change.state = Some(Arc::new(state));
        }
        inner.commit(change_set).await
    }
}

/// Hands out the state that it keeps: who reads twice sees what the first reader did with it.
#[derive(Default)]
struct MutatesOnRead(Mutex<HashMap<AggregateKey, (Version, i64)>>);

#[async_trait]
impl Tamper for MutatesOnRead {
    async fn load(&self, inner: &Inner, key: AggregateKey) -> Result<Option<Loaded>> {
        let Some(mut loaded) = inner.load(key).await? else { return Ok(None) };
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, times) = read.entry(key).or_default();
        *times = if *version == loaded.version { *times + 1 } else { 0 };
        *version = loaded.version;
        let mut state = downcast::<Counter>(&loaded.state)?.clone();
        state.count = state.count.saturating_add((*times - 2).max(0));
        loaded.state = Arc::new(state);
        Ok(Some(loaded))
    }
}

struct WritesTheFirstEvent;

#[async_trait]
impl Tamper for WritesTheFirstEvent {
    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        for change in &mut change_set.changes {
            let events = change.typed_events.downcast_ref::<Vec<Event>>();
            let Some([first @ Event::Incremented(_), Event::Incremented(_)]) = events.map(Vec::as_slice)
            else {
                continue;
            };
            if let Some(before) = inner.load(change.key).await? {
                let mut state = downcast::<Counter>(&before.state)?.clone();
                state.apply(first);
                change.state = Some(Arc::new(state));
            }
        }
        inner.commit(change_set).await
    }
}

struct JournalsOtherEvents;

#[async_trait]
impl Tamper for JournalsOtherEvents {
    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        for event in change_set.changes.iter_mut().flat_map(|change| &mut change.events) {
            event.payload = event.payload.replace("{\"by\":-", "{\"by\":");
        }
        inner.commit(change_set).await
    }
}
