//! An ordered map whose copies share what they have in common (a persistent AVL tree).
//!
//! Aggregates are copied before they are changed, and a listing can have ten thousand bids: a copy costs one
//! reference count here, and a change to it the few nodes on one path.

use std::cmp::Ordering;
use std::sync::Arc;

type Link<K, V> = Option<Arc<Node<K, V>>>;

const LEFT: usize = 0;
const RIGHT: usize = 1;

/// The map. Lookups and changes take O(log n), a clone O(1).
#[derive(Clone)]
pub(super) struct Tree<K, V> {
    root: Link<K, V>,
}

#[derive(Clone)]
struct Node<K, V> {
    key: K,
    value: V,
    height: u8,
    /// How many entries there are from here down.
    size: usize,
    children: [Link<K, V>; 2],
}

impl<K, V> Default for Tree<K, V> {
    fn default() -> Self {
        Self { root: None }
    }
}

impl<K: Ord + Clone, V: Clone> Tree<K, V> {
    pub(super) fn len(&self) -> usize {
        size(&self.root)
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let mut link = &self.root;
        while let Some(node) = link {
            link = match key.cmp(&node.key) {
                Ordering::Less => &node.children[LEFT],
                Ordering::Greater => &node.children[RIGHT],
                Ordering::Equal => return Some(&node.value),
            };
        }
        None
    }

    /// The value with this many smaller keys.
    pub(super) fn nth(&self, mut index: usize) -> Option<&V> {
        let mut link = &self.root;
        while let Some(node) = link {
            let before = size(&node.children[LEFT]);
            link = match index.cmp(&before) {
                Ordering::Less => &node.children[LEFT],
                Ordering::Equal => return Some(&node.value),
                Ordering::Greater => {
                    index -= before + 1;
                    &node.children[RIGHT]
                }
            };
        }
        None
    }

    /// The entry with the greatest key.
    pub(super) fn last(&self) -> Option<(&K, &V)> {
        let mut node = self.root.as_ref()?;
        while let Some(next) = &node.children[RIGHT] {
            node = next;
        }
        Some((&node.key, &node.value))
    }

    /// All entries by rising key; the first few cost O(log n).
    pub(super) fn iter(&self) -> Iter<'_, K, V> {
        let mut iter = Iter { path: Vec::with_capacity(usize::from(height(&self.root))) };
        iter.descend(&self.root);
        iter
    }

    /// Puts `value` under `key` and answers what was there.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        insert(&mut self.root, key, value)
    }

    /// Takes out what is under `key`.
    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        // Looked up first, so that removing nothing copies nothing.
        self.get(key)?;
        remove(&mut self.root, |other| key.cmp(other)).map(|(_, value)| value)
    }
}

/// Entries by rising key.
pub(super) struct Iter<'a, K, V> {
    path: Vec<&'a Node<K, V>>,
}

impl<'a, K, V> Iter<'a, K, V> {
    fn descend(&mut self, mut link: &'a Link<K, V>) {
        while let Some(node) = link {
            self.path.push(node);
            link = &node.children[LEFT];
        }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let node = self.path.pop()?;
        self.descend(&node.children[RIGHT]);
        Some((&node.key, &node.value))
    }
}

fn height<K, V>(link: &Link<K, V>) -> u8 {
    link.as_ref().map_or(0, |node| node.height)
}

fn size<K, V>(link: &Link<K, V>) -> usize {
    link.as_ref().map_or(0, |node| node.size)
}

fn insert<K: Ord + Clone, V: Clone>(link: &mut Link<K, V>, key: K, value: V) -> Option<V> {
    let Some(shared) = link else {
        *link = Some(Arc::new(Node { key, value, height: 1, size: 1, children: [None, None] }));
        return None;
    };
    let node = Arc::make_mut(shared);
    let replaced = match key.cmp(&node.key) {
        Ordering::Less => insert(&mut node.children[LEFT], key, value),
        Ordering::Greater => insert(&mut node.children[RIGHT], key, value),
        Ordering::Equal => return Some(std::mem::replace(&mut node.value, value)),
    };
    balance(shared);
    replaced
}

/// Takes out the entry that `compare` calls equal.
fn remove<K: Clone, V: Clone>(link: &mut Link<K, V>, compare: impl Fn(&K) -> Ordering) -> Option<(K, V)> {
    let shared = link.as_mut()?;
    let node = Arc::make_mut(shared);
    let removed = match compare(&node.key) {
        Ordering::Less => remove(&mut node.children[LEFT], compare),
        Ordering::Greater => remove(&mut node.children[RIGHT], compare),
        Ordering::Equal => {
            // The next greater entry moves up; without one, the left branch takes this node's place.
            let Some((key, value)) = remove_first(&mut node.children[RIGHT]) else {
                let (key, value) = (node.key.clone(), node.value.clone());
                *link = node.children[LEFT].take();
                return Some((key, value));
            };
            Some((std::mem::replace(&mut node.key, key), std::mem::replace(&mut node.value, value)))
        }
    };
    balance(shared);
    removed
}

