//! What is stored is what happened: fidelity, identity, removal, the past.

use portolan_kernel::{Aggregate, Replayed, Until, Version};

use super::{Sample, commit, found_nothing, get, happen, key, live, state, stored, version};
use crate::subject::history;
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

/// W1: get of a missing id is `None`.
pub async fn w01_a_missing_id_is_none<S: Sample>(subject: &mut Subject) -> Verdict {
    ensure_eq!(stored::<S>(subject, "never").await?, None, "in an empty store");
    live::<S>(subject, "other", &S::life("other")[..1]).await?;
    ensure_eq!(stored::<S>(subject, "never").await?, None, "beside another one");
    Ok(())
}

/// W2, W4: after each commit of its life it comes back equal, with the version that its events count.
pub async fn w02_a_life_comes_back_after_each_commit<S: Sample>(subject: &mut Subject) -> Verdict {
    ensure_eq!(stored::<S>(subject, "one").await?, None, "before its first event");
    let life = S::life("one");
    ensure!(life.len() >= 4, "a life has four commits at the least");
    for (index, events) in life.iter().enumerate() {
        let lived = &life[..=index];
        let receipt = commit::<S>(subject, "one", index == 0, events.clone()).await?;
        ensure_eq!(receipt.version, version::<S>(lived), "the receipt of commit {index}");
        let expected = Some((state::<S>(lived)?, version::<S>(lived)));
        ensure_eq!(stored::<S>(subject, "one").await?, expected, "after commit {index}");
    }
    found_nothing(subject).await
}

/// W12: two gets of one id in a unit of work give the same aggregate; in two units, independent copies.
pub async fn w12_two_gets_in_one_unit_are_one_aggregate<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..1]).await?;
    let (unit, other) = (subject.begin()?, subject.begin()?);
    let (first, second) = (get::<S>(&unit, "one").await?, get::<S>(&unit, "one").await?);
    let elsewhere = get::<S>(&other, "one").await?;
    happen::<S>(&first, life[1].clone())?;
    ensure_eq!(S::Aggregate::clone(&second.state()), state::<S>(&life[..2])?, "what the second get shows");
    happen::<S>(&second, life[2].clone())?;
    unit.commit(first.key()).await?;
    let expected = Some((state::<S>(&life[..3])?, version::<S>(&life[..3])));
    ensure_eq!(stored::<S>(subject, "one").await?, expected, "what is stored");
    ensure_eq!(S::Aggregate::clone(&elsewhere.state()), state::<S>(&life[..1])?, "the copy of another unit");
    found_nothing(subject).await
}

/// W13: remove, commit, get: `None`, without rows that are left; an id made again goes on at the next version.
pub async fn w13_what_was_removed_is_gone_and_lives_again<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life).await?;
    let unit = subject.begin()?;
    let sample = get::<S>(&unit, "one").await?;
    unit.repository::<S::Aggregate>().remove(&sample);
    let receipt = unit.commit(sample.key()).await?;
    let removed = version::<S>(&life).plus(1);
    ensure_eq!(receipt.version, removed, "the version of the removal");
    ensure_eq!(stored::<S>(subject, "one").await?, None, "the sample");
    found_nothing(subject).await?;
    live::<S>(subject, "one", &life[..3]).await?;
    let again = Version(removed.get() + version::<S>(&life[..3]).get());
    let expected = Some((state::<S>(&life[..3])?, again));
    ensure_eq!(stored::<S>(subject, "one").await?, expected, "the sample in its second life");
    found_nothing(subject).await
}

/// W19: what was acknowledged is there when the store is opened again, and its life goes on.
pub async fn w19_what_was_acknowledged_survives_reopening<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    let (first, rest) = life.split_at(2);
    live::<S>(subject, "one", first).await?;
    subject.reopen().await?;
    ensure_eq!(
        stored::<S>(subject, "one").await?,
        Some((state::<S>(first)?, version::<S>(first))),
        "the sample"
    );
    for events in rest {
        commit::<S>(subject, "one", false, events.clone()).await?;
        subject.reopen().await?;
    }
    ensure_eq!(
        stored::<S>(subject, "one").await?,
        Some((state::<S>(&life)?, version::<S>(&life))),
        "at the end"
    );
    found_nothing(subject).await
}

/// W22: what happened to a returned aggregate and was not committed never shows.
pub async fn w22_what_is_not_committed_never_shows<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..1]).await?;
    let before = stored::<S>(subject, "one").await?;
    let unit = subject.begin()?;
    happen::<S>(&get::<S>(&unit, "one").await?, life[1].clone())?;
    ensure_eq!(stored::<S>(subject, "one").await?, before, "beside the unit that changes it");
    drop(unit);
    ensure_eq!(stored::<S>(subject, "one").await?, before, "after the unit was dropped");
    commit::<S>(subject, "one", false, life[1].clone()).await?;
    ensure_eq!(
        stored::<S>(subject, "one").await?,
        Some((state::<S>(&life[..2])?, version::<S>(&life[..2]))),
        "then"
    );
    Ok(())
}

/// W23: replay of the journal equals the stored state.
pub async fn w23_replay_of_the_journal_equals_the_stored_state<S: Sample>(subject: &mut Subject) -> Verdict {
    for name in ["one", "two", "three"] {
        live::<S>(subject, name, &S::life(name)).await?;
    }
    let registry = subject.harness().registry();
    let samples = registry.get(<S::Aggregate as Aggregate>::TYPE)?;
    for name in ["one", "two", "three"] {
        let events = history(&*subject.journal()?, key::<S>(name), Until::Now).await?;
        let Replayed { state: replayed, version } = samples.replay(Replayed::default(), &events)?;
        let loaded = subject.store()?.load(key::<S>(name)).await?.or_breach("the sample")?;
        ensure_eq!(loaded.version, version, "the stored version of `{name}`");
        let replayed = replayed.or_breach("a state that the history makes")?;
        ensure_eq!(samples.difference(&loaded.state, &replayed), None, "the stored state of `{name}`");
    }
    found_nothing(subject).await
}

/// J15: the history up to each version makes the state that there was then.
pub async fn j15_each_version_of_the_past_is_what_it_was<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life).await?;
    let registry = subject.harness().registry();
    let samples = registry.get(<S::Aggregate as Aggregate>::TYPE)?;
    for lived in 1..=life.len() {
        let until = Until::Version(version::<S>(&life[..lived]));
        let past = history(&*subject.journal()?, key::<S>("one"), until).await?;
        let replayed = samples.replay(Replayed::default(), &past)?.state.or_breach("a state of the past")?;
        let past = replayed.downcast::<S::Aggregate>().ok().or_breach("a state of the sample's type")?;
        ensure_eq!(*past, state::<S>(&life[..lived])?, "its state after commit {lived}");
    }
    Ok(())
}
