//! A sorted set that readers share with the writer: leaves in groups, each copied when it changes under a reader.

use std::sync::Arc;

/// Entries of one leaf: what is copied when one changes under a reader.
const LEAF: usize = 256;

/// Leaves of one group: what is copied with it, as pointers.
const GROUP: usize = 64;

/// Entries in order, each once. A clone shares them; whichever side changes a leaf copies that one first.
#[derive(Clone)]
pub(crate) struct SortedSet<T> {
    groups: Vec<Arc<Group<T>>>,
    len: usize,
}

/// Leaves in order, none of them empty.
#[derive(Clone)]
struct Group<T> {
    leaves: Vec<Arc<Vec<T>>>,
    len: usize,
}

impl<T: Copy + Ord> SortedSet<T> {
    /// These entries, which are in order and each there once.
    pub(crate) fn from_sorted(entries: &[T]) -> Self {
        let groups = entries.chunks(LEAF * GROUP).map(|entries| {
            let leaves = entries.chunks(LEAF).map(|leaf| Arc::new(leaf.to_vec())).collect();
            Arc::new(Group { leaves, len: entries.len() })
        });
        Self { groups: groups.collect(), len: entries.len() }
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Bytes that the entries take, free space included.
    pub(crate) fn bytes(&self) -> usize {
        let leaf = |leaf: &Arc<Vec<T>>| leaf.capacity() * size_of::<T>() + 5 * size_of::<usize>();
        self.groups.iter().map(|group| group.leaves.iter().map(leaf).sum::<usize>() + 64).sum()
    }

    /// Adds the entry, if it is not there.
    pub(crate) fn insert(&mut self, entry: T) {
        let group = self.groups.partition_point(|group| group.last() < Some(&entry));
        if self.groups.is_empty() {
            self.groups.push(Arc::new(Group { leaves: vec![Arc::new(vec![entry])], len: 1 }));
            self.len += 1;
            return;
        }
        // Behind the last entry of all it goes into the last group.
        let place = group.min(self.groups.len() - 1);
        let group = Arc::make_mut(&mut self.groups[place]);
        if !group.insert(entry) {
            return;
        }
        self.len += 1;
        if group.leaves.len() > GROUP {
            let upper = group.split();
            self.groups.insert(place + 1, Arc::new(upper));
        }
    }

    /// Takes the entry out, if it is there.
    pub(crate) fn remove(&mut self, entry: T) {
        let place = self.groups.partition_point(|group| group.last() < Some(&entry));
        let Some(group) = self.groups.get_mut(place) else { return };
        let group = Arc::make_mut(group);
        if group.remove(entry) {
            self.len -= 1;
            if group.leaves.is_empty() {
                self.groups.remove(place);
            }
        }
    }

    /// The entries from `low` to `high`, both included, in slices.
    pub(crate) fn range(&self, low: T, high: T) -> impl DoubleEndedIterator<Item = &[T]> {
        let from = self.groups.partition_point(|group| group.last() < Some(&low));
        let to = self.groups.partition_point(|group| group.first() <= Some(&high));
        self.groups[from..to.max(from)].iter().flat_map(move |group| {
            let from = group.leaves.partition_point(|leaf| leaf.last() < Some(&low));
            let to = group.leaves.partition_point(|leaf| leaf.first() <= Some(&high));
            group.leaves[from..to.max(from)].iter().map(move |leaf| {
                let from = leaf.partition_point(|entry| *entry < low);
                let to = leaf.partition_point(|entry| *entry <= high);
                &leaf[from..to.max(from)]
            })
        })
    }

    /// How many entries there are from `low` to `high`, both included.
    pub(crate) fn count(&self, low: T, high: T) -> usize {
        if high < low {
            return 0;
        }
        self.rank(|entry| *entry <= high) - self.rank(|entry| *entry < low)
    }

    /// How many entries come before the first one that is not `before`.
    fn rank(&self, before: impl Fn(&T) -> bool) -> usize {
        let place = self.groups.partition_point(|group| group.last().is_some_and(&before));
        let whole: usize = self.groups[..place].iter().map(|group| group.len).sum();
        let Some(group) = self.groups.get(place) else { return whole };
        let place = group.leaves.partition_point(|leaf| leaf.last().is_some_and(&before));
        let leaves: usize = group.leaves[..place].iter().map(|leaf| leaf.len()).sum();
        let part = group.leaves.get(place).map_or(0, |leaf| leaf.partition_point(&before));
        whole + leaves + part
    }
}

impl<T: Copy + Ord> Group<T> {
    fn first(&self) -> Option<&T> {
        self.leaves.first().and_then(|leaf| leaf.first())
    }

