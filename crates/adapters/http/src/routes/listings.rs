//! Listings: their commands, and what readers see of them.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use portolan_application::listings::{
    CloseListing, ListingView, PublishListing, RetractBid, WithdrawListing,
};
use portolan_domain::{Listing, ListingId, PartyId};
use portolan_kernel::Id;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Answered, Written};
use super::{history, page};
use crate::http::Shared;
use crate::request::{Freshness, Ids, IfNoneMatch, NoBody, Write};
use crate::wire::{
    DraftBody, HistoryPage, HistoryParameters, ListProblems, ListingPage, ListingSchema, PageParameters,
    PlaceBidBody, ReadHeaders, ReadProblems, ReceiptBody, ReviseBody, RowHeaders, WriteHeaders,
    WriteProblems,
};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(draft, list))
        .routes(routes!(get, revise))
        .routes(routes!(publish))
        .routes(routes!(close))
        .routes(routes!(withdraw))
        .routes(routes!(place_bid))
        .routes(routes!(retract_bid))
        .routes(routes!(events))
}

/// Draft a listing
///
/// Only its seller is to see it before it is published.
#[utoipa::path(post, path = "/listings", tag = "listings", operation_id = "draft_listing",
    params(WriteHeaders), request_body = DraftBody,
    responses((status = 201, description = "drafted", body = ReceiptBody), WriteProblems))]
async fn draft(State(http): State<Shared>, write: Write<DraftBody>) -> Answered {
    let id = write.ticket.id_of_new(write.body.id.map(Id::uuid), http.ids())?;
    let command = write.body.into_command(ListingId::from_uuid(id));
    Ok(Written::by(&http, command, write.ticket).await?.created("/listings"))
}

/// Find listings
#[utoipa::path(get, path = "/listings", tag = "listings", operation_id = "find_listings",
    params(PageParameters, ReadHeaders),
    responses((status = 200, description = "one page of them", body = ListingPage), ListProblems))]
async fn list(State(http): State<Shared>, uri: Uri, freshness: Freshness) -> Answered {
    page::find::<ListingView>(&http, &uri, freshness).await
}

/// Get a listing
#[utoipa::path(get, path = "/listings/{id}", tag = "listings", operation_id = "get_listing",
    params(("id" = Uuid, Path, description = "the listing"), RowHeaders, ReadHeaders),
    responses((status = 200, description = "the listing", body = ListingSchema),
        (status = 304, description = "the caller has it already"), ReadProblems))]
async fn get(
    State(http): State<Shared>,
    Ids(id): Ids<ListingId>,
    uri: Uri,
    freshness: Freshness,
    known: IfNoneMatch,
) -> Answered {
    page::get::<ListingView>(&http, &uri, id, freshness, &known).await
}

/// Revise a draft
///
/// What is left out stays as it is.
#[utoipa::path(patch, path = "/listings/{id}", tag = "listings", operation_id = "revise_listing",
    params(("id" = Uuid, Path, description = "the listing"), WriteHeaders), request_body = ReviseBody,
    responses((status = 200, description = "revised", body = ReceiptBody), WriteProblems))]
async fn revise(
    State(http): State<Shared>,
    Ids(id): Ids<ListingId>,
    write: Write<ReviseBody>,
) -> Answered<Written> {
    Written::by(&http, write.body.into_command(id), write.ticket).await
}

/// Open a draft for bids
#[utoipa::path(post, path = "/listings/{id}/publish", tag = "listings", operation_id = "publish_listing",
    params(("id" = Uuid, Path, description = "the listing"), WriteHeaders),
    responses((status = 200, description = "published", body = ReceiptBody), WriteProblems))]
async fn publish(
    State(http): State<Shared>,
    Ids(listing): Ids<ListingId>,
    write: Write<NoBody>,
) -> Answered<Written> {
    Written::by(&http, PublishListing { listing }, write.ticket).await
}

/// Close a listing whose end has come
///
/// Listings close by themselves; this is for whoever does not want to wait for it.
#[utoipa::path(post, path = "/listings/{id}/close", tag = "listings", operation_id = "close_listing",
    params(("id" = Uuid, Path, description = "the listing"), WriteHeaders),
    responses((status = 200, description = "sold or unsold", body = ReceiptBody), WriteProblems))]
async fn close(
    State(http): State<Shared>,
    Ids(listing): Ids<ListingId>,
    write: Write<NoBody>,
) -> Answered<Written> {
    Written::by(&http, CloseListing { listing }, write.ticket).await
}

/// Take a listing back
#[utoipa::path(post, path = "/listings/{id}/withdraw", tag = "listings", operation_id = "withdraw_listing",
    params(("id" = Uuid, Path, description = "the listing"), WriteHeaders),
    responses((status = 200, description = "withdrawn", body = ReceiptBody), WriteProblems))]
async fn withdraw(
    State(http): State<Shared>,
    Ids(listing): Ids<ListingId>,
    write: Write<NoBody>,
) -> Answered<Written> {
    Written::by(&http, WithdrawListing { listing }, write.ticket).await
}

/// Bid up to a ceiling
///
/// A bidder has one bid: a new ceiling replaces it. No answer says another's ceiling.
#[utoipa::path(post, path = "/listings/{id}/bids", tag = "listings",
    params(("id" = Uuid, Path, description = "the listing"), WriteHeaders), request_body = PlaceBidBody,
    responses((status = 200, description = "the bid stands", body = ReceiptBody), WriteProblems))]
async fn place_bid(
    State(http): State<Shared>,
    Ids(id): Ids<ListingId>,
    write: Write<PlaceBidBody>,
) -> Answered<Written> {
    Written::by(&http, write.body.into_command(id), write.ticket).await
}

/// Take a bid back
#[utoipa::path(delete, path = "/listings/{id}/bids/{bidder}", tag = "listings",
    params(("id" = Uuid, Path, description = "the listing"), ("bidder" = Uuid, Path, description = "whose bid"),
        WriteHeaders),
    responses((status = 200, description = "the bid is gone", body = ReceiptBody), WriteProblems))]
async fn retract_bid(
    State(http): State<Shared>,
    Ids((listing, bidder)): Ids<(ListingId, PartyId)>,
    write: Write<NoBody>,
) -> Answered<Written> {
    Written::by(&http, RetractBid { listing, bidder }, write.ticket).await
}

/// What happened to a listing
#[utoipa::path(get, path = "/listings/{id}/events", tag = "listings", operation_id = "listing_events",
    params(("id" = Uuid, Path, description = "the listing"), HistoryParameters),
    responses((status = 200, description = "its public history, in order", body = HistoryPage), ReadProblems))]
async fn events(State(http): State<Shared>, Ids(id): Ids<ListingId>, uri: Uri) -> Answered<Response> {
    history::of::<Listing>(&http, id, &uri).await
}
