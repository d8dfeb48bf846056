//! The rules of an order, one by one.

use std::sync::Arc;

use portolan_kernel::{DomainError, Id, Money};
use uuid::Uuid;

use super::{Address, Error, Event, Line, Order, OrderId, Placement, Status};
use crate::Invalid;
use crate::testing::{Given, at, currency, eur, given, party, usd};

fn line(sku: &str, quantity: i64, unit_price: Money) -> Line {
    Line { sku: sku.into(), description: "a thing".into(), quantity, unit_price }
}

fn berlin() -> Address {
    let [name, street, city, country] = ["Ann", "1 pewter street", "Berlin", "DE"].map(str::to_owned);
    Address { name, street, city, country }
}

fn of(lines: impl Into<Arc<[Line]>>) -> Placement {
    let order = OrderId::from_uuid(Uuid::from_u128(7));
    Placement { order, customer: party(1), lines: lines.into(), address: Some(berlin()) }
}

/// Two lamps at 10 and one vase at 5.
fn placed() -> Given<Order> {
    given(Order::place(of([line("lamp", 2, eur(10)), line("vase", 1, eur(5))]), at(0)).unwrap())
}

fn paid() -> Given<Order> {
    placed().and(Order::pay)
}

fn shipped() -> Given<Order> {
    paid().and(|order| order.ship("T1".into()))
}

fn refused(lines: impl Into<Arc<[Line]>>) -> &'static str {
    Order::place(of(lines), at(0)).unwrap_err().code()
}

// Placing.

#[test]
fn an_order_is_placed_with_its_sums() {
    let order = placed().state;
    assert_eq!((order.items(), order.total(), order.status()), (3, eur(25), Status::Pending));
    assert_eq!((order.placed_at(), order.address(), order.tracking()), (at(0), Some(&berlin()), None));
}

#[test]
fn the_checks_of_a_new_order_run_in_order_each_over_all_lines() {
    let huge = line("huge", i64::MAX, eur(2));
    assert_eq!(refused([]), "no_lines");
    assert_eq!(refused([huge.clone(), line("", 0, eur(-1)), line("b", 1, usd(1))]), "currency_mismatch");
    assert_eq!(refused([huge.clone(), line("", 1, eur(-1)), line("b", 0, eur(1))]), "invalid_quantity");
    assert_eq!(refused([huge.clone(), line("", 1, eur(1))]), "invalid");
    assert_eq!(refused([huge.clone(), line("huge", 1, eur(1))]), "invalid");
    assert_eq!(refused([huge.clone(), line("a", 1, eur(-1))]), "invalid");
    assert_eq!(refused([huge.clone(), line("a\0", 1, eur(1))]), "invalid");
    assert_eq!(refused([huge]), "overflow");
    assert!(Order::place(of([line("free", 1, eur(0))]), at(0)).is_ok());
}

#[test]
fn neither_the_total_nor_the_number_of_items_runs_past_i64() {
    assert_eq!(refused([line("a", 1, eur(i64::MAX)), line("b", 1, eur(1))]), "overflow");
    assert_eq!(refused([line("a", i64::MAX, eur(0)), line("b", 1, eur(0))]), "overflow");
    assert!(Order::place(of([line("a", 1, eur(i64::MAX))]), at(0)).is_ok());
}

#[test]
fn a_country_is_an_iso_code_in_capitals() {
    for (country, accepted) in [("DE", true), ("XK", false), ("de", false), ("DEU", false), ("", false)] {
        let address = Address { country: country.to_owned(), ..berlin() };
        let lines = [line("a", 1, eur(1))];
        let decided = Order::place(Placement { address: Some(address.clone()), ..of(lines) }, at(0));
        let changed = placed().state.set_address(address);
        for decided in [decided, changed] {
            assert_eq!(decided.is_ok(), accepted, "{country}");
            assert!(accepted || decided.unwrap_err().code() == "invalid");
        }
    }
}

#[test]
fn an_address_without_its_nul_characters_is_needed() {
    for field in 0..3 {
        let mut address = berlin();
        *[&mut address.name, &mut address.street, &mut address.city][field] = "\0".to_owned();
        assert_eq!(placed().state.set_address(address).unwrap_err().code(), "invalid");
    }
}

// Changing.

#[test]
fn a_changed_quantity_changes_the_sums() {
    let changed = Event::OrderLineChanged { sku: "lamp".into(), quantity: 5, items: 6, total: eur(55) };
    placed().when(|order| order.change_quantity("lamp", 5)).then([changed]);
    let order = placed().and(|order| order.change_quantity("lamp", 5)).state;
    assert_eq!(order.line("lamp").unwrap().quantity, 5);
}

