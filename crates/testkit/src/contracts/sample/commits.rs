//! All or nothing, and once: units that fail, callers that go, commands that are asked again, and what the journal has of
//! each commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portolan_kernel::{
    Clock as _, CommandError, Context, Error, Fingerprint, Kept, Outcome, Position, Receipt, Refusal, Until,
    Version,
};
use tokio::sync::Barrier;

use super::caught::caught;
use super::{Sample, commit, found_nothing, get, happen, key, live, state, stored, version};
use crate::contracts::write::drops::polled;
use crate::subject::history;
use crate::tasks::all;
use crate::{Capability, OrBreach, Subject, Verdict, ensure, ensure_eq, witness};

/// W9: a unit of work that fails leaves everything as it was; a refusal writes its record and nothing else.
pub async fn w09_a_failed_unit_writes_nothing_and_a_refusal_only_its_record<S: Sample>(
    subject: &mut Subject,
) -> Verdict {
    let (life, other) = (S::life("one"), S::life("other"));
    live::<S>(subject, "one", &life[..1]).await?;
    let (before, head) = (stored::<S>(subject, "one").await?, subject.head().await?);
    let refusal = Refusal::not_found(key::<S>("another"));
    let failures = [
        (CommandError::Failed(Error::unavailable("a port is away")), false),
        (CommandError::from(refusal.clone()), true),
    ];
    for (failure, is_recorded) in failures {
        let command_id = subject.next_id();
        let unit = subject.side()?.begin(subject.repeatable(command_id, "failing"));
        happen::<S>(&get::<S>(&unit, "one").await?, life[1].clone())?;
        unit.repository::<S::Aggregate>().add(other[0].clone())?;
        let answer = unit.finish(Err(failure.clone())).await;
        ensure_eq!(answer, Err(failure), "the answer");
        ensure_eq!(stored::<S>(subject, "one").await?, before, "the sample");
        ensure_eq!(stored::<S>(subject, "other").await?, None, "the one that was added");
        ensure_eq!(subject.head().await?, head, "the journal's head");
        let record = subject.store()?.outcome(command_id).await?.map(|record| record.outcome);
        let expected = is_recorded.then(|| Outcome::Refused(refusal.clone()));
        ensure_eq!(record, expected, "the record of the command");
    }
    found_nothing(subject).await
}

/// W10: while lives go on, a reader never sees a state without its event, nor an event without its state.
pub async fn w10_a_reader_never_sees_state_without_event_nor_event_without_state<S: Sample>(
    subject: &mut Subject,
) -> Verdict {
    let names: Vec<String> =
        (0..subject.effort(20).max(4)).map(|number| format!("sample {number}")).collect();
    for name in &names {
        live::<S>(subject, name, &S::life(name)[..1]).await?;
    }
    let done = Arc::new(AtomicBool::new(false));
    let (side, journal, context) = (subject.side()?, subject.journal()?, subject.context());
    let (watched, is_done) = (names.clone(), Arc::clone(&done));
    let reader = tokio::spawn(async move {
        let mut looks = 0;
        loop {
            let is_last = is_done.load(Ordering::SeqCst);
            for name in &watched {
                let sample = get::<S>(&side.begin(context.clone()), name).await?;
                let seen = history(&*journal, key::<S>(name), Until::Now).await?;
                let last = seen.last().map_or(Version::ZERO, |event| event.version);
                ensure!(
                    last >= sample.version(),
                    "a state of {} is there, and events up to {last}",
                    sample.version()
                );
                let after = get::<S>(&side.begin(context.clone()), name).await?.version();
                ensure!(after >= last, "the event of version {last} has been seen, the state is at {after}");
                looks += 1;
            }
            if is_last {
                return Verdict::Ok(looks);
            }
            tokio::task::yield_now().await;
        }
    });
    let mut writers = Vec::new();
    for name in names {
        let side = subject.side()?;
        let contexts: Vec<_> = S::life(&name).iter().map(|_| subject.context()).collect();
        writers.push(async move {
            for (events, context) in S::life(&name).into_iter().zip(contexts).skip(1) {
                let unit = side.begin(context);
                let sample = get::<S>(&unit, &name).await?;
                happen::<S>(&sample, events)?;
                unit.commit(sample.key()).await?;
            }
            Ok(())
        });
    }
    let written = all(writers).await;
    done.store(true, Ordering::SeqCst);
    let looks = reader.await.ok().or_breach("the reader")??;
    written?;
    ensure!(looks > 0, "the reader never came to look");
    Ok(())
}

