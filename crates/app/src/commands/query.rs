//! `query`: the rows of a view.

use portolan_application::customers::CustomerSummary;
use portolan_application::listings::ListingView;
use portolan_application::orders::OrderView;
use portolan_application::totals::MarketTotals;
use portolan_kernel::{
    Candidate, Cursor, Error, PageRequest, PageSize, Position, Query as ViewQuery, ReadRepository, Sort,
    Specification, View,
};
use serde::Serialize;
use serde_json::json;

use crate::Failure;
use crate::cli::{self, Query};
use crate::config::Config;
use crate::output::{self, Rows};
use crate::wiring::OneView;

/// Brings the view to the journal's head and prints what was asked for.
///
/// # Errors
/// [`Failure::Usage`] for a filter that is none, an unknown sort key or a cursor of another query;
/// [`Failure::Failed`] where the journal is behind the position asked for.
pub async fn run(config: &Config, query: &Query) -> Result<(), Failure> {
    let built = OneView::build(config, query.view).await?;
    let views = &built.views;
    let printed = match query.view {
        cli::View::Listings => print::<ListingView>(&*views.listings, query).await,
        cli::View::Orders => print::<OrderView>(&*views.orders, query).await,
        cli::View::Customers => print::<CustomerSummary>(&*views.customers, query).await,
        cli::View::Totals => print::<MarketTotals>(&*views.totals, query).await,
    };
    built.end().await;
    printed
}

async fn print<V: View + Serialize>(view: &dyn ReadRepository<V>, query: &Query) -> Result<(), Failure> {
    let wanted = wanted::<V>(query)?;
    if let Some(want) = wanted.at_least {
        let have = view.position().await?;
        if have < want {
            return Err(Error::Stale { have, want }.into());
        }
    }
    if query.explain {
        let explanation = view.explain(&wanted).await.map_err(wrong_query)?;
        let sheet = json!({
            "view": V::NAME,
            "store": explanation.store,
            "query": explanation.query,
            "indexes": explanation.indexes,
            "residual": explanation.residual,
            "rows": explanation.rows,
        });
        return output::sheet(query.json.json, &sheet);
    }
    if query.count {
        let count = view.count(&wanted.criteria).await?;
        let mut rows = Rows::new(query.json.json);
        rows.push(&json!({ "count": count }))?;
        return rows.flush();
    }
    let page = view.find(&wanted).await.map_err(wrong_query)?;
    let mut rows = Rows::new(query.json.json);
    for row in &page.rows {
        let row = serde_json::to_value(&*row.view).map_err(|error| Failure::Failed(error.to_string()))?;
        rows.push(&row)?;
    }
    rows.flush()?;
    if let Some(next) = page.next {
        output::note(&format!("there are more rows: --after {next}"));
    }
    Ok(())
}

/// The question that these arguments ask.
///
/// # Errors
/// [`Failure::Usage`] for a filter, a sort or a limit that is none.
pub fn wanted<V: View>(query: &Query) -> Result<ViewQuery<V>, Failure> {
    let size = match query.limit {
        Some(rows) => PageSize::unlimited(rows).map_err(wrong_query)?,
        None => PageSize::EVERYTHING,
    };
    let mut page = PageRequest::first(size);
    if let Some(after) = &query.after {
        page = page.after(Cursor::from(after.as_str()));
    }
    let criteria = query.criteria.as_deref().map_or(Ok(Specification::everything()), criteria)?;
    let mut wanted = ViewQuery::<V>::new(criteria).page(page);
    if let Some(sort) = &query.sort {
        wanted = wanted.sort(Sort::parse(sort).map_err(wrong_query)?);
    }
    Ok(match query.at_least {
        Some(position) => wanted.at_least(Position(position)),
        None => wanted,
    })
}

/// The specification in this text. No text form begins with a brace, and every JSON form does.
pub(super) fn criteria<C: Candidate>(text: &str) -> Result<Specification<C>, Failure> {
    if text.trim_start().starts_with('{') {
        return Specification::parse_json(text).map_err(|error| Failure::Usage(error.to_string()));
    }
    Specification::parse(text).map_err(|error| Failure::Usage(error.to_string()))
}

/// What is wrong with the query itself is wrong usage.
fn wrong_query(error: Error) -> Failure {
    match error {
        Error::Invalid(message) => Failure::Usage(message),
        other => other.into(),
    }
}
