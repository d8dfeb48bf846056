//! SQL selects what memory selects: random specifications over random rows, in every order, page by page.

use portolan_kernel::specification::Node;
use portolan_kernel::{Candidate, PageRequest, PageSize, Query, Sort};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::Shelf;
use crate::generators::{leaves, nodes, parcels};
use crate::parcel::{Parcel, ParcelId};
use crate::parcels::{Parcels, in_memory, is_allowed, numbered, parsed};

/// How many specifications a run asks.
const CASES: u32 = 1_000;

/// What begins the sentence about a question that was not answered at all.
pub(super) const REFUSED: &str = "refused: ";

/// Orders with nulls, in both directions, one way and mixed.
const SORTS: [&str; 10] = [
    "id",
    "-weight",
    "-id",
    "weight",
    "-weight,label",
    "label",
    "-label,-id",
    "postage.amount,-weight",
    "-sent_at,volume",
    "volume,stage,-fragile,postage.currency",
];

/// Rows and what they are asked.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) rows: Vec<Parcel>,
    pub(super) node: Node,
    sort: &'static str,
    size: usize,
}

fn cases() -> impl Strategy<Value = Case> {
    let rows = proptest::collection::vec(parcels(), 0..14).prop_map(numbered);
    let leaf = || leaves(Parcel::schema(), 1);
    let node = prop_oneof![
        // Single tests, which indexes may serve, and whole trees.
        2 => leaf(),
        1 => (leaf(), leaf()).prop_map(|(left, right)| Node::and(vec![left, right])),
        2 => nodes(Parcel::schema()),
    ];
    let node = node.prop_filter("few regular expressions", is_allowed);
    (rows, node, select(SORTS.to_vec()), 1..5_usize).prop_map(|(rows, node, sort, size)| Case {
        rows,
        node,
        sort,
        size,
    })
}

/// A runner whose cases come again with the same seed.
pub(super) fn runner(seed: u64, cases: u32, shrinks: bool) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let max_shrink_iters = if shrinks { 2_000 } else { 0 };
    let config = Config { cases, max_shrink_iters, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Asks the runner's questions; the first that SQL answers otherwise than memory, as small as it can be made.
pub(super) fn disagreement(shelf: Shelf, mut runner: TestRunner) -> Result<(), Box<TestError<Case>>> {
    let shelf = std::cell::RefCell::new(shelf);
    let ran = runner.run(&cases(), |case| {
        let mut shelf = shelf.borrow_mut();
        shelf.hold(&case.rows);
        agrees(&shelf, &case).map_err(TestCaseError::fail)
    });
    ran.map_err(Box::new)
}

fn agrees(shelf: &Shelf, Case { rows, node, sort, size }: &Case) -> Result<(), String> {
    let refused = |error: portolan_kernel::Error| format!("{REFUSED}{error}");
    let criteria = Parcels::from_tree(node.clone()).map_err(refused)?;
    let sort = Sort::parse(sort).map_err(refused)?;
    let expected = in_memory(rows, &criteria, &sort);

    let query = Query::new(criteria.clone()).sort(sort.clone());
    let (all, next) = shelf.find(&query.clone().page(PageRequest::everything())).map_err(refused)?;
    same(&all, &expected, "all rows at once")?;
    if next.is_some() || shelf.count(&criteria).map_err(refused)? != expected.len() as u64 {
        return Err("the count".to_owned());
    }

    let first = PageRequest::first(PageSize::new(*size).map_err(refused)?);
    let (mut walked, mut after) = shelf.find(&query.clone().page(first.clone())).map_err(refused)?;
    while let Some(cursor) = after {
        let (page, next) = shelf.find(&query.clone().page(first.clone().after(cursor))).map_err(refused)?;
        if page.is_empty() || walked.len() > rows.len() {
            return Err("a walk without end".to_owned());
        }
        walked.extend(page);
        after = next;
    }
    same(&walked, &expected, "a walk page by page")?;

    // The complement, and the same where no index may lead: behind an `or`, hidden.
    let others: Vec<_> = in_memory(rows, &!criteria.clone(), &Sort::by_id());
    same(&shelf.ids(&!criteria.clone()).map_err(refused)?, &others, "the complement")?;
    let never = parsed("weight = 7 and weight = 8");
    let by_id = in_memory(rows, &criteria, &Sort::by_id());
    same(&shelf.ids(&(criteria | never)).map_err(refused)?, &by_id, "beside another")
}

fn same(found: &[ParcelId], expected: &[ParcelId], what: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} and not {expected:?}")) }
}

