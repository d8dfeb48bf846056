//! Customers: what readers see of them.

use axum::extract::State;
use axum::http::Uri;
use portolan_application::customers::CustomerSummary;
use portolan_domain::PartyId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Answered;
use super::page;
use crate::http::Shared;
use crate::request::{Freshness, Ids, IfNoneMatch};
use crate::wire::{CustomerSchema, ReadHeaders, ReadProblems, RowHeaders};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(get))
}

/// Get a customer
///
/// Their orders, counted and added up.
#[utoipa::path(get, path = "/customers/{id}", tag = "customers", operation_id = "get_customer",
    params(("id" = Uuid, Path, description = "the customer"), RowHeaders, ReadHeaders),
    responses((status = 200, description = "the customer", body = CustomerSchema),
        (status = 304, description = "the caller has it already"), ReadProblems))]
async fn get(
    State(http): State<Shared>,
    Ids(id): Ids<PartyId>,
    uri: Uri,
    freshness: Freshness,
    known: IfNoneMatch,
) -> Answered {
    page::get::<CustomerSummary>(&http, &uri, id, freshness, &known).await
}
