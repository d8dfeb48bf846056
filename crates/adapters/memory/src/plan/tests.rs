//! Every way to the rows gives the same rows: by index, by walking, by looking at all of them.

use std::collections::BTreeMap;

use portolan_kernel::{Candidate, Index, PageRequest, PageSize, Query, Sort, Specification, Version, View};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::generators::{leaves, nodes, parcels};
use crate::parcel::{Parcel, ParcelId, parcel, stop};
use crate::read::table::Table;

impl View for Parcel {
    const NAME: &'static str = "parcels";
    type Id = ParcelId;

    fn id(&self) -> ParcelId {
        self.id
    }

    fn indexes() -> Vec<Index<Self>> {
        vec![
            Index::ordered(parcel::id()),
            Index::ordered(parcel::weight()),
            Index::ordered(parcel::volume()),
            Index::ordered(parcel::label()),
            Index::ordered(parcel::sent_at()),
            Index::ordered(parcel::postage().amount()),
            Index::hash(parcel::stage()),
            Index::hash(parcel::fragile()),
            Index::hash(parcel::volume()),
            Index::hash(parcel::postage().currency()),
            Index::words(parcel::label()),
            Index::hash_within(parcel::stops(), stop::city()),
            Index::hash_within(parcel::stops(), stop::toll()),
            Index::words_within(parcel::stops(), stop::city()),
        ]
    }
}

/// A table that changes while its indexes are built, and the rows that it should hold.
struct Changing {
    table: Table<Parcel>,
    rows: BTreeMap<ParcelId, Parcel>,
    version: u64,
}

impl Changing {
    fn change(&mut self, (number, parcel): (u128, Option<Parcel>)) {
        let id: ParcelId = uuid::Uuid::from_u128((number << 96) | number).into();
        let parcel = parcel.map(|parcel| Parcel { id, ..parcel });
        self.version += 1;
        self.table.change(id, Version(self.version), |row| row.clone_from(&parcel)).unwrap();
        match parcel {
            Some(parcel) => self.rows.insert(id, parcel),
            None => self.rows.remove(&id),
        };
    }
}

type Change = (u128, Option<Parcel>);

fn changes(count: usize) -> impl Strategy<Value = Vec<Change>> {
    let change = (0..40_u128, prop_oneof![4 => parcels().prop_map(Some), 1 => Just(None)]);
    proptest::collection::vec(change, 0..count)
}

/// Mostly what indexes serve: a test of one field, or of two.
fn asked() -> impl Strategy<Value = Node> {
    let leaf = || leaves(Parcel::schema(), 1);
    prop_oneof![
        4 => leaf(),
        2 => (leaf(), leaf()).prop_map(|(left, right)| Node::and(vec![left, right])),
        1 => (leaf(), leaf()).prop_map(|(left, right)| Node::or(vec![left, right])),
        1 => nodes(Parcel::schema()),
    ]
}

fn sorts() -> impl Strategy<Value = &'static str> {
    select(vec![
        "id",
        "-id",
        "weight",
        "-weight,label",
        "label",
        "-label,-id",
        "sent_at",
        "-sent_at",
        "volume,weight",
        "-volume",
        "postage.amount",
        "-postage.amount,postage.currency,-id",
        "stage,label",
    ])
}

fn ready<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
}

/// All rows of a query, page by page, with the plan that `make` gives.
fn walked(
    snapshot: &Snapshot<Parcel>,
    mut query: Query<Parcel>,
    make: impl Fn(&CheckedQuery<'_>) -> Plan,
) -> Vec<Parcel> {
    let mut all = Vec::new();
    loop {
        let checked = query.checked().unwrap();
        let page = ready(make(&checked).page(snapshot, &checked));
        all.extend(page.rows.iter().map(|row| (*row.view).clone()));
        let Some(next) = page.next else { return all };
        assert!(all.len() < 1_000, "a walk without end");
        query.page = query.page.after(next);
    }
}

fn agree(
    snapshot: &Snapshot<Parcel>,
    rows: &BTreeMap<ParcelId, Parcel>,
    node: &Node,
    sort: &str,
    size: usize,
) {
    let specification = Specification::<Parcel>::from_tree(node.clone()).unwrap();
    let page = PageRequest::first(PageSize::new(size).unwrap());
    let query = Query::new(specification.clone()).sort(Sort::parse(sort).unwrap()).page(page);
    let checked = query.checked().unwrap();
    let mut expected: Vec<_> =
        rows.values().filter(|row| specification.is_satisfied_by(row)).cloned().collect();
    expected.sort_by(|left, right| checked.order(left, right));

    let chosen = walked(snapshot, query.clone(), |query| Plan::of(snapshot, query));
    assert_eq!(chosen, expected, "the plan of {node} by {sort}");
    let by_index = walked(snapshot, query.clone(), |query| Plan::by_indexes(snapshot, query.tree));
    assert_eq!(by_index, expected, "by indexes: {node}");
    let walk = |query: &CheckedQuery<'_>| {
        let first = query.keys[0].path;
        let mut declared = snapshot.declared.indexes.iter();
        let index = declared.position(|index| index.kind() == IndexKind::Ordered && index.path() == first);
        Plan { walk: index.map(|index| (index, usize::MAX)), ..Plan::by_indexes(snapshot, query.tree) }
    };
    assert_eq!(walked(snapshot, query.clone(), walk), expected, "by walking: {node} by {sort}");
    let counted = [Plan::to_rows(snapshot, node), Plan::by_indexes(snapshot, node)];
    for plan in counted {
        assert_eq!(ready(plan.count(snapshot)), expected.len() as u64, "count of {node}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn indexes_walks_and_scans_give_the_same_rows(
        before in changes(60),
        during in changes(20),
        behind in changes(60),
        asked in proptest::collection::vec((asked(), sorts(), 1..12_usize), 20..40),
    ) {
        let mut changing = Changing { table: Table::new(), rows: BTreeMap::new(), version: 0 };
        before.into_iter().for_each(|change| changing.change(change));
        // As a build goes: from a snapshot, while rows change.
        let count = Parcel::indexes().len();
        let begun: Vec<_> = (0..count).map(|index| changing.table.begin_index(index).unwrap()).collect();
        during.into_iter().for_each(|change| changing.change(change));
        for (index, from) in begun.iter().enumerate() {
            changing.table.end_index(index, from, from.build(index).unwrap());
        }
        // A reader that looks later sees what was there when it came.
        let (held, rows) = (changing.table.snapshot(), changing.rows.clone());
        behind.into_iter().for_each(|change| changing.change(change));
        let now = changing.table.snapshot();
        for index in 0..count {
            prop_assert!(now.built(index).is_some() && held.built(index).is_some());
        }
        for (node, sort, size) in &asked {
            agree(&now, &changing.rows, node, sort, *size);
            agree(&held, &rows, node, sort, *size);
        }
    }
}

#[test]
fn an_index_that_was_built_before_a_reset_is_not_taken_over() {
    let mut old = Table::<Parcel>::new();
    let from = old.begin_index(0).unwrap();
    let mut table = Table::<Parcel>::new();
    table.begin_index(0).unwrap();
    table.end_index(0, &from, from.build(0).unwrap());
    assert!(table.snapshot().built(0).is_none());
    assert!(table.begin_index(0).is_none(), "it is still being built");
}
