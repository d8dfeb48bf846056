//! The expected version, below any unit of work.

use portolan_kernel::{Committed, Error, Version};

use crate::builders::{counter_id, incremented, opened};
use crate::contracts::raw;
use crate::tasks::all;
use crate::{Subject, Verdict, ensure, ensure_eq};

/// J2: wrong expected version: `Conflict`, no rows.
pub async fn j02_a_wrong_expected_version_conflicts_and_writes_no_rows(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one"), incremented(1)]).await?;
    let (state, before) = (subject.state(id).await?, subject.all_events().await?);
    for expected in [1, 3, u64::try_from(i64::MAX).unwrap_or(0)] {
        let change = raw::changes(subject, &state, Version(expected), &[incremented(1)])?;
        let refused = subject.store()?.commit(raw::change_set(subject, vec![change])?).await;
        let conflicts =
            matches!(refused, Err(Error::Conflict { expected: e, actual: 2, .. }) if e == expected);
        ensure!(conflicts, "a change of version {expected}, which is 2, is answered {refused:?}");
        ensure_eq!(subject.all_events().await?, before, "the journal");
    }
    Ok(())
}

/// J3: two writers with one expectation: exactly one succeeds.
pub async fn j03_of_two_writers_with_one_expectation_one_succeeds(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    for round in 1..=20 {
        let state = subject.state(id).await?;
        let mut writers = Vec::new();
        for by in [1, 1000] {
            let change = raw::changes(subject, &state, Version(round), &[incremented(by)])?;
            let (store, change_set) = (subject.store()?, raw::change_set(subject, vec![change])?);
            writers.push(async move { Ok(store.commit(change_set).await) });
        }
        let answers = all(writers).await?;
        let won = answers.iter().filter(|answer| matches!(answer, Ok(Committed::Done { .. }))).count();
        let lost = answers.iter().filter(|answer| matches!(answer, Err(Error::Conflict { .. }))).count();
        ensure_eq!((won, lost), (1, 1), "how many won and lost: {answers:?}");
        ensure_eq!(subject.history(id).await?.len() as u64, round + 1, "the number of events");
    }
    Ok(())
}
