//! How new an answer is.

use std::sync::Arc;
use std::time::Duration;

use portolan_kernel::{Error, Position, Query, ReadRepositoryExt as _};

use crate::builders::{counter_id, incremented, opened};
use crate::{OrBreach, ReadSubject, Verdict, ensure, ensure_eq, witness};

/// How long a clause waits for what must not come.
const BRIEFLY: Duration = Duration::from_millis(20);

/// R14: `at_least(position)` shows it, or `Stale { have, want }` at the deadline; never a silent old answer.
pub async fn r14_a_position_is_there_or_stale(subject: &mut ReadSubject) -> Verdict {
    let id = counter_id("one");
    subject.happen(vec![(id, opened("one")), (id, incremented(1))]).await?;
    let repository = Arc::clone(&subject.model.repository);
    for reached in [0, 1, 2].map(Position) {
        let page = subject.find(&Query::default().at_least(reached)).await?;
        ensure_eq!((page.rows.len(), page.position), (1, Position(2)), "the page at least at {reached}");
        ensure_eq!(
            repository.wait_for(reached, Duration::ZERO).await?,
            Position(2),
            "how far it is at {reached}"
        );
    }
    let stale = Error::Stale { have: Position(2), want: Position(3) };
    let query = Query::default().at_least(Position(3));
    ensure_eq!(
        repository.find(&query).await.err().as_ref(),
        Some(&stale),
        "the answer to what is not there yet"
    );
    let waited = repository.wait_for(Position(3), BRIEFLY).await;
    ensure_eq!(waited.err().as_ref(), Some(&stale), "the answer when the patience is over");
    let found = repository.find_within(&query, BRIEFLY).await;
    ensure_eq!(found.err().as_ref(), Some(&stale), "the page when the patience is over");
    let row = repository.get_within(&id, Some(Position(3)), BRIEFLY).await;
    ensure_eq!(row.err(), Some(stale), "the row when the patience is over");
    Ok(())
}

/// R14: who waits for a position is answered when it has come, with what it brought.
pub async fn r14_who_waits_for_a_position_wakes(subject: &mut ReadSubject) -> Verdict {
    let id = counter_id("one");
    subject.happen(vec![(id, opened("one"))]).await?;
    let repository = Arc::clone(&subject.model.repository);
    let mut reader = tokio::spawn(async move {
        let query = Query::default().at_least(Position(3));
        repository.find_within(&query, witness::DEADLINE).await
    });
    let early = tokio::time::timeout(BRIEFLY, &mut reader).await;
    ensure!(early.is_err(), "a reader who waits for position 3 was let go at 1: {early:?}");
    subject.happen(vec![(id, incremented(1))]).await?;
    let early = tokio::time::timeout(BRIEFLY, &mut reader).await;
    ensure!(early.is_err(), "a reader who waits for position 3 was let go at 2: {early:?}");
    subject.happen(vec![(id, incremented(1))]).await?;
    let page = witness::within("a reader who waits wakes", reader).await?.ok().or_breach("the reader")??;
    let counts: Vec<_> = page.rows.iter().map(|row| row.view.count).collect();
    ensure_eq!((page.position, counts), (Position(3), vec![2]), "what the reader sees");
    Ok(())
}
