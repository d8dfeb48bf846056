//! Stores that mistake who has asked what before.

use async_trait::async_trait;
use portolan_kernel::{
    Answer, ChangeSet, Committed, Error, Idempotency, Kept, Outcome, Result, WriteStore as _,
};

use super::inner::Inner;
use super::saboteurs;
use super::tamper::{Tamper, others_run};

saboteurs! {
    "forgets refusals" Forgets(|change_set| matches!(change_set.answer, Answer::Refusal(_))),
        breaks [
            "w09_a_failed_unit_writes_nothing_and_a_refusal_only_its_record"
        ] also [
            "w21_a_repeated_command_answers_its_first_outcome"
            "w21_another_payload_under_one_id_is_refused"
        ]
        because "a repeat of a refused command is decided anew";
    "forgets commands that changed nothing" Forgets(|change_set| {
            change_set.changes.is_empty() && matches!(change_set.answer, Answer::Receipt { .. })
        }),
        breaks ["w18_a_commit_without_changes_writes_only_its_record"];
    "forgets every command" Forgets(|_| true),
        breaks [
            "w21_a_repeated_command_answers_its_first_outcome"
        ] also [
            "w09_a_failed_unit_writes_nothing_and_a_refusal_only_its_record"
            "w18_a_commit_without_changes_writes_only_its_record"
            "w19_what_was_acknowledged_survives_reopening"
            "w21_a_repeat_in_a_race_is_written_once"
            "w21_an_outcome_is_kept_until_its_time"
            "w21_another_payload_under_one_id_is_refused"
        ]
        because "every clause that repeats a command, or looks at its record, finds none";
    "records a command in a second transaction" RecordsAfterwards,
        breaks ["w21_a_repeat_in_a_race_is_written_once"];
    "looks at no fingerprint" IgnoresFingerprints,
        breaks ["w21_another_payload_under_one_id_is_refused"];
    "records a command before it is sure" RecordsFailures,
        breaks ["w21_failures_are_never_recorded"];
    "keeps records for ever" KeepsForEver,
        breaks ["w21_an_outcome_is_kept_until_its_time"];
}

/// Writes no record of these commands.
struct Forgets(fn(&ChangeSet) -> bool);

#[async_trait]
impl Tamper for Forgets {
    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        if self.0(&change_set) {
            change_set.idempotency = None;
        }
        inner.commit(change_set).await
    }
}

struct RecordsAfterwards;

#[async_trait]
impl Tamper for RecordsAfterwards {
    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        let Some(idempotency) = change_set.idempotency else { return inner.commit(change_set).await };
        if let Some(recorded) = inner.outcome(change_set.command_id).await? {
            return Ok(Committed::repeated(&change_set, &recorded));
        }
        let committed = inner.commit(ChangeSet { idempotency: None, ..change_set.clone() }).await?;
        others_run().await;
        if let Committed::Done { outcome, .. } = &committed {
            let answer = match (outcome, change_set.answer) {
                (Outcome::Accepted(receipt), Answer::Receipt { about, .. }) => {
                    Answer::Receipt { about, read_at: receipt.version }
                }
                (_, answer) => answer,
            };
            let record = ChangeSet { answer, idempotency: Some(idempotency), ..change_set };
            inner.commit(ChangeSet { changes: Vec::new(), reads: Vec::new(), ..record }).await?;
        }
        Ok(committed)
    }
}

struct IgnoresFingerprints;

#[async_trait]
impl Tamper for IgnoresFingerprints {
    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        match inner.outcome(change_set.command_id).await? {
            Some(recorded) => Ok(Committed::Repeated(recorded.outcome)),
            None => inner.commit(change_set).await,
        }
    }
}

struct RecordsFailures;

#[async_trait]
impl Tamper for RecordsFailures {
    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        let committed = inner.commit(change_set.clone()).await;
        if let Err(Error::Conflict { .. }) = &committed {
            inner.commit(ChangeSet { changes: Vec::new(), reads: Vec::new(), ..change_set }).await?;
        }
        committed
    }
}

struct KeepsForEver;

#[async_trait]
impl Tamper for KeepsForEver {
    async fn commit(&self, inner: &Inner, mut change_set: ChangeSet) -> Result<Committed> {
        change_set.idempotency =
            change_set.idempotency.map(|idempotency| Idempotency { kept: Kept::Forever, ..idempotency });
        inner.commit(change_set).await
    }
}
