//! Indexes of one view: built from a snapshot, kept right with every change, shared with readers like the rows.
//!
//! A hash index holds (hash of the value, row), a word index (number of the word, row), an ordered one (key in the
//! order of the values, row). All three are sorted sets, so that a reader's snapshot of them costs nothing.

mod dictionary;
mod key;
mod sorted_set;

use std::hash::RandomState;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portolan_kernel::specification::{Value, ValueRef, Words};
use portolan_kernel::{Index, IndexKind, View};

pub(crate) use dictionary::Dictionary;
pub(crate) use sorted_set::SortedSet;

/// The indexes that a view declares, and the hash that they share.
pub(crate) struct Declared<V> {
    pub(crate) indexes: Vec<Index<V>>,
    /// Those that a question has asked for, so that only one of many sets about building it.
    wanted: Vec<AtomicBool>,
    hasher: RandomState,
}

/// One index as it is in one snapshot.
#[derive(Clone)]
pub(crate) enum Built {
    /// The rows by the hash of the value: the hash in the upper half, the row in the lower.
    Hash(SortedSet<u64>),
    /// The rows by the number of the word, likewise.
    Words { postings: SortedSet<u64>, dictionary: Arc<Dictionary> },
    /// The rows with a value by its key, and those without.
    Ordered { values: SortedSet<(u64, u32)>, nulls: SortedSet<u32> },
}

/// An entry of one row in one index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    Posting(u32),
    Value(u64),
    Null,
}

impl<V: View> Declared<V> {
    pub(crate) fn new() -> Self {
        let indexes = V::indexes();
        let wanted = indexes.iter().map(|_| AtomicBool::new(false)).collect();
        Self { indexes, wanted, hasher: RandomState::new() }
    }

    /// Whether this is the first to want the index.
    pub(crate) fn is_first_to_want(&self, index: usize) -> bool {
        self.wanted.get(index).is_some_and(|wanted| !wanted.swap(true, Ordering::Relaxed))
    }

    /// What a hash index keeps of this value.
    pub(crate) fn hash(&self, value: &Value) -> u32 {
        key::hash(value.borrowed(), &self.hasher)
    }

    /// The index over these rows.
    pub(crate) fn build<'a>(&self, index: &Index<V>, rows: impl Iterator<Item = (u32, &'a V)>) -> Built {
        match index.kind() {
            IndexKind::Hash => {
                let mut postings = Vec::new();
                for (row, view) in rows {
                    each_value(index, view, |value| {
                        postings.push(posting(key::hash(value, &self.hasher), row))
                    });
                }
                Built::Hash(sorted(postings))
            }
            IndexKind::Words => {
                let (mut postings, mut dictionary) = (Vec::new(), Dictionary::default());
                for (row, view) in rows {
                    each_word(index, view, |word| {
                        postings.push(posting(dictionary.number_unshared(word), row));
                    });
                }
                let postings = sorted_by_number(&postings, dictionary.len());
                Built::Words { postings, dictionary: Arc::new(dictionary) }
            }
            IndexKind::Ordered => {
                let (mut values, mut nulls) = (Vec::new(), Vec::new());
                for (row, view) in rows {
                    match key::order(index.path().read(view)) {
                        Some(key) => values.push((key, row)),
                        None => nulls.push(row),
                    }
                }
                Built::Ordered { values: sorted(values), nulls: sorted(nulls) }
            }
        }
    }

    /// Takes over into the index that a row has changed.
    pub(crate) fn change(
        &self,
        index: &Index<V>,
        built: &mut Arc<Built>,
        row: u32,
        before: Option<&V>,
        after: Option<&V>,
    ) {
        if let (Some(before), Some(after)) = (before, after)
            && index.within().is_none()
            && is_same(index.path().read(before), index.path().read(after))
        {
            return;
        }
        let old = before.map(|view| self.entries(index, built, view)).unwrap_or_default();
        let new = after.map(|view| self.entries(index, built, view)).unwrap_or_default();
        if old == new {
            return;
        }
        let built = Arc::make_mut(built);
        old.iter()
            .filter(|entry| new.binary_search(entry).is_err())
            .for_each(|entry| built.remove(*entry, row));
        new.iter()
            .filter(|entry| old.binary_search(entry).is_err())
            .for_each(|entry| built.insert(*entry, row));
    }

    /// The entries of one row, in order, each once.
    fn entries(&self, index: &Index<V>, built: &Built, view: &V) -> Vec<Entry> {
        let mut entries = Vec::new();
        match built {
            Built::Hash(_) => {
                each_value(index, view, |value| entries.push(Entry::Posting(key::hash(value, &self.hasher))));
            }
            Built::Words { dictionary, .. } => {
                each_word(index, view, |word| entries.push(Entry::Posting(dictionary.number_or_new(word))));
            }
            Built::Ordered { .. } => {
                entries.push(key::order(index.path().read(view)).map_or(Entry::Null, Entry::Value));
            }
        }
        entries.sort_unstable();
        entries.dedup();
        entries
    }
}

