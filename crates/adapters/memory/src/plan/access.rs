//! Which rows a specification can be about, as far as indexes tell: never fewer than it selects.

use portolan_kernel::specification::{
    Comparison, Field, Node, Part, Path, Predicate, Quantified, Quantifier, Test, Type,
};
use portolan_kernel::{IndexKind, View};

use crate::index::{self, Built, SortedSet, posting};
use crate::read::table::Snapshot;

/// An entry of an index costs this much less than a look at a row.
const LOOK: usize = 32;

/// A way to rows through indexes.
#[derive(Debug)]
pub(super) enum Access {
    /// The rows with any of these keys, in a hash index.
    Hash { index: usize, keys: Vec<u32> },
    /// The rows with all of these words; a word that no row has has no number. Exact where the index is not one of
    /// elements.
    Words { index: usize, numbers: Option<Vec<u32>> },
    /// The rows whose keys are between these, both included, in an ordered index.
    Range { index: usize, low: u64, high: u64 },
    /// The rows without a value in an ordered index.
    Nulls { index: usize },
    /// The rows in all of these.
    All(Vec<Self>),
    /// The rows in any of these; none for none.
    Any(Vec<Self>),
}

/// What is looked for while ways are found.
pub(super) struct Ways<'a, V: View> {
    pub(super) snapshot: &'a Snapshot<V>,
    /// Indexes that would serve and are not built.
    pub(super) missing: Vec<usize>,
}

impl<V: View> Ways<'_, V> {
    /// The way to the rows that the node selects, and perhaps others; `None` where no index narrows them.
    pub(super) fn by_node(&mut self, node: &Node, within: Option<&'static Field>) -> Option<Access> {
        match node {
            node if node.is_nothing() => Some(Access::Any(Vec::new())),
            Node::Everything | Node::Not(_) => None,
            Node::And(nodes) => {
                let mut ways: Vec<_> = nodes.iter().filter_map(|node| self.by_node(node, within)).collect();
                match ways.len() {
                    0 | 1 => ways.pop(),
                    _ => Some(Access::All(ways)),
                }
            }
            Node::Or(nodes) => {
                // All are asked, so that every index that is missing is known.
                let ways: Vec<_> = nodes.iter().map(|node| self.by_node(node, within)).collect();
                ways.into_iter().collect::<Option<Vec<_>>>().map(Access::Any)
            }
            Node::Quantified(Quantified { quantifier: Quantifier::Any, collection, inner })
                if within.is_none() =>
            {
                self.by_node(inner, Some(collection))
            }
            Node::Quantified(_) => None,
            Node::Predicate(predicate) => self.by_predicate(predicate, within),
        }
    }

    fn by_predicate(
        &mut self,
        Predicate { path, test }: &Predicate,
        within: Option<&'static Field>,
    ) -> Option<Access> {
        match test {
            Test::Compare(Comparison::Eq, value) => {
                let operand = std::slice::from_ref(value);
                self.by_members(*path, within, operand)
            }
            Test::In(members) => self.by_members(*path, within, members.values()),
            Test::IsNull => {
                if let Some(index) = self.index(IndexKind::Hash, *path, within) {
                    let null = portolan_kernel::specification::Value::Null;
                    return Some(Access::Hash { index, keys: vec![self.snapshot.declared.hash(&null)] });
                }
                self.index(IndexKind::Ordered, *path, within).map(|index| Access::Nulls { index })
            }
            Test::Compare(Comparison::Neq, _) => None,
            Test::Compare(comparison, value) => {
                let index = self.index(IndexKind::Ordered, *path, within)?;
                let key = index::point(value)?;
                let (low, high) = match comparison {
                    Comparison::Lt | Comparison::Lte => (0, key),
                    _ => (key, u64::MAX),
                };
                Some(Access::Range { index, low, high })
            }
            Test::StartsWith(text) => {
                let index = self.index(IndexKind::Ordered, *path, within)?;
                let (low, high) = index::start(text);
                Some(Access::Range { index, low, high })
            }
            Test::Search(words) if !words.words().is_empty() => {
                let index = self.index(IndexKind::Words, *path, within)?;
                let Built::Words { dictionary, .. } = self.snapshot.built(index)? else { return None };
                let numbers = words.words().iter().map(|word| dictionary.number(word)).collect();
                Some(Access::Words { index, numbers })
            }
            _ => None,
        }
    }

    fn by_members(
        &mut self,
        path: Path,
        within: Option<&'static Field>,
        values: &[portolan_kernel::specification::Value],
    ) -> Option<Access> {
        if let Some(index) = self.index(IndexKind::Hash, path, within) {
            let mut keys: Vec<_> = values.iter().map(|value| self.snapshot.declared.hash(value)).collect();
            keys.sort_unstable();
            keys.dedup();
            return Some(Access::Hash { index, keys });
        }
        let index = self.index(IndexKind::Ordered, path, within)?;
        let mut ways = values.iter().map(|value| match index::point(value) {
            Some(key) => Access::Range { index, low: key, high: key },
            None => Access::Nulls { index },
        });
        if values.len() == 1 { ways.next() } else { Some(Access::Any(ways.collect())) }
    }

    /// The built index of this kind on this path. One that is declared and not built is noted as missing.
    fn index(&mut self, kind: IndexKind, path: Path, within: Option<&'static Field>) -> Option<usize> {
        let mut declared = self.snapshot.declared.indexes.iter();
        let which = declared.position(|index| {
            index.kind() == kind && index.within() == within && serves(kind, index.path(), path)
        })?;
        if self.snapshot.built(which).is_some() {
            return Some(which);
        }
        self.missing.push(which);
        None
    }
}

