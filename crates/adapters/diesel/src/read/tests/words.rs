//! `search` over more rows than one part of a set has: by walking along an order, and by looking at all that was found.

use portolan_kernel::{PageRequest, PageSize, Query, ReadRepository as _, Sort};

use super::Shelf;
use crate::parcel::Parcel;
use crate::parcels::{in_memory, numbered_parcel, parsed};

/// A prime, so that its multiples come in another order than their ids.
const ROWS: u128 = 6_007;

const QUESTIONS: [&str; 8] = [
    "label search \"parcel\"",
    "label search \"parcel\" and fragile = true and weight > 300",
    "label search \"lamp parcel\"",
    "label search \"parcel\" and label ~ \"7 desk$\"",
    "label search \"lamp\" or label search \"desk parcel\" and label search \"77\"",
    "not label search \"desk\"",
    "stops any (city search \"city7\") and label search \"parcel\"",
    "weight = 5 and label search \"parcel\"",
];

fn rows() -> Vec<Parcel> {
    (1..ROWS).map(|number| numbered_parcel(number * 2_011 % ROWS)).collect()
}

#[test]
fn every_way_to_the_rows_with_a_word_finds_the_rows_that_memory_finds() {
    let Some(mut shelf) = Shelf::new() else { return };
    let rows = rows();
    shelf.hold(&rows);
    for text in QUESTIONS {
        let criteria = parsed(text);
        for sort in ["id", "-postage.amount", "stage,-weight"] {
            let sort = Sort::parse(sort).unwrap();
            let expected = in_memory(&rows, &criteria, &sort);
            let query = Query::new(criteria.clone()).sort(sort.clone());
            let (all, _) = shelf.find(&query.clone().page(PageRequest::everything())).unwrap();
            assert_eq!(all, expected, "{text} by {sort}");
            let first = PageRequest::first(PageSize::new(100).unwrap());
            let (mut walked, mut after) = shelf.find(&query.clone().page(first.clone())).unwrap();
            for _ in 0..3 {
                let Some(cursor) = after.take() else { break };
                let (page, next) = shelf.find(&query.clone().page(first.clone().after(cursor))).unwrap();
                walked.extend(page);
                after = next;
            }
            assert_eq!(walked, expected[..expected.len().min(400)], "{text} by {sort}, page by page");
        }
        assert_eq!(shelf.count(&criteria).unwrap(), in_memory(&rows, &criteria, &Sort::by_id()).len() as u64);
    }
    // Rows that are gone, or have other words by now, are found no more.
    let changed = rows.iter().filter(|row| row.weight < 700).map(|row| {
        let label = row.fragile.then(|| "nothing".to_owned());
        (row.id, label.map(|label| Parcel { label: Some(label), ..row.clone() }))
    });
    shelf.put(changed.collect::<Vec<_>>());
    let left = rows.iter().filter(|row| row.weight >= 700).count() as u64;
    let gone = rows.iter().filter(|row| row.weight < 700 && row.fragile).count() as u64;
    assert_eq!(shelf.count(&parsed("label search \"parcel\"")).unwrap(), left);
    assert_eq!(shelf.count(&parsed("label search \"nothing\"")).unwrap(), gone);
    assert_eq!(shelf.count(&parsed("label search \"nothing parcel\"")).unwrap(), 0);
}

#[test]
fn a_search_goes_the_shortest_way() {
    let Some(mut shelf) = Shelf::new() else { return };
    shelf.hold(&rows());
    let explained = |text: &str, query: &dyn Fn(Query<Parcel>) -> Query<Parcel>| {
        shelf.runtime.block_on(shelf.view.explain(&query(Query::new(parsed(text))))).unwrap()
    };
    let (first, all) = (|query| query, |query: Query<Parcel>| query.page(PageRequest::everything()));
    // Every row has the word: the first by id are soon met.
    let walk = explained("label search \"parcel\"", &first);
    assert_eq!(walk.indexes[0], "word index");
    assert!(!walk.query.contains(" in ("), "{}", walk.query);
    // One row in a hundred has it: all of them are looked at.
    let gather = explained("label search \"parcel lamp\"", &first);
    assert_eq!(gather.indexes, ["word index"]);
    assert!(gather.query.contains(" in ("), "{}", gather.query);
    assert!(explained("label search \"parcel\"", &all).query.contains(" in ("));
    assert_eq!(walk.residual, None);
    if super::super::super::engine::KEEPS_STATISTICS {
        return;
    }
    // Another index finds fewer.
    let other = explained("weight = 5 and label search \"parcel\"", &first);
    assert_eq!(other.indexes, ["ordered index on weight"]);
    assert_eq!(other.residual.as_deref(), Some("label search \"parcel\""));
}
