//! Two sides of a copy, side by side: pages of rows in the order of their keys.

use std::cmp::Ordering;

/// Cuts both pages where the shorter one of those that may go on ends, and answers that key; none at the end of both.
pub(super) fn cut<T, K: Ord + Clone>(
    ours: &mut Vec<T>,
    theirs: &mut Vec<T>,
    limit: usize,
    key: impl Fn(&T) -> K,
) -> Option<K> {
    let end = |page: &Vec<T>| if page.len() < limit { None } else { page.last().map(&key) };
    let cut = match (end(ours), end(theirs)) {
        (Some(ours), Some(theirs)) => ours.min(theirs),
        (end, None) | (None, end) => end?,
    };
    for page in [ours, theirs] {
        page.truncate(page.partition_point(|row| key(row) <= cut));
    }
    Some(cut)
}

/// What is in the first page and not, or otherwise, in the second; and what is in the second alone.
pub(super) fn differences<T: PartialEq, K: Ord>(
    ours: Vec<T>,
    theirs: Vec<T>,
    key: impl Fn(&T) -> K,
) -> (Vec<T>, Vec<T>) {
    let (mut other, mut gone) = (Vec::new(), Vec::new());
    let mut theirs = theirs.into_iter().peekable();
    for row in ours {
        while let Some(before) = theirs.next_if(|before| key(before) < key(&row)) {
            gone.push(before);
        }
        let found = theirs.next_if(|found| key(found).cmp(&key(&row)) == Ordering::Equal);
        if found.is_none_or(|found| found != row) {
            other.push(row);
        }
    }
    gone.extend(theirs);
    (other, gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (u32, char);

    fn differing(ours: &[Row], theirs: &[Row], limit: usize) -> (Vec<Row>, Vec<Row>) {
        let (mut other, mut gone, mut after) = (Vec::new(), Vec::new(), 0);
        let page = |of: &[Row], after: u32| -> Vec<Row> {
            of.iter().copied().filter(|row| row.0 > after).take(limit).collect()
        };
        loop {
            let (mut first, mut second) = (page(ours, after), page(theirs, after));
            let end = cut(&mut first, &mut second, limit, |row| row.0);
            let (some, none) = differences(first, second, |row| row.0);
            other.extend(some);
            gone.extend(none);
            match end {
                Some(end) => after = end,
                None => return (other, gone),
            }
        }
    }

    #[test]
    fn what_differs_is_found_whatever_the_pages() {
        let ours = [(1, 'a'), (2, 'b'), (4, 'd'), (5, 'e'), (9, 'i')];
        let theirs = [(2, 'b'), (3, 'c'), (4, 'x'), (5, 'e'), (6, 'f'), (7, 'g'), (8, 'h'), (10, 'j')];
        let expected =
            (vec![(1, 'a'), (4, 'd'), (9, 'i')], vec![(3, 'c'), (6, 'f'), (7, 'g'), (8, 'h'), (10, 'j')]);
        for limit in 1..10 {
            assert_eq!(differing(&ours, &theirs, limit), expected, "pages of {limit}");
            assert_eq!(differing(&ours, &[], limit), (ours.to_vec(), vec![]));
            assert_eq!(differing(&[], &ours, limit), (vec![], ours.to_vec()));
        }
    }
}