/// Whether an index on one path knows something of the other. An ordered one on the amount of money also tells
/// which rows can compare with money.
fn serves(kind: IndexKind, of: Path, asked: Path) -> bool {
    of == asked
        || (kind == IndexKind::Ordered
            && of.field == asked.field
            && of.part == Part::Amount
            && asked.part == Part::Whole
            && asked.value_type() == Type::Money)
}

/// What a way costs, and where it leads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Estimate {
    /// Entries of indexes that are read.
    pub(super) entries: usize,
    /// Rows that are found.
    pub(super) rows: usize,
}

impl Estimate {
    /// Of what is in all of these, among so many rows. Those that are not worth reading are not read.
    fn of_all(mut parts: Vec<Self>, all: usize) -> Self {
        parts.sort_unstable_by_key(|part| part.rows);
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or(Self { entries: 0, rows: 0 });
        parts.fold(first, |Self { entries, rows }, part| match is_worth_reading(part.entries, rows) {
            true => Self { entries: entries + part.entries, rows: product(rows, part.rows, all) },
            false => Self { entries, rows },
        })
    }
}

/// Whether a list of so many entries is worth intersecting with so many rows, rather than testing the rows.
pub(super) const fn is_worth_reading(entries: usize, rows: usize) -> bool {
    entries / LOOK <= rows
}

const fn product(left: usize, right: usize, all: usize) -> usize {
    let all = if all == 0 { 1 } else { all };
    (left as u128 * right as u128 / all as u128) as usize + 1
}

impl Access {
    /// How much of indexes it reads, and to how many rows it leads. Conditions are taken to be independent of each
    /// other, because nothing better is known.
    pub(super) fn estimate<V: View>(&self, snapshot: &Snapshot<V>) -> Estimate {
        let alone = |entries| Estimate { entries, rows: entries };
        let listed = |postings: &SortedSet<u64>, key| postings.count(posting(key, 0), posting(key, u32::MAX));
        match self {
            Self::Hash { index, keys } => match snapshot.built(*index) {
                Some(Built::Hash(postings)) => alone(keys.iter().map(|key| listed(postings, *key)).sum()),
                _ => alone(0),
            },
            Self::Words { index, numbers } => match (snapshot.built(*index), numbers) {
                (Some(Built::Words { postings, .. }), Some(numbers)) => {
                    let parts = numbers.iter().map(|number| alone(listed(postings, *number))).collect();
                    Estimate::of_all(parts, snapshot.rows.live())
                }
                _ => alone(0),
            },
            Self::Range { index, low, high } => match snapshot.built(*index) {
                Some(Built::Ordered { values, .. }) => alone(values.count((*low, 0), (*high, u32::MAX))),
                _ => alone(0),
            },
            Self::Nulls { index } => match snapshot.built(*index) {
                Some(Built::Ordered { nulls, .. }) => alone(nulls.len()),
                _ => alone(0),
            },
            Self::All(ways) => Estimate::of_all(
                ways.iter().map(|way| way.estimate(snapshot)).collect(),
                snapshot.rows.live(),
            ),
            Self::Any(ways) => {
                let parts = ways.iter().map(|way| way.estimate(snapshot));
                parts.fold(alone(0), |sum, part| Estimate {
                    entries: sum.entries + part.entries,
                    rows: sum.rows + part.rows,
                })
            }
        }
    }

    /// Whether it leads to no row that its specification does not select, so that nothing is left to test.
    pub(super) fn is_exact<V: View>(&self, snapshot: &Snapshot<V>) -> bool {
        match self {
            Self::Words { index, .. } => {
                snapshot.declared.indexes.get(*index).is_some_and(|index| index.within().is_none())
            }
            _ => false,
        }
    }

    /// The indexes that it uses.
    pub(super) fn indexes(&self) -> Vec<usize> {
        let mut used = match self {
            Self::Hash { index, .. }
            | Self::Words { index, .. }
            | Self::Range { index, .. }
            | Self::Nulls { index } => vec![*index],
            Self::All(ways) | Self::Any(ways) => ways.iter().flat_map(Self::indexes).collect(),
        };
        used.sort_unstable();
        used.dedup();
        used
    }
}
