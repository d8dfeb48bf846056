//! Journals that are not what happened.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, ChangeSet, Codec as _, Committed, Envelope, Error, Journal as _, Position, READ_LIMIT,
    REMOVED, Result, Until, Version, WriteStore as _,
};
use uuid::Uuid;

use super::inner::Inner;
use super::saboteurs;
use super::tamper::Tamper;
use crate::counter::CounterCodec;

saboteurs! {
    "takes every event for a commit" Reads(|events| {
            events.iter_mut().for_each(|event| event.commit_position = event.position);
        }),
        breaks [
            "j01_versions_and_positions_are_dense_and_rise"
        ] also [
            "j04_a_kill_leaves_whole_commits"
            "j04_the_events_of_a_commit_are_contiguous"
            "j06_an_event_comes_back_as_it_was_written"
            "w20_two_aggregates_commit_together_or_not_at_all"
        ]
        because "whatever asks where a commit ends sees it";
    "ends inside a commit" CutsCommits,
        breaks ["j05_reads_are_bounded_and_end_with_a_commit"];
    "reads as much as it is asked" TakesAnyLimit,
        breaks ["j05_reads_are_bounded_and_end_with_a_commit"];
    "reads however many bytes there are" ReadsOn,
        breaks ["j05_a_read_of_large_events_is_cut_behind_whole_commits"];
    "finds no unknown aggregate" RefusesTheUnknown,
        breaks ["j05_an_unknown_aggregate_has_an_empty_history"];
    "writes JSON anew" Reads(|events| {
            for event in events {
                if let Ok(value) = serde_json::from_str::<serde_json::Value>(&event.payload) {
                    event.payload = value.to_string();
                }
            }
        }),
        breaks ["j06_an_event_comes_back_as_it_was_written"];
    "drops what it does not know of metadata" Reads(|events| {
            for event in events {
                if let Ok(mut metadata) = event.metadata() {
                    metadata.traceparent = None;
                    event.metadata = serde_json::to_string(&metadata).unwrap_or_default();
                }
            }
        }),
        breaks ["j06_an_event_comes_back_as_it_was_written"];
    "writes an event id twice" WritesIdsTwice::default(),
        breaks ["j07_an_event_id_is_never_written_twice"];
    "wakes readers who are beyond the head" WakesTooEarly,
        breaks ["j10_a_reader_anywhere_gets_the_next_event_or_waits"];
    "orders by the clock" Reads(|events| events.sort_by_key(|event| event.recorded_at)),
        breaks ["j12_a_clock_set_back_changes_no_order"];
    "goes past events that it does not know" Reads(|events| {
            events.retain(|event| event.event_type == REMOVED || is_known(event));
        }),
        breaks [
            "j13_an_unknown_event_type_is_an_error_that_names_its_position"
        ] also [
            "j06_an_event_comes_back_as_it_was_written"
        ]
        because "an event of a schema version of the far future is unknown as well";
    "looks for commits every half second" LooksSeldom,
        breaks [
            "j14_a_waiting_reader_wakes_on_a_commit"
            "j14_a_waiting_reader_wakes_on_a_commit_beside"
        ]
        because "it looks as seldom for its own commits as for those of others";
    "looks for commits all the time" LooksAllTheTime(AtomicU64::new(0)),
        breaks ["j14_an_idle_store_polls_no_more_often_than_it_declares"];
    "knows only the whole history" KnowsOnlyNow,
        breaks ["j15_history_as_of_a_version"];
    "leaves events out of the past" FiltersByTime,
        breaks ["j15_history_as_of_a_time"];
}

/// Changes what readers get.
struct Reads(fn(&mut Vec<Envelope>));

#[async_trait]
impl Tamper for Reads {
    async fn read(&self, inner: &Inner, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        let mut events = inner.read(after, limit).await?;
        self.0(&mut events);
        Ok(events)
    }
}

struct CutsCommits;

#[async_trait]
impl Tamper for CutsCommits {
    async fn read(&self, inner: &Inner, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        let mut events = inner.read(after, limit).await?;
        events.truncate(limit);
        Ok(events)
    }
}

struct TakesAnyLimit;

#[async_trait]
impl Tamper for TakesAnyLimit {
    async fn read(&self, inner: &Inner, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        inner.read(after, limit.clamp(1, READ_LIMIT)).await
    }
}

struct ReadsOn;

#[async_trait]
impl Tamper for ReadsOn {
    async fn read(&self, inner: &Inner, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        let mut events = inner.read(after, limit).await?;
        while let Some(last) = events.last()
            && events.len() < limit
        {
            let more = inner.read(last.position, limit - events.len()).await?;
            if more.is_empty() {
                break;
            }
            events.extend(more);
        }
        Ok(events)
    }
}

struct RefusesTheUnknown;

#[async_trait]
impl Tamper for RefusesTheUnknown {
    async fn history(
        &self,
        inner: &Inner,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>> {
        if inner.history(key, Version::ZERO, Until::Now, 1).await?.is_empty() {
            return Err(Error::NotFound(key.to_string()));
        }
        inner.history(key, after, until, limit).await
    }
}

/// Gives an event whose id it has seen another one.
#[derive(Default)]
struct WritesIdsTwice(Mutex<HashSet<Uuid>>);

#[async_trait]
impl Tamper for WritesIdsTwice {
    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        for event in change_set.changes.iter_mut().flat_map(|change| &mut change.events) {
            if self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&event.event_id) {
                event.event_id = Uuid::from_u128(!event.event_id.as_u128());
            }
        }
        let events = change_set.changes.iter().flat_map(|change| &change.events);
        let written: Vec<Uuid> = events.map(|event| event.event_id).collect();
        let committed = inner.commit(change_set).await?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(written);
        Ok(committed)
    }
}

struct WakesTooEarly;

#[async_trait]
impl Tamper for WakesTooEarly {
    async fn changed(&self, inner: &Inner, after: Position) -> Result<Position> {
        let head = inner.head().await?;
        inner.changed(after.min(head)).await
    }
}

struct LooksSeldom;

#[async_trait]
impl Tamper for LooksSeldom {
    async fn changed(&self, inner: &Inner, after: Position) -> Result<Position> {
        loop {
            let head = inner.head().await?;
            if head > after {
                return Ok(head);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

struct LooksAllTheTime(AtomicU64);

#[async_trait]
impl Tamper for LooksAllTheTime {
    fn polls(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    async fn changed(&self, inner: &Inner, after: Position) -> Result<Position> {
        loop {
            self.0.fetch_add(1, Ordering::Relaxed);
            let head = inner.head().await?;
            if head > after {
                return Ok(head);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

struct KnowsOnlyNow;

#[async_trait]
impl Tamper for KnowsOnlyNow {
    async fn history(
        &self,
        inner: &Inner,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>> {
        let until = match until {
            Until::Version(_) => Until::Now,
            other => other,
        };
        inner.history(key, after, until, limit).await
    }
}

struct FiltersByTime;

#[async_trait]
impl Tamper for FiltersByTime {
    async fn history(
        &self,
        inner: &Inner,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>> {
        let mut events = inner.history(key, after, until, limit).await?;
        if let Until::Time(time) = until {
            events.retain(|event| event.occurred_at <= time);
        }
        Ok(events)
    }
}

fn is_known(event: &Envelope) -> bool {
    CounterCodec.decode_event(&event.event_type, event.schema_version, &event.payload).is_ok()
}
