//! Change sets made by hand: for what no unit of work would ship.

use std::sync::Arc;

use portolan_kernel::{
    AggregateKey, Answer, AnyState, Change, ChangeSet, Clock as _, Codec, Envelope, Expected, NewEvent,
    Position, REMOVED, Version, replay,
};

use crate::counter::{Counter, CounterCodec, CounterId, Event};
use crate::{OrBreach, Subject, Verdict};

/// A change that begins a counter with these events.
///
/// # Errors
/// A breach where they begin none.
pub fn begins(subject: &Subject, events: &[Event]) -> Verdict<Change> {
    let state = replay::<Counter>(events).or_breach("a first event that begins a counter")?;
    Ok(Change {
        key: AggregateKey::of::<Counter>(state.id),
        expected: Expected::Absent,
        state: Some(Arc::new(state) as AnyState),
        events: encoded(subject, events)?,
        typed_events: Arc::new(events.to_vec()),
    })
}

/// A change of a counter that is at this version and in this state.
///
/// # Errors
/// A breach where an event has no payload.
pub fn changes(subject: &Subject, before: &Counter, at: Version, events: &[Event]) -> Verdict<Change> {
    use portolan_kernel::Aggregate as _;
    let mut state = before.clone();
    events.iter().for_each(|event| state.apply(event));
    Ok(Change {
        key: before.key(),
        expected: Expected::At(at),
        state: Some(Arc::new(state) as AnyState),
        events: encoded(subject, events)?,
        typed_events: Arc::new(events.to_vec()),
    })
}

/// The removal of a counter that is at this version.
#[must_use]
pub fn removes(subject: &Subject, id: CounterId, at: Version) -> Change {
    let removed = NewEvent {
        event_id: subject.next_id(),
        event_type: REMOVED,
        schema_version: 1,
        payload: "{}".to_owned(),
    };
    Change {
        key: AggregateKey::of::<Counter>(id),
        expected: Expected::At(at),
        state: None,
        events: vec![removed],
        typed_events: Arc::new(Vec::<Event>::new()),
    }
}

/// A change set of a new command with these changes; its receipt is about the first of them.
///
/// # Errors
/// A breach where there are none.
pub fn change_set(subject: &Subject, changes: Vec<Change>) -> Verdict<ChangeSet> {
    let about = changes.first().or_breach("a change")?.key;
    let context = subject.context();
    let metadata = serde_json::to_string(&context.metadata()).ok().or_breach("metadata as JSON")?;
    Ok(ChangeSet {
        command_id: context.command_id,
        idempotency: None,
        occurred_at: subject.clock().now(),
        metadata: metadata.into(),
        changes,
        reads: Vec::new(),
        answer: Answer::Receipt { about, read_at: Version::ZERO },
    })
}

/// What the journal gets of a change set whose changes all begin aggregates, when its last position so far is `after`.
/// Recorded when it occurred.
#[must_use]
pub fn envelopes(change_set: &ChangeSet, after: Position) -> Vec<Envelope> {
    let count: usize = change_set.changes.iter().map(|change| change.events.len()).sum();
    let numbered = change_set
        .changes
        .iter()
        .flat_map(|change| (1..).zip(&change.events).map(move |it| (change.key, it)));
    let envelope = |(position, (key, (version, event))): (u64, (AggregateKey, (u64, &NewEvent)))| Envelope {
        position: after.plus(position),
        commit_position: after.plus(count as u64),
        event_id: event.event_id,
        aggregate_type: key.aggregate_type.to_owned(),
        aggregate_id: key.id,
        version: Version(version),
        event_type: event.event_type.to_owned(),
        schema_version: event.schema_version,
        payload: event.payload.clone(),
        metadata: change_set.metadata.to_string(),
        occurred_at: change_set.occurred_at,
        recorded_at: change_set.occurred_at,
    };
    (1..).zip(numbered).map(envelope).collect()
}

fn encoded(subject: &Subject, events: &[Event]) -> Verdict<Vec<NewEvent>> {
    let mut new = Vec::with_capacity(events.len());
    for event in events {
        let encoded = CounterCodec.encode_event(event)?;
        new.push(NewEvent {
            event_id: subject.next_id(),
            event_type: encoded.name,
            schema_version: encoded.schema_version,
            payload: encoded.json,
        });
    }
    Ok(new)
}
