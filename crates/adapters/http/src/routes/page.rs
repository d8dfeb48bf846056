//! Reads of a view, written once for all of them: one row, and one page of rows.

use axum::http::header::LINK;
use axum::http::{HeaderValue, Uri};
use portolan_application::queries::{Count, Find, Get, Queried};
use portolan_kernel::{Cursor, PageRequest, PageSize, Query, Sort, Specification, View};
use serde::Serialize;

use super::answer::{Answered, json, row};
use crate::http::App;
use crate::problem::Problem;
use crate::request::{Freshness, IfNoneMatch, Parameters};

/// The parameters that say which page.
const PARAMETERS: [&str; 4] = ["sort", "limit", "after", "count"];

/// One row, its version as entity tag.
pub(super) async fn get<V: Queried + Serialize>(
    http: &App,
    uri: &Uri,
    id: V::Id,
    freshness: Freshness,
    known: &IfNoneMatch,
) -> Answered {
    Parameters::of(uri, &[])?;
    let Freshness { at_least, patience } = freshness;
    let missing = format!("there is no {} among the {}", id, V::NAME);
    match http.ask(Get::<V> { id, at_least, patience }).await? {
        Some(found) => Ok(row(&found, known)),
        None => Err(Problem::not_found(missing)),
    }
}

/// One page of rows, and where the next one begins.
pub(super) async fn find<V: Queried + Serialize>(http: &App, uri: &Uri, freshness: Freshness) -> Answered {
    let parameters = Parameters::of(uri, &PARAMETERS)?;
    let query = query::<V>(&parameters, freshness).map_err(|error| http.problem(error))?;
    let is_counted = parameters.flag("count")?;
    let limit = limit(&parameters)?;
    let query = query.page(PageRequest { size: limit, after: parameters.get("after").map(Cursor::from) });
    let criteria = query.criteria.clone();
    let patience = freshness.patience;
    let page = http.ask(Find { query, patience }).await?;
    let count = match is_counted {
        true => Some(http.ask(Count { criteria, at_least: Some(page.position), patience }).await?),
        false => None,
    };
    let next = page.next.as_ref().map(Cursor::as_str);
    let mut response = json(&PageBody {
        items: page.rows.iter().map(|row| &*row.view).collect(),
        next,
        position: page.position.get(),
        count,
    });
    if let Some(next) = next {
        link_next(&mut response, uri, &parameters.with("after", next));
    }
    Ok(response)
}

/// Says in a header where the next page is.
pub(super) fn link_next(response: &mut axum::response::Response, uri: &Uri, query: &str) {
    let link = format!("<{}?{query}>; rel=\"next\"", uri.path());
    if let Ok(link) = HeaderValue::try_from(link) {
        response.headers_mut().insert(LINK, link);
    }
}

/// How many items an answer has at the most.
pub(super) fn limit(parameters: &Parameters<'_>) -> Result<PageSize, Problem> {
    let Some(rows) = parameters.number("limit")? else { return Ok(PageSize::DEFAULT) };
    PageSize::new(usize::try_from(rows).unwrap_or(usize::MAX))
        .map_err(|error| Problem::invalid(error.to_string()).with("limit", PageSize::MAX))
}

/// What is asked for, its page aside.
fn query<V: View>(parameters: &Parameters<'_>, freshness: Freshness) -> portolan_kernel::Result<Query<V>> {
    let sort = parameters.get("sort").map(Sort::parse).transpose()?.unwrap_or_default();
    let at_least = freshness.at_least;
    Ok(Query { at_least, ..Query::new(criteria(parameters)?).sort(sort) })
}

/// Which rows: all of them, as long as no parameter says it.
fn criteria<V: View>(_: &Parameters<'_>) -> portolan_kernel::Result<Specification<V>> {
    Ok(Specification::everything())
}

#[derive(Serialize)]
struct PageBody<'a, V> {
    items: Vec<&'a V>,
    next: Option<&'a str>,
    position: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}