fn remove_first<K: Clone, V: Clone>(link: &mut Link<K, V>) -> Option<(K, V)> {
    let shared = link.as_mut()?;
    let node = Arc::make_mut(shared);
    if node.children[LEFT].is_none() {
        let (key, value) = (node.key.clone(), node.value.clone());
        *link = node.children[RIGHT].take();
        return Some((key, value));
    }
    let first = remove_first(&mut node.children[LEFT]);
    balance(shared);
    first
}

/// Restores the invariant that two branches differ in height by one at most.
fn balance<K: Clone, V: Clone>(shared: &mut Arc<Node<K, V>>) {
    let node = Arc::make_mut(shared);
    measure(node);
    let [left, right] = [height(&node.children[LEFT]), height(&node.children[RIGHT])];
    let tall = match (left > right + 1, right > left + 1) {
        (true, _) => LEFT,
        (_, true) => RIGHT,
        _ => return,
    };
    if let Some(child) = &mut node.children[tall]
        && height(&child.children[1 - tall]) > height(&child.children[tall])
    {
        lift(child, 1 - tall);
    }
    lift(shared, tall);
}

/// Lifts the child on `side` into the place of its parent (a rotation).
fn lift<K: Clone, V: Clone>(shared: &mut Arc<Node<K, V>>, side: usize) {
    let parent = Arc::make_mut(shared);
    let Some(mut child) = parent.children[side].take() else { return };
    parent.children[side] = Arc::make_mut(&mut child).children[1 - side].take();
    measure(parent);
    std::mem::swap(shared, &mut child);
    let lifted = Arc::make_mut(shared);
    lifted.children[1 - side] = Some(child);
    measure(lifted);
}

fn measure<K, V>(node: &mut Node<K, V>) {
    let [left, right] = &node.children;
    node.height = height(left).max(height(right)) + 1;
    node.size = size(left) + size(right) + 1;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// The height of a branch, checked against the invariants on the way.
    fn checked<K: Ord + Clone, V>(link: &Link<K, V>) -> u8 {
        let Some(node) = link else { return 0 };
        let [left, right] = [checked(&node.children[LEFT]), checked(&node.children[RIGHT])];
        assert!(left.abs_diff(right) <= 1);
        assert_eq!(node.height, left.max(right) + 1);
        node.height
    }

    proptest! {
        #[test]
        fn it_holds_what_a_btree_map_holds_and_a_clone_stays_as_it_was(
            steps in prop::collection::vec((any::<bool>(), 0_u8..40, any::<u16>()), 0..200)
        ) {
            let (mut tree, mut model) = (Tree::default(), BTreeMap::new());
            for (insert, key, value) in steps {
                let (before, expected) = (tree.clone(), model.clone());
                if insert {
                    prop_assert_eq!(tree.insert(key, value), model.insert(key, value));
                } else {
                    prop_assert_eq!(tree.remove(&key), model.remove(&key));
                }
                checked(&tree.root);
                prop_assert!(tree.iter().eq(model.iter()));
                prop_assert!(before.iter().eq(expected.iter()));
                prop_assert_eq!(tree.len(), model.len());
                prop_assert!((0..=model.len()).map(|index| tree.nth(index)).eq((0..=model.len()).map(|index| model.values().nth(index))));
                prop_assert_eq!(tree.get(&key), model.get(&key));
                prop_assert_eq!(tree.last(), model.last_key_value());
            }
        }
    }

    #[test]
    fn a_change_to_a_copy_of_ten_thousand_entries_copies_one_path() {
        let mut tree = Tree::default();
        (0..10_000).for_each(|key| {
            tree.insert(key, ());
        });
        let mut copy = tree.clone();
        copy.insert(10_000, ());
        fn count_copied(one: &Link<i32, ()>, other: &Link<i32, ()>) -> usize {
            match (one, other) {
                (Some(one), Some(other)) if Arc::ptr_eq(one, other) => 0,
                (Some(one), Some(other)) => {
                    1 + count_copied(&one.children[LEFT], &other.children[LEFT])
                        + count_copied(&one.children[RIGHT], &other.children[RIGHT])
                }
                _ => 0,
            }
        }
        assert!(count_copied(&tree.root, &copy.root) <= 20);
    }
}