    fn last(&self) -> Option<&T> {
        self.leaves.last().and_then(|leaf| leaf.last())
    }

    fn insert(&mut self, entry: T) -> bool {
        let is_last = self.last() < Some(&entry);
        let place = self.leaves.partition_point(|leaf| leaf.last() < Some(&entry)).min(self.leaves.len() - 1);
        let leaf = Arc::make_mut(&mut self.leaves[place]);
        let Err(at) = leaf.binary_search(&entry) else { return false };
        if leaf.len() < LEAF {
            leaf.insert(at, entry);
        } else if is_last {
            // What comes in order leaves full leaves behind.
            self.leaves.push(Arc::new(vec![entry]));
        } else {
            let mut upper = leaf.split_off(LEAF / 2);
            if at <= LEAF / 2 {
                leaf.insert(at, entry)
            } else {
                upper.insert(at - LEAF / 2, entry)
            }
            self.leaves.insert(place + 1, Arc::new(upper));
        }
        self.len += 1;
        true
    }

    fn remove(&mut self, entry: T) -> bool {
        let place = self.leaves.partition_point(|leaf| leaf.last() < Some(&entry));
        let Some(leaf) = self.leaves.get_mut(place) else { return false };
        let leaf = Arc::make_mut(leaf);
        let Ok(at) = leaf.binary_search(&entry) else { return false };
        leaf.remove(at);
        if leaf.is_empty() {
            self.leaves.remove(place);
        }
        self.len -= 1;
        true
    }

    /// Takes the upper half of the leaves out.
    fn split(&mut self) -> Self {
        let leaves = self.leaves.split_off(self.leaves.len() / 2);
        let len = leaves.iter().map(|leaf| leaf.len()).sum();
        self.len -= len;
        Self { leaves, len }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn it_is_a_set_in_order_and_a_clone_keeps_what_it_had(
            start in proptest::collection::btree_set(0..40_000_u64, 0..2_000),
            changes in proptest::collection::vec((any::<bool>(), 0..40_000_u64), 0..2_000),
            ascending in any::<bool>(),
            (low, high) in (0..40_000_u64, 0..40_000_u64),
        ) {
            let sorted: Vec<_> = start.iter().copied().collect();
            let mut set = SortedSet::from_sorted(&sorted);
            let before = set.clone();
            let mut model = start.clone();
            for (place, (insert, entry)) in changes.into_iter().enumerate() {
                let entry = if ascending { 40_000 + place as u64 } else { entry };
                if insert { set.insert(entry); model.insert(entry); } else { set.remove(entry); model.remove(&entry); }
            }
            let all = |set: &SortedSet<u64>, low, high| set.range(low, high).flatten().copied().collect::<Vec<_>>();
            prop_assert_eq!(all(&set, 0, u64::MAX), model.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.len(), model.len());
            prop_assert_eq!(all(&before, 0, u64::MAX), sorted);
            let expected: Vec<_> =
                if low <= high { model.range(low..=high).copied().collect() } else { vec![] };
            prop_assert_eq!(set.count(low, high), expected.len());
            let backwards: Vec<_> = set.range(low, high).rev().flat_map(|slice| slice.iter().rev()).copied().collect();
            prop_assert_eq!(backwards.into_iter().rev().collect::<Vec<_>>(), all(&set, low, high));
            prop_assert_eq!(all(&set, low, high), expected);
        }

        #[test]
        fn what_is_taken_out_leaves_nothing(entries in proptest::collection::btree_set(any::<u64>(), 0..3_000)) {
            let mut set = SortedSet::from_sorted(&[]);
            entries.iter().for_each(|entry| set.insert(*entry));
            entries.iter().for_each(|entry| set.remove(*entry));
            prop_assert_eq!((set.len(), set.groups.len()), (0, 0));
            let _: BTreeSet<u64> = entries;
        }
    }
}
