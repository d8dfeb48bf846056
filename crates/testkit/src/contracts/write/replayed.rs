//! The journal and the stored state tell the same story.

use portolan_kernel::{AggregateKey, Replayed, Version};

use crate::builders::{counter_id, euro, history_of_everything, line, opened};
use crate::counter::{Counter, Refused, registry};
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

/// W23: replay of the journal equals the stored state.
pub async fn w23_replay_of_the_journal_equals_the_stored_state(subject: &mut Subject) -> Verdict {
    let names = ["everything", "counted", "lined", "gone", "again"];
    subject.add(history_of_everything(counter_id("everything"))).await?;
    for name in &names[1..] {
        subject.add(vec![opened(name)]).await?;
    }
    for round in 0_i64..12 {
        subject.change(counter_id("counted"), |counter| counter.increment(round - 5)).await?;
        let key = format!("line {}", round % 4);
        let changed = |counter: &Counter| match counter.add_line(line(&key)) {
            Err(Refused::LineExists { .. }) => counter.remove_line(&key),
            added => added,
        };
        subject.change(counter_id("lined"), changed).await?;
        subject.change(counter_id("again"), |counter| counter.set_price(Some(euro(round)))).await?;
        if round % 5 == 2 {
            subject.remove(counter_id("again")).await?;
            subject.add(vec![opened("again")]).await?;
        }
    }
    subject.remove(counter_id("gone")).await?;

    let registry = registry();
    let counters = registry.get("counter")?;
    for id in names.map(counter_id) {
        let history = subject.history(id).await?;
        let Replayed { state: replayed, version } = counters.replay(Replayed::default(), &history)?;
        // Page by page it comes to the same, wherever a page ends.
        let paged =
            history.chunks(2).try_fold(Replayed::default(), |left, page| counters.replay(left, page))?;
        ensure_eq!(paged.version, version, "the version of {id}, page by page");
        let difference = match (&paged.state, &replayed) {
            (Some(paged), Some(replayed)) => counters.difference(paged, replayed),
            (paged, replayed) => (paged.is_some() != replayed.is_some()).then(|| "there or not".to_owned()),
        };
        ensure_eq!(difference, None, "the state of {id}, page by page");
        ensure_eq!(version, Version(history.len() as u64), "the version of {id}, by its history");
        let loaded = subject.store()?.load(AggregateKey::of::<Counter>(id)).await?;
        let Some(replayed) = replayed else {
            ensure!(loaded.is_none(), "{id} was removed and is stored");
            continue;
        };
        let loaded = loaded.or_breach("a counter that has a history")?;
        ensure_eq!(loaded.version, version, "the stored version of {id}");
        ensure_eq!(counters.difference(&loaded.state, &replayed), None, "the stored state of {id}");
    }
    let findings = subject.harness().findings(subject.ports()?).await?;
    ensure_eq!(findings, Vec::<String>::new(), "what the adapter's own check finds");
    Ok(())
}