/// W11: a future dropped in mid-commit, at every await point: all or nothing, after reopening too.
pub async fn w11_a_dropped_commit_leaves_all_or_nothing<S: Sample>(subject: &mut Subject) -> Verdict {
    for polls in 1.. {
        let name = format!("one of {polls}");
        let life = S::life(&name);
        live::<S>(subject, &name, &life[..1]).await?;
        let unit = subject.begin()?;
        happen::<S>(&get::<S>(&unit, &name).await?, life[1].clone())?;
        let dropped =
            witness::within("a commit goes on", polled(unit.commit(key::<S>(&name)), polls)).await?;
        let beside = format!("beside {polls}");
        let life_beside = S::life(&beside);
        let another = live::<S>(subject, &beside, &life_beside[..1]);
        witness::within("another commit goes on", another).await??;
        let left = subject.harness().left_open(subject.address()).await?;
        ensure_eq!(left, Vec::<String>::new(), "what was left open when it was dropped after {polls} polls");
        if subject.can(Capability::Reopen) {
            subject.reopen().await?;
        }
        let (nothing, all) = (&life[..1], &life[..2]);
        let found = stored::<S>(subject, &name).await?.or_breach("the sample")?;
        let is_all = found == (state::<S>(all)?, version::<S>(all));
        let is_nothing = found == (state::<S>(nothing)?, version::<S>(nothing));
        ensure!(is_all || is_nothing, "dropped after {polls} polls it is {found:?}");
        found_nothing(subject).await?;
        if let Some(answer) = dropped {
            answer?;
            ensure!(is_all, "it was acknowledged and is not there");
            return Ok(());
        }
    }
    Ok(())
}

/// W18: a commit without changes writes nothing but the record of its command, and keeps the version.
pub async fn w18_a_commit_without_changes_writes_only_its_record<S: Sample>(
    subject: &mut Subject,
) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..2]).await?;
    let (before, head) = (stored::<S>(subject, "one").await?, subject.head().await?);
    let command_id = subject.next_id();
    for context in [subject.context(), subject.repeatable(command_id, "idle")] {
        let unit = subject.side()?.begin(context);
        let sample = get::<S>(&unit, "one").await?;
        let receipt = unit.commit(sample.key()).await?;
        ensure_eq!((receipt.version, receipt.position), (version::<S>(&life[..2]), head), "the receipt");
        ensure_eq!(stored::<S>(subject, "one").await?, before, "the sample");
        ensure_eq!(subject.head().await?, head, "the journal's head");
    }
    subject.store()?.outcome(command_id).await?.or_breach("the record of the command")?;
    Ok(())
}

/// W20: two changed in one unit of work commit together or not at all.
pub async fn w20_two_commit_together_or_not_at_all<S: Sample>(subject: &mut Subject) -> Verdict {
    let lives = ["one", "two"].map(S::life);
    for (name, life) in ["one", "two"].iter().zip(&lives) {
        live::<S>(subject, name, &life[..1]).await?;
    }
    let both = subject.begin()?;
    for (name, life) in ["one", "two"].iter().zip(&lives) {
        happen::<S>(&get::<S>(&both, name).await?, life[1].clone())?;
    }
    let before = subject.head().await?;
    let receipt = both.commit(key::<S>("one")).await?;
    let events = lives[0][1].len() + lives[1][1].len();
    ensure_eq!(receipt.position, before.plus(events as u64), "the position of the last event");

    let names = ["one", "two"];
    let mut lived = [2, 2];
    for (stale, fresh) in [(0, 1), (1, 0)] {
        let half_stale = subject.begin()?;
        for index in [0, 1] {
            let events = lives[index][lived[index]].clone();
            happen::<S>(&get::<S>(&half_stale, names[index]).await?, events)?;
        }
        commit::<S>(subject, names[stale], false, lives[stale][lived[stale]].clone()).await?;
        lived[stale] += 1;
        let before = stored::<S>(subject, names[fresh]).await?;
        let refused = half_stale.commit(key::<S>(names[fresh])).await;
        let conflicts = matches!(refused, Err(CommandError::Failed(Error::Conflict { .. })));
        ensure!(conflicts, "a commit of which one half is stale is answered {refused:?}");
        ensure_eq!(stored::<S>(subject, names[fresh]).await?, before, "the other half");
    }
    found_nothing(subject).await
}

