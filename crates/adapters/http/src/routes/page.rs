//! Reads of a view, written once for all of them: one row, and one page of rows.

use axum::http::header::LINK;
use axum::http::{HeaderValue, Uri};
use portolan_application::queries::{Find, Get, Queried};
use portolan_kernel::{Cursor, PageRequest, PageSize, Query, Sort, Specification, View};
use serde::Serialize;

use super::answer::{Answered, json, row};
use crate::http::App;
use crate::problem::Problem;
use crate::request::{Freshness, IfNoneMatch, Parameters};

/// The parameters that say which rows, in which order, and which page of them.
const PARAMETERS: [&str; 6] = ["filter", "filter[json]", "sort", "limit", "after", "count"];

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
    let is_counted = parameters.flag("count")?;
    let criteria = criteria(&parameters)?;
    let sort = parameters.get("sort").map(Sort::parse).transpose().map_err(|error| http.problem(error))?;
    let page = PageRequest { size: limit(&parameters)?, after: parameters.get("after").map(Cursor::from) };
    let Freshness { at_least, patience } = freshness;
    let query = Query::<V> { criteria, sort: sort.unwrap_or_default(), page, at_least, is_counted };
    let page = http.ask(Find { query, patience }).await?;
    let next = page.next.as_ref().map(Cursor::as_str);
    let mut response = json(&PageBody {
        items: page.rows.iter().map(|row| &*row.view).collect(),
        next,
        position: page.position.get(),
        count: page.count,
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

/// Which rows: those of `filter` (text) or `filter[json]`, else all.
fn criteria<V: View>(parameters: &Parameters<'_>) -> Result<Specification<V>, Problem> {
    match (parameters.get("filter"), parameters.get("filter[json]")) {
        (None, None) => Ok(Specification::everything()),
        (Some(text), None) => Specification::parse(text).map_err(|error| {
            let problem = Problem::invalid(error.to_string());
            problem.with("parameter", "filter").with("line", error.line).with("column", error.column)
        }),
        (None, Some(json)) => Specification::parse_json(json).map_err(|error| {
            let problem = Problem::invalid(error.to_string());
            problem.with("parameter", "filter[json]").with("pointer", error.pointer)
        }),
        (Some(_), Some(_)) => {
            Err(Problem::malformed("`filter` and `filter[json]` are two ways to say one thing; give one"))
        }
    }
}

#[derive(Serialize)]
struct PageBody<'a, V> {
    items: Vec<&'a V>,
    next: Option<&'a str>,
    position: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}
