//! Walking through pages.

use std::collections::BTreeSet;

use portolan_kernel::{Cursor, Error, Query, Sort};

use super::first;
use crate::builders::{counter_id, incremented, opened};
use crate::counter::{CounterId, CounterView, counter_view};
use crate::{Breach, OrBreach, ReadSubject, Verdict, ensure, ensure_eq};

/// R8: a cursor walk with page sizes 1, 2, n-1, n, n+1 gives each row once.
pub async fn r08_a_walk_gives_each_row_once(subject: &mut ReadSubject) -> Verdict {
    let count = 7;
    fill(subject, count).await?;
    let queries = [
        Query::default(),
        Query::default().sort(Sort::parse("-count,text")?),
        Query::new(counter_view::count().gte(0)).sort(Sort::parse("place_taken_by")?),
    ];
    for query in queries {
        let all = walk(subject, &query, 200).await?;
        ensure_eq!(all.iter().collect::<BTreeSet<_>>().len(), count, "the rows of one large page");
        for size in [1, 2, count - 1, count, count + 1] {
            let walked = walk(subject, &query, size).await?;
            ensure_eq!(walked, all, "the rows of a walk by {size}");
        }
    }
    let nothing = Query::new(counter_view::count().eq(99));
    ensure_eq!(walk(subject, &nothing, 3).await?, [], "a walk through no rows");
    Ok(())
}

/// R9: inserts and deletes during a walk: rows that are untouched are neither repeated nor skipped.
pub async fn r09_changes_during_a_walk_move_no_other_row(subject: &mut ReadSubject) -> Verdict {
    fill(subject, 12).await?;
    let query = Query::default().sort(Sort::parse("count")?).page(first(3)?);
    let before = walk(subject, &query, 200).await?;
    let (mut walked, mut after) = subject.page(&query).await?;
    // The row that the cursor names goes, and one behind it; others come on both sides of it.
    let mut touched = vec![walked.last().copied().or_breach("a row")?, before[before.len() - 2]];
    for gone in touched.clone() {
        subject.remove(gone).await?;
    }
    while let Some(cursor) = after {
        if touched.len() < 10 {
            for count in [-1, 1, 100] {
                let name = format!("newcomer {}", touched.len());
                let id = counter_id(&name);
                subject.happen(vec![(id, opened(&name)), (id, incremented(count))]).await?;
                touched.push(id);
            }
        }
        let (page, next) = subject.page(&query.clone().page(first(3)?.after(cursor))).await?;
        ensure!(walked.len() <= 100, "the walk has no end");
        walked.extend(page);
        after = next;
    }
    let untouched =
        |ids: &[CounterId]| -> Vec<_> { ids.iter().filter(|id| !touched.contains(*id)).copied().collect() };
    ensure_eq!(untouched(&walked), untouched(&before), "the rows that nothing happened to");
    Ok(())
}

/// R10: a cursor that was tampered with, or used with another filter or sort: `Invalid`.
pub async fn r10_a_cursor_of_something_else_is_invalid(subject: &mut ReadSubject) -> Verdict {
    fill(subject, 5).await?;
    let query = Query::new(counter_view::count().gte(0)).sort(Sort::parse("text")?).page(first(2)?);
    let cursor = subject.page(&query).await?.1.or_breach("a cursor")?;
    let continued = query.clone().page(first(3)?.after(cursor.clone()));
    ensure_eq!(subject.page(&continued).await?.0.len(), 3, "the rows behind the cursor");

    let text = cursor.to_string();
    for place in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).ok().or_breach("a cursor of ASCII letters")?;
        is_invalid(subject, &query, Cursor::from(changed)).await?;
    }
    let long = "A".repeat(1_000_000);
    for other in ["", "A", "not a cursor", "\u{1f99c}", &text[1..], &text[..text.len() - 1], &*long] {
        is_invalid(subject, &query, Cursor::from(other)).await?;
    }
    let others = [
        Query::new(counter_view::count().gte(1)).sort(Sort::parse("text")?),
        Query::new(counter_view::count().gte(0)).sort(Sort::parse("-text")?),
        Query::new(counter_view::count().gte(0)).sort(Sort::parse("text,count")?),
        Query::default(),
    ];
    for other in others {
        is_invalid(subject, &other, cursor.clone()).await?;
    }
    Ok(())
}

async fn is_invalid(subject: &ReadSubject, query: &Query<CounterView>, cursor: Cursor) -> Verdict {
    let found = subject.model.repository.find(&query.clone().page(first(2)?.after(cursor.clone()))).await;
    match found {
        Err(Error::Invalid(_)) => Ok(()),
        Err(error) => Err(Breach::new(format!("the cursor `{cursor:.80}` is answered {error:?}"))),
        Ok(page) => {
            Err(Breach::new(format!("the cursor `{cursor:.80}` is answered {} rows", page.rows.len())))
        }
    }
}

/// So many counters, of which every third has the same number.
async fn fill(subject: &mut ReadSubject, count: usize) -> Verdict {
    for index in 0..count {
        let name = format!("counter {index}");
        let id = counter_id(&name);
        subject.happen(vec![(id, opened(&name)), (id, incremented(index as i64 % 3))]).await?;
    }
    Ok(())
}

/// All rows, page after page of this size.
async fn walk(subject: &ReadSubject, query: &Query<CounterView>, size: usize) -> Verdict<Vec<CounterId>> {
    let (mut walked, mut after) = subject.page(&query.clone().page(first(size)?)).await?;
    while let Some(cursor) = after {
        let (page, next) = subject.page(&query.clone().page(first(size)?.after(cursor))).await?;
        ensure!(!page.is_empty(), "a cursor leads to an empty page");
        ensure!(walked.len() <= 1_000, "the walk has no end");
        walked.extend(page);
        after = next;
    }
    Ok(walked)
}
