//! How events come into a model.

use portolan_kernel::{Batch, Position, Query, Timestamp, Version};

use crate::builders::{counter_id, history_of_everything, incremented, line_added, opened};
use crate::counter::{CounterEvent, Event, LinesReordered, MomentSet};
use crate::{OrBreach, ReadSubject, Verdict, ensure, ensure_eq};

/// R12: an older source version is ignored, an equal one changes nothing, a newer one applies.
pub async fn r12_an_older_version_is_ignored(subject: &mut ReadSubject) -> Verdict {
    let id = counter_id("one");
    let first =
        subject.happen(vec![(id, opened("one")), (id, incremented(1)), (id, incremented(10))]).await?;
    let row = subject.row(id).await?.or_breach("the row")?;
    ensure_eq!((row.view.count, row.version), (11, Version(3)), "the number and the version");
    for (name, events) in [("older", &first[1..2]), ("equal", &first[2..])] {
        subject.apply(events).await?;
        ensure_eq!(subject.row(id).await?.as_ref(), Some(&row), "the row after an {name} event");
    }
    let mut mixed = first[1..].to_vec();
    mixed.push(subject.event(id, CounterEvent::Happened(incremented(100))));
    subject.apply(&mixed).await?;
    let row = subject.row(id).await?.or_breach("the row")?;
    ensure_eq!((row.view.count, row.version), (111, Version(4)), "the row after old events and a newer one");
    Ok(())
}

/// R12: a row's version is its source's after its last event, used by the view or not; so is the model's position.
pub async fn r12_a_row_has_the_version_of_its_last_event(subject: &mut ReadSubject) -> Verdict {
    let (one, two) = (counter_id("one"), counter_id("two"));
    subject.happen(vec![(one, opened("one")), (two, opened("two"))]).await?;
    let before = subject.row(one).await?.or_breach("the row")?;
    let unused = [
        Event::MomentSet(MomentSet { moment: Timestamp::from_micros(5) }),
        Event::LinesReordered(LinesReordered { keys: Vec::new() }),
    ];
    subject.happen(unused.map(|event| (one, event)).to_vec()).await?;
    let row = subject.row(one).await?.or_breach("the row")?;
    ensure_eq!(
        (&row.view, row.version),
        (&before.view, Version(3)),
        "the row after events that it has no use for"
    );
    let other = subject.row(two).await?.or_breach("the other row")?;
    ensure_eq!(other.version, Version(1), "the version of another row");
    ensure_eq!(subject.model.repository.position().await?, Position(4), "how far the model is");

    subject.pass(5).await?;
    ensure_eq!(
        subject.model.repository.position().await?,
        Position(9),
        "how far it is after events of others"
    );
    ensure_eq!(
        subject.model.projection.position().await?,
        Position(9),
        "how far its filling side says it is"
    );
    ensure_eq!(subject.find(&Query::default()).await?.position, Position(9), "how far a page says it is");

    subject.remove(one).await?;
    ensure_eq!(subject.row(one).await?, None, "the row of what was removed");
    subject.happen(vec![(one, opened("one"))]).await?;
    let row = subject.row(one).await?.or_breach("the row of what came again")?;
    ensure_eq!(row.version, Version(5), "its version");
    Ok(())
}

/// R13: the same event applied twice gives the same row.
pub async fn r13_an_event_applied_twice_is_applied_once(subject: &mut ReadSubject) -> Verdict {
    let id = counter_id("everything");
    // The last event is one that cannot be taken over twice without a trace.
    let history = history_of_everything(id).into_iter().chain([incremented(5)]);
    let events = subject.happen(history.map(|event| (id, event)).collect()).await?;
    let row = subject.row(id).await?.or_breach("the row")?;
    ensure_eq!((row.view.count, row.view.lines), (-37, 3), "the number and the lines");
    subject.apply(&events).await?;
    ensure_eq!(subject.row(id).await?.as_ref(), Some(&row), "the row after the same batch once more");
    for event in events.chunks(1).skip(1) {
        subject.apply(event).await?;
        ensure_eq!(
            subject.row(id).await?.as_ref(),
            Some(&row),
            "the row after {:?} once more",
            event[0].event
        );
    }
    Ok(())
}

/// R17: a reset empties its own projection and version only.
pub async fn r17_a_reset_empties_its_own_model_only(subject: &mut ReadSubject) -> Verdict {
    let id = counter_id("one");
    let events = subject.events(vec![(id, opened("one")), (id, line_added("a"))]);
    ensure!(subject.model.projection.name() != subject.other.projection.name(), "both models have one name");
    for model in [&subject.model, &subject.other] {
        model.projection.apply(Batch::new(&events, Position(2))?).await?;
    }
    let row = subject.row(id).await?;
    subject.model.projection.reset().await?;
    ensure_eq!(subject.row(id).await?, None, "the row after the reset");
    ensure_eq!(subject.find(&Query::default()).await?.rows.len(), 0, "the rows after the reset");
    ensure_eq!(subject.model.projection.position().await?, Position::ZERO, "how far it is after the reset");
    ensure_eq!(subject.other.repository.get(&id).await?, row, "the row of the other model");
    ensure_eq!(subject.other.projection.position().await?, Position(2), "how far the other model is");
    subject.apply(&events).await?;
    ensure_eq!(subject.row(id).await?, row, "the row when the events came again");
    Ok(())
}
