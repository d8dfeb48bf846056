//! A view that is filled from the first event on has its indexes when it has caught up, and answers meanwhile.

use portolan_kernel::{PageRequest, PageSize, Query, ReadRepository as _, Sort};

use super::super::super::engine;
use super::super::layout::Layout;
use super::super::state::{self, Declared};
use super::Shelf;
use crate::parcel::Parcel;
use crate::parcels::{in_memory, numbered_parcel, parsed};

const QUESTIONS: [&str; 5] = [
    "true",
    "weight = 5",
    "label starts with \"parcel 12\"",
    "stops any (city = \"city7\")",
    "label search \"lamp\" and weight > 3",
];

const SORTS: [&str; 4] = ["id", "weight", "-postage.amount", "-label"];

fn rows() -> Vec<Parcel> {
    (1..=600).map(numbered_parcel).collect()
}

fn answers_as_memory(shelf: &Shelf, rows: &[Parcel]) {
    for (text, sort) in QUESTIONS.into_iter().flat_map(|text| SORTS.map(|sort| (text, sort))) {
        let sort = Sort::parse(sort).unwrap();
        let query = Query::new(parsed(text)).sort(sort.clone());
        let page = query.page(PageRequest::first(PageSize::new(50).unwrap()));
        let (found, _) = shelf.find(&page).unwrap();
        let expected = in_memory(rows, &parsed(text), &sort);
        assert_eq!(found, expected[..expected.len().min(50)], "{text} by {sort}");
        assert_eq!(shelf.count(&parsed(text)).unwrap(), expected.len() as u64, "{text}");
    }
}

/// Whether the declared indexes are there: else a page is looked for along the ids.
fn has_indexes(shelf: &Shelf) -> bool {
    let query = Query::new(parsed("weight = 5"));
    let explained = shelf.runtime.block_on(shelf.view.explain(&query)).unwrap();
    explained.indexes == ["ordered index on weight"]
}

/// In the store itself.
fn write(
    shelf: &Shelf,
    mut write: impl FnMut(&mut super::super::super::Conn, &Layout, &Declared) + Send + 'static,
) {
    let layout = Layout::of::<Parcel>("parcels").unwrap();
    let declared = Declared::new(&layout, 1).unwrap();
    let written = shelf.store.queue().unwrap().write(move |conn| {
        write(conn, &layout, &declared);
        Ok(())
    });
    shelf.runtime.block_on(written).unwrap();
}

#[test]
fn a_view_answers_before_and_after_its_indexes_are_made() {
    let Some(mut shelf) = Shelf::new() else { return };
    let rows = rows();
    let (first, rest) = rows.split_at(400);
    shelf.apply(first.iter().map(|row| (row.id, Some(row.clone()))), false);
    assert_eq!(has_indexes(&shelf), !engine::PUTS_OFF_INDEXES);
    answers_as_memory(&shelf, first);
    shelf.apply(rest.iter().map(|row| (row.id, Some(row.clone()))), true);
    assert!(has_indexes(&shelf));
    answers_as_memory(&shelf, &rows);
    // A view that is emptied is filled from the first event on again.
    shelf.reset();
    shelf.apply(rows.iter().map(|row| (row.id, Some(row.clone()))), false);
    assert_eq!(has_indexes(&shelf), !engine::PUTS_OFF_INDEXES);
    answers_as_memory(&shelf, &rows);
    shelf.apply([], true);
    assert!(has_indexes(&shelf));
    answers_as_memory(&shelf, &rows);
}

#[test]
fn indexes_of_which_only_some_were_made_are_gone_on_with() {
    if !engine::PUTS_OFF_INDEXES {
        return;
    }
    let Some(mut shelf) = Shelf::new() else { return };
    let rows = rows();
    shelf.apply(rows.iter().map(|row| (row.id, Some(row.clone()))), false);
    write(&shelf, |conn, layout, declared| {
        for number in [0, 3] {
            state::make_index(conn, layout, declared, number).unwrap();
        }
        assert!(!declared.standing(conn, &layout.name).unwrap().has_indexes);
    });
    answers_as_memory(&shelf, &rows);
    shelf.apply([], true);
    assert!(has_indexes(&shelf));
    answers_as_memory(&shelf, &rows);
    write(&shelf, |conn, layout, declared| {
        assert!(declared.standing(conn, &layout.name).unwrap().has_indexes);
    });
}