/// W21: a repeated command answers its first outcome, and writes nothing.
pub async fn w21_a_repeated_command_answers_its_first_outcome<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    let context = subject.repeatable(subject.next_id(), "once");
    let unit = subject.side()?.begin(context.clone());
    let about = unit.repository::<S::Aggregate>().add(life[0].clone())?.key();
    let receipt = unit.commit(about).await?;
    commit::<S>(subject, "one", false, life[1].clone()).await?;
    let (before, head) = (stored::<S>(subject, "one").await?, subject.head().await?);
    let unit = subject.side()?.begin(context);
    unit.repository::<S::Aggregate>().add(life[0].clone())?;
    ensure_eq!(unit.commit(about).await?, receipt, "the answer to the repeat");
    ensure_eq!(stored::<S>(subject, "one").await?, before, "the sample");
    ensure_eq!(subject.head().await?, head, "the journal's head");
    Ok(())
}

/// W21: of the repeats of one command that race each other, one is written and all answer its receipt.
pub async fn w21_a_repeat_in_a_race_is_written_once<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..1]).await?;
    for lived in 1..life.len() {
        let (context, side) = (subject.repeatable(subject.next_id(), "race"), subject.side()?);
        let all_have_decided = Arc::new(Barrier::new(8));
        let racers = (0..8).map(|_| {
            let (unit, barrier, events) =
                (side.begin(context.clone()), Arc::clone(&all_have_decided), life[lived].clone());
            async move {
                let decided = match get::<S>(&unit, "one").await {
                    Ok(sample) => happen::<S>(&sample, events),
                    Err(breach) => Err(breach),
                };
                barrier.wait().await;
                decided?;
                Ok(unit.commit(key::<S>("one")).await)
            }
        });
        let answers = all(racers).await?;
        let first = answers.iter().find_map(|answer| answer.as_ref().ok()).or_breach("a receipt")?;
        for answer in &answers {
            ensure_eq!(answer.as_ref().ok(), Some(first), "the answer to a racer, {answer:?}");
        }
        let expected = Some((state::<S>(&life[..=lived])?, version::<S>(&life[..=lived])));
        ensure_eq!(stored::<S>(subject, "one").await?, expected, "the sample after command {lived}");
    }
    found_nothing(subject).await
}

/// W21: the same id with another payload is refused and writes nothing.
pub async fn w21_another_payload_under_one_id_is_refused<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..1]).await?;
    let command_id = subject.next_id();
    step::<S>(subject, subject.repeatable(command_id, "one more"), &life[1]).await??;
    let before = (stored::<S>(subject, "one").await?, subject.head().await?);
    let reused = step::<S>(subject, subject.repeatable(command_id, "another"), &life[2]).await?;
    ensure_eq!(reused, Err(CommandError::Reused { command_id }), "the answer to another payload");
    ensure_eq!((stored::<S>(subject, "one").await?, subject.head().await?), before, "what is stored");
    Ok(())
}

/// W21: a conflict is never recorded: who comes again with the same id is decided anew.
pub async fn w21_failures_are_never_recorded<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..1]).await?;
    let context = subject.repeatable(subject.next_id(), "late");
    let late = subject.side()?.begin(context.clone());
    happen::<S>(&get::<S>(&late, "one").await?, life[1].clone())?;
    commit::<S>(subject, "one", false, life[1].clone()).await?;
    let conflict = late.commit(key::<S>("one")).await;
    let conflicts = matches!(conflict, Err(CommandError::Failed(Error::Conflict { .. })));
    ensure!(conflicts, "a stale command is answered {conflict:?}");
    ensure_eq!(subject.store()?.outcome(context.command_id).await?, None, "its record");
    let receipt = step::<S>(subject, context, &life[2]).await??;
    ensure_eq!(receipt.version, version::<S>(&life[..3]), "the version when it is asked again");
    Ok(())
}

/// W21: an outcome is kept until its time by the store's clock, and not longer.
pub async fn w21_an_outcome_is_kept_until_its_time<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..1]).await?;
    let hour = Duration::from_secs(3_600);
    let until = subject.clock().now().plus(hour);
    let context = subject.context().idempotent(Fingerprint::of(b"p"), Kept::Until(until));
    let first = step::<S>(subject, context.clone(), &life[1]).await??;
    subject.clock().advance(hour - Duration::from_secs(1));
    let record = subject.store()?.outcome(context.command_id).await?.or_breach("the record")?;
    ensure_eq!(record.outcome, Outcome::Accepted(first), "the record before its time is over");
    subject.clock().advance(Duration::from_secs(2));
    ensure_eq!(subject.store()?.outcome(context.command_id).await?, None, "the record when its time is over");
    Ok(())
}

