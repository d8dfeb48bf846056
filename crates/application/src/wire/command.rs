//! Commands as JSON, one object a line: `{"command": "place_bid", "listing": .., "bidder": .., "ceiling": ..}`.

use std::borrow::Cow;
use std::sync::Arc;

use portolan_domain::{ListingId, OrderId, PartyId, Secret, order};
use portolan_kernel::{Money, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;
use uuid::Uuid;

use super::json::{Malformed, parse};
use super::order::line::{AddressJson, StoredLines};
use crate::MarketCommand;
use crate::listings::commands::*;
use crate::orders::commands::*;

/// A command with what may travel with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// What is asked.
    pub command: MarketCommand,
    /// `at`: the time at which it was given.
    pub at: Option<Timestamp>,
    /// `command_id`: under which its outcome is kept.
    pub command_id: Option<Uuid>,
}

impl CommandLine {
    /// The command in this JSON object.
    ///
    /// # Errors
    /// [`Malformed`] for what is not JSON, an unknown command, a missing or unknown field, a value of the wrong type, an
    /// unknown currency.
    pub fn parse(text: &[u8]) -> Result<Self, Malformed> {
        let head: Head<'_> = parse(text)?;
        Ok(Self { command: command(&head.command, text)?, at: head.at, command_id: head.command_id })
    }
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    command: Cow<'a, str>,
    at: Option<Timestamp>,
    command_id: Option<Uuid>,
}

