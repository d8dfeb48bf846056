//! Texts that are longer than an index or a sort looks at, and begin alike.

use portolan_kernel::{PageRequest, PageSize, Query, Sort};

use super::Shelf;
use crate::parcel::Parcel;
use crate::parcels::{in_memory, numbered_parcel, parsed};

/// How many characters a family of texts has in common: with what follows as many as a description may have.
const COMMON: usize = 9_997;

/// Characters of three bytes that no engine can compress.
fn noise(seed: u64, count: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let characters = (0..count).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from_u32(0x4e00 + (state >> 40) as u32 % 0x5000).unwrap()
    });
    characters.collect()
}

fn rows() -> Vec<Parcel> {
    let rows = (1..=60_u128).map(|number| {
        // Only behind what they have in common do they differ, in another order than their ids; some not at all.
        let tail = format!("{:03}", number * 37 % 50);
        let label = format!("{}{tail}", noise(number as u64 % 3, COMMON));
        Parcel { label: Some(label).filter(|_| number % 10 != 0), ..numbered_parcel(number) }
    });
    rows.collect()
}

#[test]
fn long_texts_that_begin_alike_are_found_and_sorted_as_in_memory() {
    let Some(mut shelf) = Shelf::new() else { return };
    let rows = rows();
    shelf.hold(&rows);
    let label = rows[6].label.clone().unwrap();
    let start: String = label.chars().take(COMMON + 1).collect();
    let end: String = label.chars().skip(COMMON - 20).collect();
    for text in [
        "true".to_owned(),
        format!("label = \"{label}\""),
        format!("label != \"{label}\""),
        format!("label < \"{label}\""),
        format!("label >= \"{label}\" and label <= \"{label}9\""),
        format!("label > \"{label}\""),
        format!("label starts with \"{start}\""),
        format!("label contains \"{end}\""),
        format!("not label contains \"{}\"", noise(1, COMMON)),
        format!("label in [\"{label}\", \"{start}\"]"),
        format!("label not in [\"{label}\", null]"),
    ] {
        let criteria = parsed(&text);
        for sort in ["id", "label", "-label", "label,-weight"] {
            let sort = Sort::parse(sort).unwrap();
            let expected = in_memory(&rows, &criteria, &sort);
            let query = Query::new(criteria.clone()).sort(sort.clone());
            let (all, _) = shelf.find(&query.clone().page(PageRequest::everything())).unwrap();
            let shown: String = text.chars().filter(char::is_ascii).collect();
            assert_eq!(all, expected, "{shown} by {sort}");
            let page = PageRequest::first(PageSize::new(7).unwrap());
            let (mut walked, mut after) = shelf.find(&query.clone().page(page.clone())).unwrap();
            while let Some(cursor) = after {
                let (rows, next) = shelf.find(&query.clone().page(page.clone().after(cursor))).unwrap();
                walked.extend(rows);
                after = next;
            }
            assert_eq!(walked, expected, "{shown} by {sort}, page by page");
        }
    }
}
