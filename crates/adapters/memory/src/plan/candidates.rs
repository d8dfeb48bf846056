//! The rows that a way through indexes leads to.

use portolan_kernel::View;

use super::access::{Access, is_worth_reading};
use crate::index::{Built, SortedSet, posting};
use crate::read::table::Snapshot;

/// The rows, in the order of their numbers, each once.
pub(super) fn rows<V: View>(access: &Access, snapshot: &Snapshot<V>) -> Vec<u32> {
    match access {
        Access::Hash { index, keys } => match snapshot.built(*index) {
            Some(Built::Hash(postings)) => {
                let found = keys.iter().flat_map(|key| listed(postings, *key)).collect();
                if keys.len() == 1 { found } else { in_order(found) }
            }
            _ => Vec::new(),
        },
        Access::Words { index, numbers } => match (snapshot.built(*index), numbers) {
            (Some(Built::Words { postings, .. }), Some(numbers)) => with_all(postings, numbers),
            _ => Vec::new(),
        },
        Access::Range { index, low, high } => match snapshot.built(*index) {
            Some(Built::Ordered { values, .. }) => {
                in_order(values.range((*low, 0), (*high, u32::MAX)).flatten().map(|(_, row)| *row).collect())
            }
            _ => Vec::new(),
        },
        Access::Nulls { index } => match snapshot.built(*index) {
            Some(Built::Ordered { nulls, .. }) => nulls.range(0, u32::MAX).flatten().copied().collect(),
            _ => Vec::new(),
        },
        Access::Any(ways) => in_order(ways.iter().flat_map(|way| rows(way, snapshot)).collect()),
        Access::All(ways) => {
            let mut by_size: Vec<_> = ways.iter().map(|way| (way.estimate(snapshot), way)).collect();
            by_size.sort_by_key(|(estimate, _)| estimate.rows);
            let mut ways = by_size.into_iter();
            let mut found = ways.next().map(|(_, way)| rows(way, snapshot)).unwrap_or_default();
            for (estimate, way) in ways {
                // Exact ways are always used: what they say is tested nowhere else.
                if !way.is_exact(snapshot) && !is_worth_reading(estimate.entries, found.len()) {
                    continue;
                }
                found = intersection(&found, rows(way, snapshot).into_iter());
            }
            found
        }
    }
}

fn listed(postings: &SortedSet<u64>, key: u32) -> impl Iterator<Item = u32> {
    // The row is the lower half.
    postings.range(posting(key, 0), posting(key, u32::MAX)).flatten().map(|posting| *posting as u32)
}

/// The rows that have all of these words: the rarest first.
fn with_all(postings: &SortedSet<u64>, numbers: &[u32]) -> Vec<u32> {
    let count = |number: u32| postings.count(posting(number, 0), posting(number, u32::MAX));
    let mut numbers: Vec<_> = numbers.iter().map(|number| (count(*number), *number)).collect();
    numbers.sort_unstable();
    let mut numbers = numbers.into_iter();
    let mut found: Vec<_> =
        numbers.next().into_iter().flat_map(|(_, number)| listed(postings, number)).collect();
    for (_, number) in numbers {
        found = intersection(&found, listed(postings, number));
    }
    found
}

/// Both are in order.
fn intersection(found: &[u32], mut others: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut kept = Vec::with_capacity(found.len());
    let mut other = others.next();
    for row in found {
        while other.is_some_and(|other| other < *row) {
            other = others.next();
        }
        match other {
            Some(other) if other == *row => kept.push(*row),
            Some(_) => {}
            None => break,
        }
    }
    kept
}

fn in_order(mut rows: Vec<u32>) -> Vec<u32> {
    rows.sort_unstable();
    rows.dedup();
    rows
}