macro_rules! commands {
    ($($name:literal => $command:ident { $($(#[$meta:meta])? $field:ident: $json:ty),+ })+) => {
        /// The command of this name in this text.
        fn command(name: &str, text: &[u8]) -> Result<MarketCommand, Malformed> {
            match name {
                $($name => {
                    #[derive(Deserialize)]
                    #[serde(deny_unknown_fields)]
                    struct Fields<'a> {
                        #[serde(rename = "command")]
                        _command: IgnoredAny,
                        #[serde(default, rename = "at")]
                        _at: IgnoredAny,
                        #[serde(default, rename = "command_id")]
                        _command_id: IgnoredAny,
                        #[serde(skip)]
                        _text: std::marker::PhantomData<&'a [u8]>,
                        $($(#[$meta])? $field: $json,)+
                    }
                    let fields: Fields<'_> = parse(text)?;
                    Ok(MarketCommand::$command($command { $($field: fields.$field.into()),+ }))
                })+
                unknown => Err(unknown_command(unknown)),
            }
        }

        impl CommandLine {
            /// The names of all commands.
            pub const NAMES: &[&str] = &[$($name),+];
        }
    };
}

commands! {
    "draft_listing" => DraftListing {
        listing: ListingId, seller: PartyId, title: String, description: String,
        asking: Money, increment: Money, reserve: Reserve, ends_at: Timestamp
    }
    "revise_listing" => ReviseListing { listing: ListingId, title: Revised, description: Revised }
    "publish_listing" => PublishListing { listing: ListingId }
    "place_bid" => PlaceBid { listing: ListingId, bidder: PartyId, ceiling: Money }
    "retract_bid" => RetractBid { listing: ListingId, bidder: PartyId }
    "withdraw_listing" => WithdrawListing { listing: ListingId }
    "close_listing" => CloseListing { listing: ListingId }
    "place_order" => PlaceOrder {
        order: OrderId, customer: PartyId, #[serde(borrow)] lines: StoredLines<'a>, #[serde(borrow)] address: OptionalAddress<'a>
    }
    "change_quantity" => ChangeQuantity { order: OrderId, sku: String, quantity: i64 }
    "remove_line" => RemoveLine { order: OrderId, sku: String }
    "set_address" => SetAddress { order: OrderId, #[serde(borrow)] address: AddressJson<'a> }
    "pay_order" => PayOrder { order: OrderId }
    "ship_order" => ShipOrder { order: OrderId, tracking: String }
    "deliver_order" => DeliverOrder { order: OrderId }
    "cancel_order" => CancelOrder { order: OrderId }
}

/// A text that only a caller in the program may leave as it is.
#[derive(Deserialize)]
#[serde(transparent)]
struct Revised(String);

impl From<Revised> for Option<Arc<str>> {
    fn from(text: Revised) -> Self {
        Some(text.0.into())
    }
}

/// Null or left out where there is none.
#[derive(Deserialize)]
#[serde(transparent)]
struct Reserve(Option<Money>);

impl From<Reserve> for Option<Secret<Money>> {
    fn from(reserve: Reserve) -> Self {
        reserve.0.map(Secret::new)
    }
}

/// Null or left out where there is none.
#[derive(Deserialize)]
#[serde(transparent)]
struct OptionalAddress<'a>(#[serde(borrow)] Option<AddressJson<'a>>);

impl From<OptionalAddress<'_>> for Option<order::Address> {
    fn from(address: OptionalAddress<'_>) -> Self {
        address.0.map(Into::into)
    }
}

fn unknown_command(name: &str) -> Malformed {
    let shown: String = name.chars().take(64).collect();
    let message = format!("unknown command `{shown}`, expected one of {}", CommandLine::NAMES.join(", "));
    Malformed { pointer: "/command".to_owned(), line: 1, column: 0, message }
}

#[cfg(test)]
mod tests {
    use portolan_kernel::Command;

    use super::*;

    use crate::testing::{at, bid, draft, eur, placement};

    fn parsed(text: &str) -> Result<CommandLine, Malformed> {
        CommandLine::parse(text.as_bytes())
    }

    /// The pointer and the message of the refusal.
    #[track_caller]
    fn malformed(text: &str) -> (String, String) {
        let Malformed { pointer, message, .. } = parsed(text).unwrap_err();
        (pointer, message)
    }

    const LISTING: &str = "00000000-0000-0000-0000-000000000064";
    const BIDDER: &str = "00000000-0000-0000-0000-000000000002";

    fn place_bid(more: &str) -> String {
        format!(
            r#"{{"command": "place_bid", "listing": "{LISTING}", "bidder": "{BIDDER}",
                "ceiling": {{"amount": 30, "currency": "EUR"}}{more}}}"#
        )
    }

    #[test]
    fn a_command_is_read_with_its_time_and_its_id() {
        let plain = parsed(&place_bid("")).unwrap();
        assert_eq!(plain, CommandLine { command: bid(2, 30), at: None, command_id: None });
        let timed = parsed(&place_bid(
            r#", "at": "2026-01-02T01:00:00+01:00", "command_id": "00000000-0000-0000-0000-000000000007""#,
        ));
        let CommandLine { command, at: time, command_id } = timed.unwrap();
        assert_eq!((command, time, command_id), (bid(2, 30), Some(at(0)), Some(Uuid::from_u128(7))));
        assert_eq!(parsed(&place_bid(r#", "at": null"#)).unwrap().at, None);
    }

    #[test]
    fn what_may_be_left_out_may_be_null() {
        let listing = |reserve: &str| {
            format!(
                r#"{{"command": "draft_listing", "listing": "{LISTING}", "seller": "00000000-0000-0000-0000-000000000001",
                    "title": "a lamp", "description": "brass", "asking": {{"amount": 10, "currency": "EUR"}},
                    "increment": {{"amount": 1, "currency": "EUR"}}, "ends_at": "2026-01-04T00:00:00Z"{reserve}}}"#
            )
        };
        let expected = MarketCommand::from(draft());
        assert_eq!(parsed(&listing("")).unwrap().command, expected);
        assert_eq!(parsed(&listing(r#", "reserve": null"#)).unwrap().command, expected);
        let reserved = parsed(&listing(r#", "reserve": {"amount": 5, "currency": "EUR"}"#)).unwrap().command;
        assert_eq!(reserved, DraftListing { reserve: Some(eur(5).into()), ..draft() }.into());

        let order = |address: &str| {
            let price = |amount| format!(r#"{{"amount": {amount}, "currency": "EUR"}}"#);
            format!(
                r#"{{"command": "place_order", "order": "00000000-0000-0000-0000-0000000000c8", "customer": "{BIDDER}",
                    "lines": [
                        {{"sku": "lamp", "description": "lamp", "quantity": 2, "unit_price": {}}},
                        {{"sku": "vase", "description": "vase", "quantity": 1, "unit_price": {}}}
                    ]{address}}}"#,
                price(10),
                price(5),
            )
        };
        let homeless = MarketCommand::from(PlaceOrder { address: None, ..placement() });
        assert_eq!(parsed(&order("")).unwrap().command, homeless);
        assert_eq!(parsed(&order(r#", "address": null"#)).unwrap().command, homeless);
        let home =
            r#", "address": {"name": "Ann", "street": "1 pewter street", "city": "Berlin", "country": "DE"}"#;
        assert_eq!(parsed(&order(home)).unwrap().command, placement().into());
    }

    #[test]
    fn a_mistake_is_answered_with_its_place() {
        let at = |pointer: &str, message: &str| (pointer.to_owned(), message.to_owned());
        assert_eq!(malformed(&place_bid("").replace("EUR", "XXQ")), {
            at("/ceiling/currency", "`XXQ` is not an ISO 4217 currency code")
        });
        let (pointer, message) = malformed(&place_bid("").replace("30", "\"30\""));
        assert_eq!(pointer, "/ceiling/amount");
        assert!(message.contains("expected i64"), "{message}");
        let (pointer, message) = malformed(&place_bid("").replace("30", "1.5"));
        assert_eq!(pointer, "/ceiling/amount");
        assert!(message.contains("expected i64"), "{message}");
        let (_, message) = malformed(&place_bid(r#", "colour": 1"#));
        assert!(message.contains("unknown field `colour`"), "{message}");
        let (_, message) = malformed(&place_bid("").replace("bidder", "bidders"));
        assert!(message.contains("unknown field `bidders`"), "{message}");
        let (_, message) = malformed(r#"{"command": "publish_listing"}"#);
        assert!(message.contains("missing field `listing`"), "{message}");
        let (_, message) = malformed(&format!(r#"{{"listing": "{LISTING}"}}"#));
        assert!(message.contains("missing field `command`"), "{message}");
        let (pointer, message) = malformed(r#"{"command": "eat_listing"}"#);
        assert_eq!(pointer, "/command");
        assert!(message.contains("`eat_listing`") && message.contains("place_bid"), "{message}");
        let (pointer, _) = malformed(&place_bid(r#", "at": "yesterday""#));
        assert_eq!(pointer, "/at");
        let (_, message) = malformed(&place_bid(&format!(r#", "listing": "{LISTING}""#)));
        assert!(message.contains("duplicate field `listing`"), "{message}");
        let line = r#"{"command":"place_order","order":"x","customer":"x","lines":[]}"#;
        assert_eq!(malformed(line).0, "/order");
        for not_json in ["", "{", "nonsense", "[]", "1", r#"{"command": "pay_order"} x"#, "\"\u{0}\""] {
            assert_eq!(malformed(not_json).0, "", "{not_json}");
        }
        assert!(CommandLine::parse(b"{\"command\": \"\xff\"}").is_err());
    }

    #[test]
    fn the_place_goes_down_to_the_line_of_an_order() {
        let text = format!(
            r#"{{"command": "place_order", "order": "{LISTING}", "customer": "{BIDDER}", "lines": [
                {{"sku": "a", "description": "", "quantity": 1, "unit_price": {{"amount": 1, "currency": "EUR"}}}},
                {{"sku": "b", "description": "", "quantity": 99999999999999999999, "unit_price": null}}
            ]}}"#
        );
        let error = parsed(&text).unwrap_err();
        assert_eq!((error.pointer.as_str(), error.line), ("/lines/1/quantity", 3));
        assert!(error.to_string().starts_with("/lines/1/quantity: "), "{error}");
    }

    #[test]
    fn each_command_is_read_by_the_name_that_it_has() {
        let money = r#"{"amount": 1, "currency": "EUR"}"#;
        let place = r#"{"name": "", "street": "", "city": "", "country": ""}"#;
        let about_listing = [
            (
                "draft_listing",
                format!(
                    r#""seller": "{BIDDER}", "title": "", "description": "", "asking": {money},
                       "increment": {money}, "ends_at": "2026-01-04T00:00:00Z""#
                ),
            ),
            ("revise_listing", r#""title": "", "description": """#.to_owned()),
            ("publish_listing", String::new()),
            ("place_bid", format!(r#""bidder": "{BIDDER}", "ceiling": {money}"#)),
            ("retract_bid", format!(r#""bidder": "{BIDDER}""#)),
            ("withdraw_listing", String::new()),
            ("close_listing", String::new()),
        ];
        let about_order = [
            ("place_order", format!(r#""customer": "{BIDDER}", "lines": []"#)),
            ("change_quantity", r#""sku": "", "quantity": -1"#.to_owned()),
            ("remove_line", r#""sku": """#.to_owned()),
            ("set_address", format!(r#""address": {place}"#)),
            ("pay_order", String::new()),
            ("ship_order", r#""tracking": """#.to_owned()),
            ("deliver_order", String::new()),
            ("cancel_order", String::new()),
        ];
        let all =
            about_listing.map(|it| ("listing", it)).into_iter().chain(about_order.map(|it| ("order", it)));
        let mut names = Vec::new();
        for (target, (name, fields)) in all {
            let comma = if fields.is_empty() { "" } else { "," };
            let text = format!(r#"{{"command": "{name}", "{target}": "{LISTING}"{comma} {fields}}}"#);
            let command = parsed(&text).unwrap().command;
            assert_eq!(command.name(), name);
            assert_eq!(command.target().unwrap().aggregate_type, target);
            assert_eq!(command.target().unwrap().id.to_string(), LISTING);
            names.push(name);
        }
        assert_eq!(names, CommandLine::NAMES);
    }
}
