//! Which index serves a question, and that none does that would harm.

use portolan_kernel::{Explanation, PageRequest, PageSize, Query, ReadRepository as _, Sort};

use super::super::super::engine;
use super::Shelf;
use crate::parcel::Parcel;
use crate::parcels::{Parcels, in_memory, numbered_parcel, parsed};

fn explained(shelf: &Shelf, query: &Query<Parcel>) -> Explanation {
    shelf.runtime.block_on(shelf.view.explain(query)).unwrap()
}

#[test]
fn an_index_is_used_where_it_finds_few_rows_and_no_other() {
    let Some(mut shelf) = Shelf::new() else { return };
    shelf.hold(&(1..=2_000).map(numbered_parcel).collect::<Vec<_>>());
    let by = |text: &str| explained(&shelf, &Query::new(parsed(text))).indexes;
    assert_eq!(by("id = \"00000000-0000-0000-0000-000000000007\""), ["index on id"]);
    assert_eq!(by("weight = 5 and fragile = true"), ["ordered index on weight"]);
    assert_eq!(by("weight >= 5 and weight < 9 and stage = \"sent\""), ["ordered index on weight"]);
    assert_eq!(by("volume = 5.0"), ["hash index on volume"]);
    assert_eq!(by("label starts with \"parcel 12\""), ["ordered index on label"]);
    assert_eq!(by("label search \"lamp parcel\""), ["word index"]);
    assert_eq!(by("stops any (city = \"city7\" and toll is null)")[0], "hash index on stops.city");
    assert_eq!(by("postage < \"0.10 EUR\""), ["ordered index on postage.amount"]);

    if engine::KEEPS_STATISTICS {
        return;
    }
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
    let Some(mut shelf) = Shelf::new() else { return };
    shelf.hold(&(1..=2_000).map(numbered_parcel).collect::<Vec<_>>());
    let page = PageRequest::first(PageSize::new(50).unwrap());
    for (sort, index) in [
        ("weight", "ordered index on weight"),
        ("-postage.amount", "ordered index on postage.amount"),
        ("sent_at", "ordered index on sent_at"),
        ("-label", "ordered index on label"),
        ("id", "index on id"),
    ] {
        let query = Query::new(parsed("fragile = true")).sort(Sort::parse(sort).unwrap()).page(page.clone());
        if !engine::KEEPS_STATISTICS {
            assert_eq!(explained(&shelf, &query).indexes, [index], "{sort}");
        }
        let (_, next) = shelf.find(&query).unwrap();
        let continued = query.page(page.clone().after(next.unwrap()));
        // Whoever has statistics chooses at the second page as it pleases.
        if !engine::KEEPS_STATISTICS {
            assert_eq!(explained(&shelf, &continued).indexes, [index], "{sort}, the second page");
        }
    }
}

#[test]
fn what_sql_cannot_say_is_a_residual_and_the_rest_narrows_it() {
    let Some(mut shelf) = Shelf::new() else { return };
    shelf.hold(&(1..=2_000).map(numbered_parcel).collect::<Vec<_>>());
    let explanation = explained(&shelf, &Query::new(parsed("weight = 5 and label ~ \"5$\"")));
    assert_eq!(explanation.store, engine::NAME.to_lowercase());
    assert_eq!(explanation.indexes, ["ordered index on weight"]);
    assert_eq!(explanation.residual.as_deref(), Some("label ~ \"5$\""));
    let said = explanation.query.replace('"', "`").replace("$1", "?");
    assert!(said.contains("`view_parcels`.`weight` = ?"), "{said}");
    let (found, _) = shelf.find(&Query::new(parsed("weight = 5 and label ~ \"5 desk$\""))).unwrap();
    assert_eq!(found.len(), 2);
}

#[test]
fn many_values_and_long_chains_are_answered() {
    let Some(mut shelf) = Shelf::new() else { return };
    shelf.hold(&(1..=300).map(numbered_parcel).collect::<Vec<_>>());
    let weights = crate::parcel::parcel::weight();
    // More values than a statement binds.
    let many = weights.is_in(100..40_000_i64);
    assert_eq!(shelf.count(&many).unwrap(), 201);
    assert_eq!(shelf.count(&!many).unwrap(), 99);
    // As many nodes as there may be, in one chain.
    let chain = Parcels::any_of((0..990_i64).map(|weight| weights.eq(weight * 2)));
    assert_eq!(shelf.count(&chain).unwrap(), 150);
    let chain = Parcels::all_of((0..990_i64).map(|weight| weights.neq(weight * 2)));
    assert_eq!(shelf.count(&chain).unwrap(), 150);
}

#[test]
fn a_page_downwards_takes_of_an_equal_value_what_it_needs_in_the_order_of_ids() {
    let Some(mut shelf) = Shelf::new() else { return };
    let parcels = (1..1_000).map(|number| Parcel { weight: number % 7, ..numbered_parcel(number as u128) });
    let parcels: Vec<_> = parcels.collect();
    shelf.hold(&parcels);
    let sort = Sort::parse("-weight").unwrap();
    for (text, size) in [("fragile = true", 50), ("true", 143), ("weight < 5", 200)] {
        let query = Query::new(parsed(text)).sort(sort.clone());
        let explanation = explained(&shelf, &query);
        assert!(!explanation.query.contains("`, `view_parcels`.`id` limit"), "{}", explanation.query);
        let page = PageRequest::first(PageSize::new(size).unwrap());
        let (mut walked, mut after) = shelf.find(&query.clone().page(page.clone())).unwrap();
        while let Some(cursor) = after {
            let (rows, next) = shelf.find(&query.clone().page(page.clone().after(cursor))).unwrap();
            walked.extend(rows);
            after = next;
        }
        assert_eq!(walked, in_memory(&parcels, &parsed(text), &sort), "{text} by {size}");
    }
}