/// `PORTOLAN_SEED`, or another each time.
fn seed() -> u64 {
    let given = std::env::var("PORTOLAN_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(random)
}

fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

#[test]
fn random_specifications_select_what_memory_selects() {
    let seed = seed();
    portolan_testkit::report::say(&format!("{CASES} specifications, PORTOLAN_SEED={seed}"));
    let Some(shelf) = Shelf::new() else { return };
    if let Err(error) = disagreement(shelf, runner(seed, CASES, true)) {
        panic!("PORTOLAN_SEED={seed}: {error}");
    }
}

#[test]
fn the_laws_of_boolean_algebra_hold() {
    let Some(shelf) = Shelf::new().map(std::cell::RefCell::new) else { return };
    let small = || nodes(Parcel::schema()).prop_filter("few regular expressions", is_small);
    let rows = proptest::collection::vec(parcels(), 1..10).prop_map(numbered);
    let held = runner(seed(), 150, true).run(&(rows, small(), small()), |(rows, left, right)| {
        let mut shelf = shelf.borrow_mut();
        shelf.hold(&rows);
        let specification = |node: &Node| Parcels::from_tree(node.clone()).unwrap();
        let (a, b) = (|| specification(&left), || specification(&right));
        let ids = |criteria: Parcels| shelf.ids(&criteria).unwrap();
        // De Morgan, double negation, the excluded middle, absorption.
        prop_assert_eq!(ids(!(a() & b())), ids(!a() | !b()), "{:?} {:?}", left, right);
        prop_assert_eq!(ids(!(a() | b())), ids(!a() & !b()), "{:?} {:?}", left, right);
        prop_assert_eq!(ids(!!a()), ids(a()), "{:?}", left);
        prop_assert_eq!(ids(a() | !a()).len(), rows.len(), "{:?}", left);
        prop_assert_eq!(ids(a() & !a()), vec![], "{:?}", left);
        prop_assert_eq!(ids(a() & (a() | b())), ids(a()), "{:?} {:?}", left, right);
        prop_assert_eq!(ids(a() | (a() & b())), ids(a()), "{:?} {:?}", left, right);
        Ok(())
    });
    held.unwrap();
}

fn is_small(node: &Node) -> bool {
    node.to_string().matches(" ~ ").count() <= 4
}

#[test]
fn rows_that_change_come_and_go_are_kept_right() {
    let row = proptest::option::weighted(0.8, parcels());
    let changes = proptest::collection::vec((0..6_u128, row), 1..40);
    let Some(shelf) = Shelf::new().map(std::cell::RefCell::new) else { return };
    let held = runner(seed(), 100, true).run(&(changes, 1..9_usize), |(changes, together)| {
        let mut shelf = shelf.borrow_mut();
        shelf.hold(&[]);
        let mut expected = std::collections::BTreeMap::new();
        for part in changes.chunks(together) {
            let part = part.iter().map(|(number, row)| {
                let id: ParcelId = uuid::Uuid::from_u128(*number).into();
                let row = row.clone().map(|row| Parcel {
                    id,
                    address: row.address.map(|(city, _)| (city, String::new())),
                    ..row
                });
                match &row {
                    Some(row) => expected.insert(id, row.clone()),
                    None => expected.remove(&id),
                };
                (id, row)
            });
            shelf.put(part.collect::<Vec<_>>());
        }
        let page = Query::default().page(PageRequest::everything());
        let found =
            shelf.runtime.block_on(portolan_kernel::ReadRepository::find(&shelf.view, &page)).unwrap();
        let found: Vec<_> = found.rows.iter().map(|row| (*row.view).clone()).collect();
        prop_assert_eq!(found, expected.values().cloned().collect::<Vec<_>>());
        // What indexes and words say of them.
        for text in ["label search \"lamp\"", "stops any (city search \"a\")", "stops any (city = \"a\")"] {
            let criteria = parsed(text);
            let of: Vec<_> = expected.values().cloned().collect();
            prop_assert_eq!(
                shelf.ids(&criteria).unwrap(),
                in_memory(&of, &criteria, &Sort::by_id()),
                "{}",
                text
            );
        }
        Ok(())
    });
    held.unwrap();
}