/// J1, J4: the events of each commit are on neighbouring positions, and its receipt names the last; versions and positions
/// are dense from 1.
pub async fn j01_each_commit_of_a_life_is_on_neighbouring_positions<S: Sample>(
    subject: &mut Subject,
) -> Verdict {
    let lives = ["one", "two"].map(|name| (name, S::life(name)));
    let mut ends = Vec::new();
    for index in 0..lives[0].1.len() {
        for (name, life) in &lives {
            if let Some(events) = life.get(index) {
                let receipt = commit::<S>(subject, name, index == 0, events.clone()).await?;
                ends.extend(vec![receipt.position; events.len()]);
            }
        }
    }
    let all = subject.all_events().await?;
    let positions: Vec<_> = all.iter().map(|event| event.position.get()).collect();
    ensure_eq!(positions, (1..=ends.len() as u64).collect::<Vec<_>>(), "the positions");
    let told: Vec<_> = all.iter().map(|event| event.commit_position).collect();
    ensure_eq!(told, ends, "where the commit of each event ends");
    for (name, _) in &lives {
        let events = history(&*subject.journal()?, key::<S>(name), Until::Now).await?;
        let versions: Vec<_> = events.iter().map(|event| event.version.get()).collect();
        ensure_eq!(versions, (1..=events.len() as u64).collect::<Vec<_>>(), "the versions of `{name}`");
    }
    Ok(())
}

/// J6: the events of a life come back as its codec wrote them, with the command's metadata.
pub async fn j06_an_event_comes_back_as_it_was_written<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    let (mut written, mut after) = (Vec::new(), Position::ZERO);
    for (index, events) in life.iter().enumerate() {
        let mut change_set = caught::<S>(subject, "one", index == 0, events.clone()).await?;
        let traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
        let metadata = Context { traceparent, ..subject.context() }.metadata();
        change_set.metadata = serde_json::to_string(&metadata).ok().or_breach("metadata as JSON")?.into();
        let metadata = change_set.metadata.to_string();
        written.extend(change_set.changes[0].events.iter().cloned().map(|event| (event, metadata.clone())));
        subject.store()?.commit(change_set).await?;
        let read = subject.journal()?.read(after, portolan_kernel::READ_LIMIT).await?;
        ensure_eq!(read.len(), events.len(), "the number of events of commit {index}");
        after = read.last().map_or(after, |event| event.position);
    }
    let read = history(&*subject.journal()?, key::<S>("one"), Until::Now).await?;
    ensure_eq!(read.len(), written.len(), "the number of events");
    ensure_eq!(subject.all_events().await?, read, "the feed and the history");
    for (event, (written, metadata)) in read.iter().zip(&written) {
        ensure_eq!(event.event_id, written.event_id, "the id");
        ensure_eq!(event.event_type, written.event_type, "the type");
        ensure_eq!(event.schema_version, written.schema_version, "the schema version");
        ensure_eq!(event.payload, written.payload, "the payload");
        ensure_eq!(event.metadata, *metadata, "the metadata");
    }
    Ok(())
}

/// J7: an event id that is already there is never written twice.
pub async fn j07_an_event_id_is_never_written_twice<S: Sample>(subject: &mut Subject) -> Verdict {
    let first = caught::<S>(subject, "one", true, S::life("one")[0].clone()).await?;
    let event_id = first.changes[0].events[0].event_id;
    subject.store()?.commit(first).await?;
    let before = subject.all_events().await?;
    let mut second = caught::<S>(subject, "two", true, S::life("two")[0].clone()).await?;
    second.changes[0].events[0].event_id = event_id;
    let answer = subject.store()?.commit(second).await;
    ensure!(answer.is_err(), "an event id that is there already is answered {answer:?}");
    ensure_eq!(subject.all_events().await?, before, "the journal");
    ensure_eq!(stored::<S>(subject, "two").await?, None, "the one whose event has that id");
    found_nothing(subject).await
}

/// Lets these events happen to the one that is called `one`, as this command.
async fn step<S: Sample>(
    subject: &Subject,
    context: Context,
    events: &[super::Event<S>],
) -> Verdict<Result<Receipt, CommandError>> {
    let unit = subject.side()?.begin(context);
    happen::<S>(&get::<S>(&unit, "one").await?, events.to_vec())?;
    Ok(unit.commit(key::<S>("one")).await)
}
