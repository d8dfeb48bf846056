//! The order of rows.

use portolan_kernel::{Direction, PageRequest, Query, Sort};

use crate::builders::{counter_id, euro, incremented};
use crate::counter::{CounterId, CounterView, Event, Opened, PlaceTaken, PriceSet, counter_view};
use crate::{ReadSubject, Verdict, ensure_eq};

/// R7: sort is stable with the id as tie-break.
pub async fn r07_rows_come_in_the_order_asked_for_and_then_by_id(subject: &mut ReadSubject) -> Verdict {
    let texts = ["b", "a", "B", "", "a", "\u{e4}", "a ", "ab", "b", "Z", "\u{1f99c}", "\u{ff5e}"];
    let mut rows: Vec<(CounterId, &str, i64)> = Vec::new();
    for (index, text) in texts.into_iter().enumerate() {
        let (id, count) = (counter_id(&format!("counter {index}")), index as i64 % 3 - 1);
        let opened = Event::Opened(Opened::named(id, text));
        subject.happen(vec![(id, opened), (id, incremented(count))]).await?;
        rows.push((id, text, count));
    }
    rows.sort_by_key(|(id, ..)| *id);
    ensure_eq!(sorted(subject, Sort::by_id()).await?, ids(&rows), "by id");
    rows.sort_by_key(|(.., count)| *count);
    let by_count = Sort::by(counter_view::count(), Direction::Ascending)?;
    ensure_eq!(sorted(subject, by_count).await?, ids(&rows), "by number, then by id");

    rows.sort_by(|(left_id, left, _), (right_id, right, _)| right.cmp(left).then(left_id.cmp(right_id)));
    let by_text = Sort::by(counter_view::text(), Direction::Descending)?;
    ensure_eq!(sorted(subject, by_text).await?, ids(&rows), "by text backwards, by code point, then by id");
    rows.sort_by_key(|(.., count)| -count);
    let by_both = Sort::parse("-count,-text")?;
    ensure_eq!(sorted(subject, by_both).await?, ids(&rows), "by number backwards, by text backwards, by id");
    rows.sort_by(|(left, ..), (right, ..)| right.cmp(left));
    let by_id = Sort::by(counter_view::id(), Direction::Descending)?;
    ensure_eq!(sorted(subject, by_id).await?, ids(&rows), "by id backwards");
    Ok(())
}

/// R7: null sorts last in both directions.
pub async fn r07_null_is_last_in_both_directions(subject: &mut ReadSubject) -> Verdict {
    let mut rows: Vec<(CounterId, Option<i64>)> = Vec::new();
    for (index, cents) in
        [Some(5), None, Some(i64::MIN), Some(0), None, Some(i64::MAX)].into_iter().enumerate()
    {
        let id = counter_id(&format!("counter {index}"));
        subject.happen(vec![(id, Event::Opened(Opened::named(id, "priced")))]).await?;
        subject.happen(vec![(id, Event::PriceSet(PriceSet { price: cents.map(euro) }))]).await?;
        if cents == Some(0) {
            subject
                .happen(vec![(id, Event::PlaceTaken(PlaceTaken { by: uuid::Uuid::from_u128(1) }))])
                .await?;
        }
        rows.push((id, cents));
    }
    rows.sort_by_key(|(id, cents)| (cents.is_none(), *cents, *id));
    let sorted_ids: Vec<_> = rows.iter().map(|(id, _)| *id).collect();
    ensure_eq!(sorted(subject, Sort::parse("price.amount")?).await?, sorted_ids, "the cheapest first");
    rows.sort_by_key(|(id, cents)| (cents.is_none(), cents.map(std::cmp::Reverse), *id));
    let sorted_ids: Vec<_> = rows.iter().map(|(id, _)| *id).collect();
    ensure_eq!(sorted(subject, Sort::parse("-price.amount")?).await?, sorted_ids, "the dearest first");
    for text in ["place_taken_by", "-place_taken_by"] {
        let first = sorted(subject, Sort::parse(text)?).await?.first().copied();
        ensure_eq!(first, Some(counter_id("counter 3")), "the one that is not null, by `{text}`");
    }
    Ok(())
}

async fn sorted(subject: &ReadSubject, sort: Sort<CounterView>) -> Verdict<Vec<CounterId>> {
    let query = Query::default().sort(sort).page(PageRequest::everything());
    Ok(subject.page(&query).await?.0)
}

fn ids(rows: &[(CounterId, &str, i64)]) -> Vec<CounterId> {
    rows.iter().map(|(id, ..)| *id).collect()
}
