//! Getting, adding, finding.

use portolan_kernel::{AggregateKey, Error, FIND_LIMIT, Id as _, Specification, Version};

use crate::builders::{counter_id, history_of_everything, incremented, line_added, opened};
use crate::contracts::raw;
use crate::counter::fields::counter;
use crate::counter::{Counter, CounterId};
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

/// W1: get of a missing id is `None`.
pub async fn w01_a_missing_id_is_none(subject: &mut Subject) -> Verdict {
    ensure_eq!(subject.stored(counter_id("never")).await?, None, "in an empty store");
    subject.add(vec![opened("other")]).await?;
    ensure_eq!(subject.stored(counter_id("never")).await?, None, "beside another counter");
    Ok(())
}

/// W2: add, commit, get in a new unit of work: an equal aggregate, with line order, money, and version.
pub async fn w02_what_was_added_comes_back_equal(subject: &mut Subject) -> Verdict {
    let id = counter_id("everything");
    let history = history_of_everything(id);
    let added = portolan_kernel::replay::<Counter>(&history).or_breach("a counter")?;
    let receipt = subject.add(history.clone()).await?;
    let version = Version(history.len() as u64);
    ensure_eq!(receipt.id, id.uuid(), "the receipt is about the counter");
    ensure_eq!(receipt.version, version, "the receipt has its version");
    ensure_eq!(receipt.position, subject.head().await?, "the receipt has the position of its last event");
    ensure_eq!(subject.stored(id).await?, Some((added, version)), "the counter comes back");
    Ok(())
}

/// W2: find answers every aggregate that satisfies the specification, in the order of ids, up to its limit.
pub async fn w02_find_answers_all_that_match_in_the_order_of_ids(subject: &mut Subject) -> Verdict {
    let mut matching: Vec<CounterId> = Vec::new();
    for index in 0_i64..30 {
        let name = format!("counter {index}");
        subject.add(vec![opened(&name), incremented(index % 3)]).await?;
        if index % 3 == 1 {
            matching.push(counter_id(&name));
        }
    }
    let removed = matching.swap_remove(4);
    subject.remove(removed).await?;
    matching.sort_unstable();
    let unit = subject.begin()?;
    let counters = unit.repository::<Counter>();
    let find = async |specification: &Specification<Counter>, limit| {
        let found = counters.find(specification, limit).await?;
        Verdict::Ok(found.iter().map(|found| found.read(|state| state.id)).collect::<Vec<_>>())
    };
    let ones = counter::count().eq(1);
    ensure_eq!(find(&ones, FIND_LIMIT).await?, matching, "those with the number 1");
    ensure_eq!(find(&ones, 3).await?, matching[..3], "the first three of them");
    ensure_eq!(find(&counter::count().eq(7), 3).await?, [], "those with a number that none has");
    ensure_eq!(find(&Specification::everything(), FIND_LIMIT).await?.len(), 29, "how many there are");
    for limit in [0, FIND_LIMIT + 1] {
        let refused = counters.find(&ones, limit).await.err();
        ensure!(matches!(refused, Some(Error::Invalid(_))), "a limit of {limit} is answered {refused:?}");
    }
    Ok(())
}

/// W3: add of an id that exists: `AlreadyExists`; the first value is intact.
pub async fn w03_adding_what_exists_leaves_the_first_intact(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one"), incremented(5), line_added("a")]).await?;
    let (first, head) = (subject.stored(id).await?, subject.head().await?);
    let again = raw::begins(subject, &[opened("one"), incremented(9), line_added("b")])?;
    let refused = subject.store()?.commit(raw::change_set(subject, vec![again])?).await;
    ensure!(matches!(refused, Err(Error::AlreadyExists(_))), "the second add is answered {refused:?}");
    ensure_eq!(subject.stored(id).await?, first, "the first value");
    ensure_eq!(subject.head().await?, head, "the journal's head");
    let unit = subject.begin()?;
    unit.repository::<Counter>().add(vec![opened("one")])?;
    let refused = unit.finish(Ok(AggregateKey::of::<Counter>(id))).await;
    let is_refusal = matches!(&refused, Err(portolan_kernel::CommandError::Refused(refusal)) if refusal.code == "already_exists");
    ensure!(is_refusal, "a command that adds it again is answered {refused:?}");
    Ok(())
}

/// W4: commit at the current version raises the version by the number of its events.
pub async fn w04_the_version_rises_by_the_number_of_events(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    let receipt = subject.add(vec![opened("one")]).await?;
    ensure_eq!(receipt.version, Version(1), "after the first event");
    let receipt = subject.change(id, |counter| counter.increment(1)).await?;
    ensure_eq!(receipt.version, Version(2), "after one more");
    let three = |counter: &Counter| {
        Ok::<_, crate::counter::Refused>(
            [counter.increment(1)?, counter.take_place(id.uuid())?, counter.set_price(None)?].concat(),
        )
    };
    let receipt = subject.change(id, three).await?;
    ensure_eq!(receipt.version, Version(5), "after three more in one commit");
    let (state, version) = subject.stored(id).await?.or_breach("the counter")?;
    ensure_eq!((state.count, version), (2, Version(5)), "what is stored");
    Ok(())
}