/// Hands over what the row holds in the indexed field: of each element, where it is one of elements.
fn each_value<V: View>(index: &Index<V>, view: &V, mut take: impl FnMut(ValueRef<'_>)) {
    match index.within().map(|collection| view.value(collection.index)) {
        None => take(index.path().read(view)),
        Some(ValueRef::Elements(elements)) => {
            let elements = (0..elements.len()).filter_map(|place| elements.get(place));
            elements.for_each(|element| take(index.path().read(element)));
        }
        Some(_) => {}
    }
}

fn each_word<V: View>(index: &Index<V>, view: &V, mut take: impl FnMut(&str)) {
    each_value(index, view, |value| {
        if let ValueRef::Text(text) = value {
            Words::each(text, &mut take);
        }
    });
}

fn sorted<T: Copy + Ord>(mut entries: Vec<T>) -> SortedSet<T> {
    entries.sort_unstable();
    entries.dedup();
    SortedSet::from_sorted(&entries)
}

/// As [`sorted`], in time that grows only with the postings: the numbers of words are dense, and rows come in their
/// order.
fn sorted_by_number(postings: &[u64], numbers: usize) -> SortedSet<u64> {
    let number = |posting: u64| (posting >> 32) as usize;
    let mut next = vec![0; numbers + 1];
    postings.iter().for_each(|posting| next[number(*posting) + 1] += 1);
    for number in 1..next.len() {
        next[number] += next[number - 1];
    }
    let mut placed = vec![0; postings.len()];
    for posting in postings {
        let place = &mut next[number(*posting)];
        placed[*place] = *posting;
        *place += 1;
    }
    debug_assert!(placed.is_sorted(), "rows come in their order");
    placed.dedup();
    SortedSet::from_sorted(&placed)
}

impl Built {
    /// Bytes that its entries take.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Hash(postings) => postings.bytes(),
            Self::Words { postings, dictionary } => postings.bytes() + dictionary.bytes(),
            Self::Ordered { values, nulls } => values.bytes() + nulls.bytes(),
        }
    }

    fn insert(&mut self, entry: Entry, row: u32) {
        match (self, entry) {
            (Self::Hash(postings) | Self::Words { postings, .. }, Entry::Posting(key)) => {
                postings.insert(posting(key, row))
            }
            (Self::Ordered { values, .. }, Entry::Value(key)) => values.insert((key, row)),
            (Self::Ordered { nulls, .. }, Entry::Null) => nulls.insert(row),
            _ => {}
        }
    }

    fn remove(&mut self, entry: Entry, row: u32) {
        match (self, entry) {
            (Self::Hash(postings) | Self::Words { postings, .. }, Entry::Posting(key)) => {
                postings.remove(posting(key, row))
            }
            (Self::Ordered { values, .. }, Entry::Value(key)) => values.remove((key, row)),
            (Self::Ordered { nulls, .. }, Entry::Null) => nulls.remove(row),
            _ => {}
        }
    }
}

/// A posting of this key.
pub(crate) const fn posting(key: u32, row: u32) -> u64 {
    ((key as u64) << 32) | row as u64
}

/// The keys of an ordered index between which a value of this lies; `None` for null.
pub(crate) fn point(value: &Value) -> Option<u64> {
    key::order(value.borrowed())
}

/// The keys between which texts with this start lie.
pub(crate) fn start(start: &str) -> (u64, u64) {
    (key::order(ValueRef::Text(start)).unwrap_or_default(), key::last_with_start(start))
}

/// Cheap: texts that are shared are not read.
fn is_same(before: ValueRef<'_>, after: ValueRef<'_>) -> bool {
    match (before, after) {
        (ValueRef::Text(before), ValueRef::Text(after)) => std::ptr::eq(before, after) || before == after,
        _ => before.same(after),
    }
}