#[test]
fn changing_a_quantity_is_checked_in_order() {
    paid()
        .when(|order| order.change_quantity("\0", 0))
        .then_refused(Error::NotPending { status: Status::Paid });
    placed().when(|order| order.change_quantity("\0", 0)).then_refused(Invalid::Nul { field: "sku" }.into());
    placed().when(|order| order.change_quantity("rug", 0)).then_refused(Error::NoLine { sku: "rug".into() });
    placed()
        .when(|order| order.change_quantity("lamp", 0))
        .then_refused(Error::InvalidQuantity { sku: "lamp".into(), quantity: 0 });
    placed().when(|order| order.change_quantity("lamp", i64::MAX)).then_refused(Error::Overflow {
        sku: "lamp".into(),
        quantity: i64::MAX,
        unit_price: eur(10),
    });
}

#[test]
fn a_removed_line_is_gone_and_the_others_keep_their_order() {
    let three = [line("a", 1, eur(1)), line("b", 2, eur(2)), line("c", 3, eur(3))];
    let order: Given<Order> = given(Order::place(of(three), at(0)).unwrap());
    let removed = Event::OrderLineRemoved { sku: "b".into(), items: 4, total: eur(10) };
    order.when(|order| order.remove_line("b")).then([removed]);
    let order = order.and(|order| order.remove_line("b")).state;
    assert_eq!(order.lines().iter().map(|line| &*line.sku).collect::<Vec<_>>(), ["a", "c"]);
}

#[test]
fn removing_a_line_is_checked_in_order() {
    paid().when(|order| order.remove_line("\0")).then_refused(Error::NotPending { status: Status::Paid });
    placed().when(|order| order.remove_line("\0")).then_refused(Invalid::Nul { field: "sku" }.into());
    let one = placed().and(|order| order.remove_line("vase"));
    one.when(|order| order.remove_line("vase")).then_refused(Error::NoLine { sku: "vase".into() });
    one.when(|order| order.remove_line("lamp")).then_refused(Error::LastLine { sku: "lamp".into() });
}

#[test]
fn an_address_changes_while_pending_or_paid() {
    let paris = Address { city: "Paris".to_owned(), country: "FR".to_owned(), ..berlin() };
    for order in [placed(), paid()] {
        let order = order.and(|order| order.set_address(paris.clone())).state;
        assert_eq!(order.address(), Some(&paris));
    }
    let nowhere = Address { country: "?".to_owned(), ..berlin() };
    for (order, status) in [(shipped(), Status::Shipped), (placed().and(Order::cancel), Status::Cancelled)] {
        let refused = Error::NotChangeable { status };
        order.when(|order| order.set_address(nowhere.clone())).then_refused(refused);
    }
}

// The way to the door.

#[test]
fn an_order_is_paid_shipped_and_delivered() {
    let (customer, total) = (party(1), eur(25));
    placed().when(Order::pay).then([Event::OrderPaid { customer, total }]);
    let sent = Event::OrderShipped { customer, total, tracking: "T1".into() };
    paid().when(|order| order.ship("T1".into())).then([sent]);
    shipped().when(Order::deliver).then([Event::OrderDelivered { customer, total }]);
    let order = shipped().and(Order::deliver).state;
    assert_eq!((order.status(), order.tracking().map(|text| &**text)), (Status::Delivered, Some("T1")));
}

#[test]
fn nothing_happens_out_of_turn() {
    paid().when(Order::pay).then_refused(Error::NotPending { status: Status::Paid });
    placed().when(|order| order.ship("\0".into())).then_refused(Error::NotPaid { status: Status::Pending });
    shipped().when(|order| order.ship("T2".into())).then_refused(Error::NotPaid { status: Status::Shipped });
    paid().when(Order::deliver).then_refused(Error::NotShipped { status: Status::Paid });
    shipped().when(Order::cancel).then_refused(Error::NotCancellable { status: Status::Shipped });
}

#[test]
fn an_order_is_shipped_to_an_address_under_a_clean_number() {
    let lines = [line("a", 1, eur(1))];
    let homeless = Order::place(Placement { address: None, ..of(lines) }, at(0)).unwrap();
    let homeless = given::<Order>(homeless).and(Order::pay);
    homeless.when(|order| order.ship("\0".into())).then_refused(Error::NoAddress);
    paid().when(|order| order.ship("\0".into())).then_refused(Invalid::Nul { field: "tracking" }.into());
}

#[test]
fn a_pending_or_paid_order_is_cancelled_and_keeps_all() {
    let cancelled = |was| Event::OrderCancelled { customer: party(1), total: eur(25), was };
    placed().when(Order::cancel).then([cancelled(Status::Pending)]);
    paid().when(Order::cancel).then([cancelled(Status::Paid)]);
    let order = paid().and(Order::cancel);
    assert_eq!((order.state.total(), order.state.items()), (eur(25), 3));
    order.when(Order::cancel).then_refused(Error::NotCancellable { status: Status::Cancelled });
}

#[test]
fn currencies_of_a_refusal_are_named() {
    let lines = [line("a", 1, eur(1)), line("b", 1, usd(1))];
    let expected =
        Error::CurrencyMismatch { sku: "b".into(), given: currency("USD"), expected: currency("EUR") };
    assert_eq!(Order::place(of(lines), at(0)), Err(expected));
}
