//! Which index serves a question, and that none does that would harm.

use portolan_kernel::{Explanation, PageRequest, PageSize, Query, ReadRepository as _, Sort};

use super::{Parcel, Shelf, parsed};
use crate::parcel::{Stage, Stop};

/// A parcel like many.
pub(super) fn parcel(number: u128) -> Parcel {
    let count = number as i64;
    Parcel {
        id: uuid::Uuid::from_u128(number).into(),
        fragile: number.is_multiple_of(2),
        weight: count % 1_000,
        volume: Some((count % 400).into()),
        label: Some(format!("parcel {number} {}", if number.is_multiple_of(100) { "lamp" } else { "desk" })),
        stage: if number.is_multiple_of(3) { Stage::Packed } else { Stage::Sent },
        sent_at: None,
        postage: Some(portolan_kernel::Money::new(count % 777, "EUR".parse().unwrap())),
        address: None,
        tags: Vec::new(),
        stops: vec![Stop { city: format!("city{}", number % 500), toll: None }],
    }
}

fn explained(shelf: &Shelf, query: &Query<Parcel>) -> Explanation {
    shelf.runtime.block_on(shelf.view.explain(query)).unwrap()
}

#[test]
fn an_index_is_used_where_it_finds_few_rows_and_no_other() {
    let mut shelf = Shelf::new();
    shelf.hold(&(1..=2_000).map(parcel).collect::<Vec<_>>());
    let by = |text: &str| explained(&shelf, &Query::new(parsed(text))).indexes;
    assert_eq!(by("id = \"00000000-0000-0000-0000-000000000007\""), ["index on id"]);
    assert_eq!(by("weight = 5 and fragile = true"), ["ordered index on weight"]);
    assert_eq!(by("weight >= 5 and weight < 9 and stage = \"sent\""), ["ordered index on weight"]);
    assert_eq!(by("volume = 5.0"), ["hash index on volume"]);
    assert_eq!(by("label starts with \"parcel 12\""), ["ordered index on label"]);
    assert_eq!(by("label search \"lamp parcel\""), ["word index"]);
    assert_eq!(by("stops any (city = \"city7\" and toll is null)")[0], "hash index on stops.city");
    assert_eq!(by("postage < \"0.10 EUR\""), ["ordered index on postage.amount"]);

    // Half of all rows are read faster without one; a page of 50 by id walks along the ids all the same.
    for text in
        ["weight > 5", "weight > 5 and label contains \"lamp\"", "label search \"parcel\"", "label is null"]
    {
        let indexes = by(text);
        assert!(!indexes.iter().any(|index| index.starts_with("ordered")), "{text}: {indexes:?}");
        let everything = Query::new(parsed(text)).page(PageRequest::everything());
        let scanned = explained(&shelf, &everything);
        assert!(!scanned.indexes.iter().any(|index| index.contains(" on ")), "{text}: {:?}", scanned.indexes);
    }
}

#[test]
fn a_page_in_order_walks_along_the_index_of_that_order() {
    let mut shelf = Shelf::new();
    shelf.hold(&(1..=2_000).map(parcel).collect::<Vec<_>>());
    let page = PageRequest::first(PageSize::new(50).unwrap());
    for (sort, index) in [
        ("weight", "ordered index on weight"),
        ("-postage.amount", "ordered index on postage.amount"),
        ("sent_at", "ordered index on sent_at"),
        ("-label", "ordered index on label"),
        ("id", "index on id"),
    ] {
        let query = Query::new(parsed("fragile = true")).sort(Sort::parse(sort).unwrap()).page(page.clone());
        assert_eq!(explained(&shelf, &query).indexes, [index], "{sort}");
        let (_, next) = shelf.find(&query).unwrap();
        let continued = query.page(page.clone().after(next.unwrap()));
        assert_eq!(explained(&shelf, &continued).indexes, [index], "{sort}, the second page");
    }
}

#[test]
fn what_sql_cannot_say_is_a_residual_and_the_rest_narrows_it() {
    let mut shelf = Shelf::new();
    shelf.hold(&(1..=2_000).map(parcel).collect::<Vec<_>>());
    let explanation = explained(&shelf, &Query::new(parsed("weight = 5 and label ~ \"5$\"")));
    assert_eq!(explanation.store, "sqlite");
    assert_eq!(explanation.indexes, ["ordered index on weight"]);
    assert_eq!(explanation.residual.as_deref(), Some("label ~ \"5$\""));
    assert!(explanation.query.contains("`view_parcels`.`weight` = ?"), "{}", explanation.query);
    let (found, _) = shelf.find(&Query::new(parsed("weight = 5 and label ~ \"5 desk$\""))).unwrap();
    assert_eq!(found.len(), 2);
}

#[test]
fn many_values_and_long_chains_are_answered() {
    let mut shelf = Shelf::new();
    shelf.hold(&(1..=300).map(parcel).collect::<Vec<_>>());
    let weights = super::parcel::weight();
    // More values than a statement binds.
    let many = weights.is_in(100..40_000_i64);
    assert_eq!(shelf.count(&many).unwrap(), 201);
    assert_eq!(shelf.count(&!many).unwrap(), 99);
    // As many nodes as there may be, in one chain.
    let chain = super::Parcels::any_of((0..990_i64).map(|weight| weights.eq(weight * 2)));
    assert_eq!(shelf.count(&chain).unwrap(), 150);
    let chain = super::Parcels::all_of((0..990_i64).map(|weight| weights.neq(weight * 2)));
    assert_eq!(shelf.count(&chain).unwrap(), 150);
}
