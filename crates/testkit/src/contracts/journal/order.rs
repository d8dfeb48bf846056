//! Positions and versions.

use std::time::Duration;

use portolan_kernel::{Clock as _, Id as _, Position, Timestamp, Version};

use crate::builders::{counter_id, incremented, opened};
use crate::{OrBreach, Subject, Verdict, ensure_eq};

/// J1: events of an id never used: versions 1..n, positions dense and rising.
pub async fn j01_versions_and_positions_are_dense_and_rise(subject: &mut Subject) -> Verdict {
    ensure_eq!(subject.head().await?, Position::ZERO, "the head of an empty journal");
    ensure_eq!(subject.all_events().await?, [], "the events of an empty journal");
    subject.add(vec![opened("one"), incremented(1), incremented(2)]).await?;
    subject.add(vec![opened("two")]).await?;
    subject.change(counter_id("one"), |counter| counter.increment(3)).await?;
    let events = subject.all_events().await?;
    let (one, two) = (counter_id("one").uuid(), counter_id("two").uuid());
    let places: Vec<_> =
        events.iter().map(|event| (event.position.get(), event.aggregate_id, event.version.get())).collect();
    let expected = [(1, one, 1), (2, one, 2), (3, one, 3), (4, two, 1), (5, one, 4)];
    ensure_eq!(places, expected, "position, aggregate and version of each event");
    let commits: Vec<_> = events.iter().map(|event| event.commit_position.get()).collect();
    ensure_eq!(commits, [3, 3, 3, 4, 5], "the last position of each event's commit");
    ensure_eq!(subject.head().await?, Position(5), "the head");
    ensure_eq!(subject.store()?.last_position(), Position(5), "the last position that the store knows of");
    let versions: Vec<_> =
        subject.history(counter_id("one")).await?.iter().map(|event| event.version).collect();
    ensure_eq!(versions, [1, 2, 3, 4].map(Version), "the versions of the first counter");
    Ok(())
}

/// J12: a clock set back one hour changes no order.
pub async fn j12_a_clock_set_back_changes_no_order(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    let start = subject.clock().now();
    subject.add(vec![opened("one"), incremented(1)]).await?;
    let back = Timestamp::from_micros(start.as_micros() - 3_600_000_000);
    subject.clock().set(back);
    subject.change(id, |counter| counter.increment(2)).await?;
    subject.add(vec![opened("two")]).await?;
    subject.clock().advance(Duration::from_secs(1));
    subject.change(id, |counter| counter.increment(3)).await?;
    let events = subject.all_events().await?;
    let positions: Vec<_> = events.iter().map(|event| event.position.get()).collect();
    ensure_eq!(positions, [1, 2, 3, 4, 5], "the positions");
    let history = subject.history(id).await?;
    let versions: Vec<_> = history.iter().map(|event| event.version.get()).collect();
    ensure_eq!(versions, [1, 2, 3, 4], "the versions");
    let last = history.last().or_breach("the last event")?;
    ensure_eq!(last.occurred_at, back.plus(Duration::from_secs(1)), "when the last one occurred");
    ensure_eq!(subject.state(id).await?.count, 6, "the number");
    Ok(())
}
