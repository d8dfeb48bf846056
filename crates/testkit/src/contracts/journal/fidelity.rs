//! Events come back as they were written.

use std::sync::Arc;

use portolan_kernel::{
    Clock as _, Context, Decoder as _, Error, Metadata, Position, Replayed, Timestamp, Version,
};

use crate::builders::{counter_id, incremented, opened};
use crate::contracts::raw;
use crate::counter::{CounterDecoder, registry};
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

/// J6: payload, metadata and schema version come back as written.
pub async fn j06_an_event_comes_back_as_it_was_written(subject: &mut Subject) -> Verdict {
    let occurred_at = Timestamp::from_micros(1_700_000_000_000_001);
    let context = Context {
        correlation_id: subject.next_id(),
        causation_id: Some(subject.next_id()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        actor: Some("\u{c5}sa \"the\" clerk \u{1f99c}".to_owned()),
        occurred_at,
        ..subject.context()
    };
    let mut change = raw::begins(subject, &[opened("one"), incremented(1)])?;
    // Not the text that a serialiser would make of it: a store keeps the text.
    change.events[0].payload = "{\"z\" : 1.10, \"a\":\"\\u00e4 \u{e4} '\", \"z\": null }\n".to_owned();
    change.events[1].schema_version = 32_767;
    let written = change.events.clone();
    let mut change_set = raw::change_set(subject, vec![change])?;
    let metadata = serde_json::to_string_pretty(&context.metadata()).ok().or_breach("metadata as JSON")?;
    change_set.metadata = Arc::from(&*metadata);
    change_set.occurred_at = occurred_at;
    subject.store()?.commit(change_set).await?;

    let read = subject.journal()?.read(Position::ZERO, 10).await?;
    ensure_eq!(read, subject.history(counter_id("one")).await?, "the feed and the history");
    for (index, (event, written)) in read.iter().zip(&written).enumerate() {
        ensure_eq!(event.event_id, written.event_id, "the id");
        ensure_eq!(event.event_type, written.event_type, "the type");
        ensure_eq!(event.schema_version, written.schema_version, "the schema version");
        ensure_eq!(event.payload, written.payload, "the payload");
        ensure_eq!(event.metadata, metadata, "the metadata");
        ensure_eq!(event.metadata()?, Metadata { ..context.metadata() }, "the metadata, parsed");
        ensure_eq!(event.aggregate_type, "counter", "the type of the aggregate");
        ensure_eq!(event.version, Version(index as u64 + 1), "the version");
        ensure_eq!(event.occurred_at, occurred_at, "when it occurred");
        ensure_eq!(event.recorded_at, subject.clock().now(), "when it was recorded");
    }
    ensure_eq!(read.len(), 2, "the number of events");
    Ok(())
}

/// J7: an event id that is already there is never written twice.
pub async fn j07_an_event_id_is_never_written_twice(subject: &mut Subject) -> Verdict {
    let first = raw::begins(subject, &[opened("one")])?;
    let event_id = first.events[0].event_id;
    subject.store()?.commit(raw::change_set(subject, vec![first])?).await?;
    let before = subject.all_events().await?;

    let mut second = raw::begins(subject, &[opened("two"), incremented(1)])?;
    second.events[1].event_id = event_id;
    let answer = subject.store()?.commit(raw::change_set(subject, vec![second])?).await;
    ensure!(answer.is_err(), "an event id that is there already is answered {answer:?}");
    ensure_eq!(subject.all_events().await?, before, "the journal");
    ensure_eq!(subject.stored(counter_id("two")).await?, None, "the counter whose event has that id");

    let receipt = subject.add(vec![opened("three")]).await?;
    ensure_eq!(receipt.position, Position(2), "the position of the next commit");
    Ok(())
}

/// J13: an unknown event type is a typed error that names its position; the reader has not advanced.
pub async fn j13_an_unknown_event_type_is_an_error_that_names_its_position(subject: &mut Subject) -> Verdict {
    subject.add(vec![opened("one")]).await?;
    let state = subject.state(counter_id("one")).await?;
    let mut change = raw::changes(subject, &state, Version(1), &[])?;
    let mut unknown = raw::begins(subject, &[opened("one")])?.events;
    unknown[0].event_type = "HeardOfNever";
    change.events = unknown;
    subject.store()?.commit(raw::change_set(subject, vec![change])?).await?;

    for _ in 0..2 {
        let read = subject.journal()?.read(Position(1), 10).await?;
        let event = read.first().or_breach("the event, each time that it is read")?;
        ensure_eq!((event.position, &*event.event_type), (Position(2), "HeardOfNever"), "the event");
        for error in [CounterDecoder.decode(event).err(), replayed(subject).await?] {
            let names_it = matches!(&error, Some(Error::Invalid(message)) if message.contains("position 2"));
            ensure!(names_it, "an unknown event type is answered {error:?}");
        }
    }
    Ok(())
}

async fn replayed(subject: &Subject) -> Verdict<Option<Error>> {
    let history = subject.history(counter_id("one")).await?;
    Ok(registry().get("counter")?.replay(Replayed::default(), &history).err())
}
