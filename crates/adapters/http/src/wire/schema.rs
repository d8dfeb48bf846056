//! What the OpenAPI document says of values that other crates give their form.

#![expect(dead_code, reason = "these types document a form; nothing is made of them")]

use utoipa::ToSchema;
use uuid::Uuid;

/// An amount of minor units (cents, yen) in an ISO 4217 currency.
#[derive(ToSchema)]
#[schema(as = Money)]
pub(crate) struct MoneySchema {
    /// Minor units.
    #[schema(example = 1250)]
    amount: i64,
    /// An ISO 4217 code.
    #[schema(example = "EUR")]
    currency: String,
}

/// Problem details (RFC 9457). The numbers that the sentence speaks of are further members.
#[derive(ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemSchema {
    /// `urn:portolan:problem:` and the code.
    #[schema(example = "urn:portolan:problem:too_low")]
    r#type: String,
    /// The code as words.
    #[schema(example = "Too low")]
    title: String,
    /// The status of the answer.
    #[schema(example = 422)]
    status: u16,
    /// A sentence for people.
    #[schema(example = "10.00 EUR was offered; the next bid must be 11.00 EUR or more")]
    detail: String,
    /// Stable.
    #[schema(example = "too_low")]
    code: String,
}

/// An event as everybody may see it: without ceilings and reserves.
#[derive(ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventSchema {
    /// Its place in the journal.
    position: u64,
    /// The same on every delivery.
    event_id: Uuid,
    /// `listing` or `order`.
    aggregate: String,
    /// The id of the listing or order.
    id: Uuid,
    /// The version of the listing or order after it.
    version: u64,
    /// Its stable name.
    #[schema(example = "BidPlaced")]
    r#type: String,
    /// When it happened.
    #[schema(format = DateTime)]
    occurred_at: String,
    /// What happened.
    #[schema(value_type = Object)]
    data: (),
}

/// A part of a history.
#[derive(ToSchema)]
#[schema(as = History)]
pub(crate) struct HistoryPage {
    items: Vec<EventSchema>,
    /// The version behind which it goes on (`after`); null at the end.
    #[schema(required = true)]
    next: Option<u64>,
}
