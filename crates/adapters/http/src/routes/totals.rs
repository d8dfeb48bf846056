//! Totals: the whole market, day by day.

use axum::extract::State;
use axum::http::Uri;
use portolan_application::totals::MarketTotals;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Answered;
use super::page;
use crate::http::Shared;
use crate::request::Freshness;
use crate::wire::{ListProblems, PageParameters, ReadHeaders, TotalsPage};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Totals of the market
///
/// One row for a UTC day and currency.
#[utoipa::path(get, path = "/totals", tag = "totals", operation_id = "find_totals",
    params(PageParameters, ReadHeaders),
    responses((status = 200, description = "one page of them", body = TotalsPage), ListProblems))]
async fn list(State(http): State<Shared>, uri: Uri, freshness: Freshness) -> Answered {
    page::find::<MarketTotals>(&http, &uri, freshness).await
}
