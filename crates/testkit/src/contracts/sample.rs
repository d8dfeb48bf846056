//! The clauses that hold for any aggregate, on one of an adapter's or a team's own: rows that its mapper writes are tried
//! event by event.

use std::marker::PhantomData;
use std::sync::Arc;

use portolan_kernel::{
    Aggregate, AggregateKey, CommandError, Context, Error, Handle, Receipt, Refusal, Replayed, UnitOfWork,
    Until, Version, replay,
};

use super::write::drops::polled;
use crate::clause::Check;
use crate::subject::history;
use crate::tasks::all;
use crate::{Breach, Capability, Clause, OrBreach, Subject, Verdict, ensure, ensure_eq, witness};

/// An aggregate that the clauses are tried on beside the kit's own. The harness's
/// [`registry`](crate::WriteHarness::registry) knows it.
pub trait Sample: Send + Sync + 'static {
    /// The aggregate.
    type Aggregate: Aggregate + PartialEq;

    /// The id of the one that is called so.
    fn id(name: &str) -> <Self::Aggregate as Aggregate>::Id;

    /// What happens to it, commit by commit, from its first event to its last: at least four commits, in which each
    /// kind of event that it knows should occur.
    fn life(name: &str) -> Vec<Vec<<Self::Aggregate as Aggregate>::Event>>;
}

/// The contract of one sample.
#[derive(Debug)]
pub struct Of<S>(PhantomData<fn(&S)>);

macro_rules! sample_clauses {
    ($($code:literal $name:ident $(needs $($need:ident)+)?;)+) => {
        impl<S: Sample> Of<S> {
            /// Its clauses.
            pub const CLAUSES: &'static [Clause<Subject>] = &[$(
                Clause {
                    code: $code,
                    name: stringify!($name),
                    needs: &[$($(Capability::$need),+)?],
                    check: {
                        let check: Check<Subject> = |subject| Box::pin($name::<S>(subject));
                        check
                    },
                }
            ),+];
        }
    };
}

sample_clauses! {
    "W2" w02_a_life_comes_back_after_each_commit;
    "W3" w03_adding_what_exists_leaves_the_first_intact;
    "W5" w05_a_stale_commit_conflicts_and_writes_nothing;
    "W7" w07_of_workers_in_a_race_each_step_is_written_once;
    "W11" w11_a_dropped_commit_leaves_all_or_nothing;
    "W13" w13_what_was_removed_is_gone_and_lives_again;
    "W19" w19_what_was_acknowledged_survives_reopening needs Reopen;
    "W20" w20_two_commit_together_or_not_at_all;
    "W21" w21_a_repeated_command_answers_its_first_outcome;
    "W22" w22_what_is_not_committed_never_shows;
    "W23" w23_replay_of_the_journal_equals_the_stored_state;
    "J15" j15_each_version_of_the_past_is_what_it_was;
}

type Event<S> = <<S as Sample>::Aggregate as Aggregate>::Event;

fn key<S: Sample>(name: &str) -> AggregateKey {
    AggregateKey::of::<S::Aggregate>(S::id(name))
}

/// What these commits make of it.
fn state<S: Sample>(commits: &[Vec<Event<S>>]) -> Verdict<S::Aggregate> {
    replay::<S::Aggregate>(&commits.concat()).or_breach("a life that begins the sample")
}

fn version<S: Sample>(commits: &[Vec<Event<S>>]) -> Version {
    Version(commits.iter().map(Vec::len).sum::<usize>() as u64)
}

/// Lets these events happen to what the unit has.
fn happen<S: Sample>(sample: &Handle<S::Aggregate>, events: Vec<Event<S>>) -> Verdict {
    sample
        .execute(|_| Ok::<_, Refusal>(events))
        .map_err(|refusal| Breach::new(format!("it refuses: {refusal:?}")))
}

async fn get<S: Sample>(unit: &UnitOfWork, name: &str) -> Verdict<Handle<S::Aggregate>> {
    unit.repository::<S::Aggregate>().get(S::id(name)).await?.or_breach("the sample")
}

async fn commit<S: Sample>(
    subject: &Subject,
    name: &str,
    is_first: bool,
    events: Vec<Event<S>>,
) -> Verdict<Receipt> {
    let unit = subject.begin()?;
    if is_first {
        unit.repository::<S::Aggregate>().add(events)?;
    } else {
        happen::<S>(&get::<S>(&unit, name).await?, events)?;
    }
    Ok(unit.commit(key::<S>(name)).await?)
}

