//! Orders: their commands, and what readers see of them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use portolan_application::orders::{CancelOrder, DeliverOrder, OrderView, PayOrder, RemoveLine};
use portolan_domain::{Order, OrderId};
use portolan_kernel::Id;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Answered, Written};
use super::{history, page};
use crate::http::Shared;
use crate::request::{Freshness, Ids, IfNoneMatch, NoBody, Write};
use crate::wire::{
    AddressBody, HistoryPage, HistoryParameters, ListProblems, OrderPage, OrderSchema, PageParameters,
    PlaceOrderBody, QuantityBody, ReadHeaders, ReadProblems, ReceiptBody, RowHeaders, ShipBody, WriteHeaders,
    WriteProblems,
};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(place, list))
        .routes(routes!(get))
        .routes(routes!(change_quantity, remove_line))
        .routes(routes!(set_address))
        .routes(routes!(pay))
        .routes(routes!(ship))
        .routes(routes!(deliver))
        .routes(routes!(cancel))
        .routes(routes!(events))
}

/// Place an order
#[utoipa::path(post, path = "/orders", tag = "orders", operation_id = "place_order",
    params(WriteHeaders), request_body = PlaceOrderBody,
    responses((status = 201, description = "placed", body = ReceiptBody), WriteProblems))]
async fn place(State(http): State<Shared>, write: Write<PlaceOrderBody>) -> Answered {
    let id = write.ticket.id_of_new(write.body.id.map(Id::uuid), http.ids())?;
    let command = write.body.into_command(OrderId::from_uuid(id));
    Ok(Written::by(&http, command, write.ticket).await?.created("/orders"))
}

/// Find orders
#[utoipa::path(get, path = "/orders", tag = "orders", operation_id = "find_orders",
    params(PageParameters, ReadHeaders),
    responses((status = 200, description = "one page of them", body = OrderPage), ListProblems))]
async fn list(State(http): State<Shared>, uri: Uri, freshness: Freshness) -> Answered {
    page::find::<OrderView>(&http, &uri, freshness).await
}

/// Get an order
#[utoipa::path(get, path = "/orders/{id}", tag = "orders", operation_id = "get_order",
    params(("id" = Uuid, Path, description = "the order"), RowHeaders, ReadHeaders),
    responses((status = 200, description = "the order", body = OrderSchema),
        (status = 304, description = "the caller has it already"), ReadProblems))]
async fn get(
    State(http): State<Shared>,
    Ids(id): Ids<OrderId>,
    uri: Uri,
    freshness: Freshness,
    known: IfNoneMatch,
) -> Answered {
    page::get::<OrderView>(&http, &uri, id, freshness, &known).await
}

/// Order more or fewer of an article
#[utoipa::path(patch, path = "/orders/{id}/lines/{sku}", tag = "orders",
    params(("id" = Uuid, Path, description = "the order"), ("sku" = String, Path, description = "the article"),
        WriteHeaders),
    request_body = QuantityBody,
    responses((status = 200, description = "changed", body = ReceiptBody), WriteProblems))]
async fn change_quantity(
    State(http): State<Shared>,
    Ids((id, sku)): Ids<(OrderId, Arc<str>)>,
    write: Write<QuantityBody>,
) -> Answered<Written> {
    Written::by(&http, write.body.into_command(id, sku), write.ticket).await
}

/// Take an article off an order
#[utoipa::path(delete, path = "/orders/{id}/lines/{sku}", tag = "orders",
    params(("id" = Uuid, Path, description = "the order"), ("sku" = String, Path, description = "the article"),
        WriteHeaders),
    responses((status = 200, description = "removed", body = ReceiptBody), WriteProblems))]
async fn remove_line(
    State(http): State<Shared>,
    Ids((order, sku)): Ids<(OrderId, Arc<str>)>,
    write: Write<NoBody>,
) -> Answered<Written> {
    Written::by(&http, RemoveLine { order, sku }, write.ticket).await
}

/// Give or change the shipping address
#[utoipa::path(put, path = "/orders/{id}/address", tag = "orders",
    params(("id" = Uuid, Path, description = "the order"), WriteHeaders), request_body = AddressBody,
    responses((status = 200, description = "set", body = ReceiptBody), WriteProblems))]
async fn set_address(
    State(http): State<Shared>,
    Ids(id): Ids<OrderId>,
    write: Write<AddressBody>,
) -> Answered<Written> {
    Written::by(&http, write.body.into_command(id), write.ticket).await
}

/// Pay an order
#[utoipa::path(post, path = "/orders/{id}/pay", tag = "orders", operation_id = "pay_order",
    params(("id" = Uuid, Path, description = "the order"), WriteHeaders),
    responses((status = 200, description = "paid", body = ReceiptBody), WriteProblems))]
async fn pay(
    State(http): State<Shared>,
    Ids(order): Ids<OrderId>,
    write: Write<NoBody>,
) -> Answered<Written> {
    Written::by(&http, PayOrder { order }, write.ticket).await
}

/// Ship an order
#[utoipa::path(post, path = "/orders/{id}/ship", tag = "orders", operation_id = "ship_order",
    params(("id" = Uuid, Path, description = "the order"), WriteHeaders), request_body = ShipBody,
    responses((status = 200, description = "shipped", body = ReceiptBody), WriteProblems))]
async fn ship(
    State(http): State<Shared>,
    Ids(id): Ids<OrderId>,
    write: Write<ShipBody>,
) -> Answered<Written> {
    Written::by(&http, write.body.into_command(id), write.ticket).await
}

/// Say that an order has arrived
#[utoipa::path(post, path = "/orders/{id}/deliver", tag = "orders", operation_id = "deliver_order",
    params(("id" = Uuid, Path, description = "the order"), WriteHeaders),
    responses((status = 200, description = "delivered", body = ReceiptBody), WriteProblems))]
async fn deliver(
    State(http): State<Shared>,
    Ids(order): Ids<OrderId>,
    write: Write<NoBody>,
) -> Answered<Written> {
    Written::by(&http, DeliverOrder { order }, write.ticket).await
}

/// Call an order off
#[utoipa::path(post, path = "/orders/{id}/cancel", tag = "orders", operation_id = "cancel_order",
    params(("id" = Uuid, Path, description = "the order"), WriteHeaders),
    responses((status = 200, description = "cancelled", body = ReceiptBody), WriteProblems))]
async fn cancel(
    State(http): State<Shared>,
    Ids(order): Ids<OrderId>,
    write: Write<NoBody>,
) -> Answered<Written> {
    Written::by(&http, CancelOrder { order }, write.ticket).await
}

/// What happened to an order
#[utoipa::path(get, path = "/orders/{id}/events", tag = "orders", operation_id = "order_events",
    params(("id" = Uuid, Path, description = "the order"), HistoryParameters),
    responses((status = 200, description = "its public history, in order", body = HistoryPage), ReadProblems))]
async fn events(State(http): State<Shared>, Ids(id): Ids<OrderId>, uri: Uri) -> Answered<Response> {
    history::of::<Order>(&http, id, &uri).await
}
