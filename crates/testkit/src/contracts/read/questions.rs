//! Questions, good and bad.

use portolan_kernel::{
    Direction, Error, PageRequest, PageSize, Query, ReadRepositoryExt as _, Sort, Specification,
};

use super::first;
use crate::builders::{counter_id, incremented, opened};
use crate::counter::{CounterView, counter_view};
use crate::{ReadSubject, Verdict, ensure, ensure_eq};

/// R11: page size 0 or over the limit: `Invalid`, naming the limit; a page has no more rows than it was asked for.
pub async fn r11_a_page_has_between_one_row_and_its_limit(subject: &mut ReadSubject) -> Verdict {
    for size in [0, PageSize::MAX + 1, usize::MAX] {
        let refused = PageSize::new(size);
        let names_it = matches!(&refused, Err(Error::Invalid(message)) if message.contains("200"));
        ensure!(names_it, "a page of {size} is answered {refused:?}");
    }
    for index in 0..PageSize::MAX + 3 {
        let name = format!("counter {index}");
        subject.happen(vec![(counter_id(&name), opened(&name))]).await?;
    }
    let sizes = [(first(1)?, 1), (PageRequest::default(), 50), (first(PageSize::MAX)?, PageSize::MAX)];
    for (page, rows) in sizes {
        ensure_eq!(subject.find(&Query::default().page(page)).await?.rows.len(), rows, "the rows of a page");
    }
    let all = subject.find(&Query::default().page(PageRequest::everything())).await?;
    ensure_eq!((all.rows.len(), all.next), (PageSize::MAX + 3, None), "every row");
    Ok(())
}

/// R15: an unknown field or an unsupported operator is an error before any I/O: here of the order, and of criteria
/// that are too large.
pub async fn r15_what_can_never_be_answered_is_an_error(subject: &mut ReadSubject) -> Verdict {
    subject.happen(vec![(counter_id("one"), opened("one"))]).await?;
    let bad =
        ["", "nothing", "counts", "-lines", "price", "count,count", "count,,text", "id;drop", "text.length"];
    for text in bad {
        let sort = Sort::<CounterView>::parse(text);
        ensure!(matches!(sort, Err(Error::Invalid(_))), "the sort `{text}` is answered {sort:?}");
    }
    let close = Sort::<CounterView>::parse("cuont").err().map(|error| error.to_string()).unwrap_or_default();
    ensure!(close.contains("`count`"), "a misspelt field is answered `{close}`");
    let unsortable = Sort::by(counter_view::lines(), Direction::Ascending);
    ensure!(
        matches!(unsortable, Err(Error::Invalid(_))),
        "a field that is not sortable is answered {unsortable:?}"
    );

    let parts = (0..2_000).map(|number| counter_view::count().eq(number));
    let too_large = Specification::any_of(parts);
    let found = subject.model.repository.find(&Query::new(too_large.clone())).await;
    ensure!(matches!(found, Err(Error::Invalid(_))), "criteria that are too large are answered {found:?}");
    let counted = subject.model.repository.count(&too_large).await;
    ensure!(matches!(counted, Err(Error::Invalid(_))), "counting by them is answered {counted:?}");
    Ok(())
}

/// R16: `count` and `exists` agree with `find`, and so does the count of a page, whichever page it is.
pub async fn r16_count_and_exists_agree_with_find(subject: &mut ReadSubject) -> Verdict {
    for index in 0..60_i64 {
        let name = format!("counter {index}");
        subject
            .happen(vec![(counter_id(&name), opened(&name)), (counter_id(&name), incremented(index % 7))])
            .await?;
    }
    subject.remove(counter_id("counter 3")).await?;
    let criteria = [
        (Specification::everything(), 59),
        (Specification::nothing(), 0),
        (counter_view::count().eq(3), 8),
        (!counter_view::count().eq(3), 51),
        (counter_view::count().gt(100), 0),
        (counter_view::text().contains("counter 1"), 11),
        (counter_view::price().is_null() & counter_view::id().eq(counter_id("counter 8")), 1),
    ];
    let repository = &subject.model.repository;
    for (criteria, rows) in criteria {
        let found = subject.find(&Query::new(criteria.clone()).page(PageRequest::everything())).await?;
        let asked = criteria.to_string();
        ensure_eq!(found.rows.len(), rows, "the rows with `{asked}`");
        ensure!(found.rows.iter().all(|row| criteria.is_satisfied_by(&row.view)), "a row without `{asked}`");
        ensure_eq!(repository.count(&criteria).await?, rows as u64, "the count of `{asked}`");
        let query = Query::new(criteria.clone()).page(first(3)?);
        ensure_eq!(subject.find(&query).await?.count, None, "the count that was not asked for");
        let page = subject.find(&query.clone().counted()).await?;
        ensure_eq!(page.count, Some(rows as u64), "the count of the first page of `{asked}`");
        if let Some(next) = page.next {
            let behind = query.page(first(3)?.after(next)).counted();
            let count = subject.find(&behind).await?.count;
            ensure_eq!(count, Some(rows as u64), "the count of the second page of `{asked}`");
        }
        ensure_eq!(repository.exists(&criteria).await?, rows > 0, "whether there is one with `{asked}`");
    }
    Ok(())
}
