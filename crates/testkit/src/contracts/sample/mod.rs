//! The clauses that hold for any aggregate, on one of an adapter's or a team's own: rows that its mapper writes are tried
//! event by event.
//!
//! Not among them: what a rule of the kit's own aggregate is needed for (W8); what is for the sample's life to bring (W15 to
//! W17: lists, hostile texts, extreme numbers); those that a child process works for, which knows the kit's aggregate alone
//! (W19 and J4, after a kill); `find`, whose criteria are the aggregate's own (W2, W12); and all that names no aggregate: how
//! the journal is read and waited for (J5, J8 to J14), checkpoints and leases (C). W4 stands in W2, J4 in J1.

use std::marker::PhantomData;

use portolan_kernel::{Aggregate, AggregateKey, Handle, Receipt, Refusal, UnitOfWork, Version, replay};

use crate::clause::Check;
use crate::{Breach, Capability, Clause, OrBreach, Subject, Verdict, ensure_eq};

mod caught;
pub mod commits;
pub mod conflicts;
pub mod stored;

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
    ($($code:literal $module:ident::$name:ident $(needs $($need:ident)+)?;)+) => {
        impl<S: Sample> Of<S> {
            /// Its clauses.
            pub const CLAUSES: &'static [Clause<Subject>] = &[$(
                Clause {
                    code: $code,
                    name: stringify!($name),
                    needs: &[$($(Capability::$need),+)?],
                    check: {
                        let check: Check<Subject> = |subject| Box::pin($module::$name::<S>(subject));
                        check
                    },
                }
            ),+];
        }
    };
}

sample_clauses! {
    "W1" stored::w01_a_missing_id_is_none;
    "W2" stored::w02_a_life_comes_back_after_each_commit;
    "W3" conflicts::w03_adding_what_exists_leaves_the_first_intact;
    "W5" conflicts::w05_a_stale_commit_conflicts_and_writes_nothing;
    "W5" conflicts::w05_what_builds_on_a_change_that_never_was_conflicts;
    "W6" conflicts::w06_a_change_to_what_is_gone_is_never_an_insert;
    "W7" conflicts::w07_of_workers_in_a_race_each_step_is_written_once;
    "W9" commits::w09_a_failed_unit_writes_nothing_and_a_refusal_only_its_record;
    "W10" commits::w10_a_reader_never_sees_state_without_event_nor_event_without_state;
    "W11" commits::w11_a_dropped_commit_leaves_all_or_nothing;
    "W12" stored::w12_two_gets_in_one_unit_are_one_aggregate;
    "W13" stored::w13_what_was_removed_is_gone_and_lives_again;
    "W14" conflicts::w14_a_stale_removal_conflicts;
    "W18" commits::w18_a_commit_without_changes_writes_only_its_record;
    "W19" stored::w19_what_was_acknowledged_survives_reopening needs Reopen;
    "W20" commits::w20_two_commit_together_or_not_at_all;
    "W21" commits::w21_a_repeated_command_answers_its_first_outcome;
    "W21" commits::w21_a_repeat_in_a_race_is_written_once;
    "W21" commits::w21_another_payload_under_one_id_is_refused;
    "W21" commits::w21_failures_are_never_recorded;
    "W21" commits::w21_an_outcome_is_kept_until_its_time;
    "W22" stored::w22_what_is_not_committed_never_shows;
    "W23" stored::w23_replay_of_the_journal_equals_the_stored_state;
    "J1" commits::j01_each_commit_of_a_life_is_on_neighbouring_positions;
    "J2" conflicts::j02_a_wrong_expected_version_conflicts_and_writes_no_rows;
    "J3" conflicts::j03_of_two_writers_with_one_expectation_one_succeeds;
    "J6" commits::j06_an_event_comes_back_as_it_was_written;
    "J7" commits::j07_an_event_id_is_never_written_twice;
    "J15" stored::j15_each_version_of_the_past_is_what_it_was;
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