/// Lives through these commits, of which the first is the first of its life.
async fn live<S: Sample>(subject: &Subject, name: &str, commits: &[Vec<Event<S>>]) -> Verdict {
    for (index, events) in commits.iter().enumerate() {
        commit::<S>(subject, name, index == 0, events.clone()).await?;
    }
    Ok(())
}

async fn stored<S: Sample>(subject: &Subject, name: &str) -> Verdict<Option<(S::Aggregate, Version)>> {
    let unit = subject.begin()?;
    let found = unit.repository::<S::Aggregate>().get(S::id(name)).await?;
    Ok(found.map(|handle| (S::Aggregate::clone(&handle.state()), handle.version())))
}

async fn found_nothing(subject: &Subject) -> Verdict {
    let findings = subject.harness().findings(subject.ports()?).await?;
    ensure_eq!(findings, Vec::<String>::new(), "what the adapter's own check finds");
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

/// W3: add of an id that exists is refused; the first value is intact.
pub async fn w03_adding_what_exists_leaves_the_first_intact<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..2]).await?;
    let (before, head) = (stored::<S>(subject, "one").await?, subject.head().await?);
    let unit = subject.begin()?;
    unit.repository::<S::Aggregate>().add(life[0].clone())?;
    let refused = unit.finish(Ok(key::<S>("one"))).await;
    let is_refused =
        matches!(&refused, Err(CommandError::Refused(refusal)) if refusal.code == "already_exists");
    ensure!(is_refused, "the second add is answered {refused:?}");
    ensure_eq!(stored::<S>(subject, "one").await?, before, "the first value");
    ensure_eq!(subject.head().await?, head, "the journal's head");
    Ok(())
}

/// W5: commit at a stale version: `Conflict` with both versions; nothing is written.
pub async fn w05_a_stale_commit_conflicts_and_writes_nothing<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..2]).await?;
    let stale = subject.begin()?;
    happen::<S>(&get::<S>(&stale, "one").await?, life[2].clone())?;
    commit::<S>(subject, "one", false, life[2].clone()).await?;
    let (before, head) = (stored::<S>(subject, "one").await?, subject.head().await?);
    let refused = stale.commit(key::<S>("one")).await;
    let (at, now) = (version::<S>(&life[..2]).get(), version::<S>(&life[..3]).get());
    let conflicts = matches!(&refused,
        Err(CommandError::Failed(Error::Conflict { expected, actual, .. })) if (*expected, *actual) == (at, now));
    ensure!(conflicts, "a commit at version {at}, which is {now}, is answered {refused:?}");
    ensure_eq!(stored::<S>(subject, "one").await?, before, "the sample");
    ensure_eq!(subject.head().await?, head, "the journal's head");
    found_nothing(subject).await
}

/// W7: workers who all want the next step of a life, and retry: each step is written once, in order.
pub async fn w07_of_workers_in_a_race_each_step_is_written_once<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = Arc::new(S::life("one"));
    live::<S>(subject, "one", &life[..1]).await?;
    let worker = |_| {
        let (life, context) = (Arc::clone(&life), subject.context());
        let side = subject.side();
        async move {
            let side = side?;
            loop {
                let context = Context { command_id: side.ids().next_id(), ..context.clone() };
                let unit = side.begin(context);
                let sample = get::<S>(&unit, "one").await?;
                let lived = (0..=life.len()).find(|lived| version::<S>(&life[..*lived]) == sample.version());
                let lived = lived.or_breach("a version between two commits of its life")?;
                let Some(events) = life.get(lived) else { return Ok(()) };
                happen::<S>(&sample, events.clone())?;
                match unit.commit(sample.key()).await {
                    Ok(_) | Err(CommandError::Failed(Error::Conflict { .. })) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    };
    let workers: Vec<_> = (0..5).map(worker).collect();
    witness::within("five workers come to the end of a life", all(workers)).await??;
    let expected = Some((state::<S>(&life)?, version::<S>(&life)));
    ensure_eq!(stored::<S>(subject, "one").await?, expected, "the sample at the end of its life");
    found_nothing(subject).await
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
