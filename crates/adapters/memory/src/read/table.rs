//! The rows of one view: chunks that are copied when they change while a reader holds them, and an index by id.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use portolan_kernel::{Error, Position, Result, Version, View};

use crate::index::{Built, Declared};

/// Rows of one chunk: what is copied when a row changes under a reader.
const CHUNK_ROWS: usize = 64;

/// Chunks of one group: what is copied with it, as pointers.
const GROUP_CHUNKS: usize = 128;

/// A place for a row.
#[derive(Debug, Clone)]
pub(crate) struct Slot<V> {
    /// The version of the row's source.
    pub(crate) version: Version,
    /// The row; `None` where the place is free.
    pub(crate) view: Option<V>,
}

/// Some places for rows that are looked at together, 64 at the most.
pub(crate) trait Places<'a, V>: Copy {
    /// How many there are.
    fn count(self) -> usize;

    /// The one in this order, from 0.
    fn slot(self, place: usize) -> Option<&'a Slot<V>>;
}

/// Places that lie together.
impl<'a, V> Places<'a, V> for &'a [Slot<V>] {
    fn count(self) -> usize {
        self.len()
    }

    #[inline]
    fn slot(self, place: usize) -> Option<&'a Slot<V>> {
        self.get(place)
    }
}

/// Places with these numbers.
pub(crate) struct Numbered<'a, V> {
    rows: &'a Rows<V>,
    numbers: &'a [u32],
}

impl<V> Clone for Numbered<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Numbered<'_, V> {}

impl<'a, V> Places<'a, V> for Numbered<'a, V> {
    fn count(self) -> usize {
        self.numbers.len()
    }

    #[inline]
    fn slot(self, place: usize) -> Option<&'a Slot<V>> {
        self.rows.slot(*self.numbers.get(place)?)
    }
}

type Chunk<V> = [Slot<V>];
type Group<V> = Vec<Arc<Chunk<V>>>;

/// One state of all rows. A clone shares them; whichever side changes a chunk copies that one first.
#[derive(Clone)]
pub(crate) struct Rows<V> {
    groups: Vec<Arc<Group<V>>>,
    slots: usize,
    live: usize,
    position: Position,
}

impl<V> Rows<V> {
    /// Every event up to here is in the rows.
    pub(crate) const fn position(&self) -> Position {
        self.position
    }

    /// How many rows there are.
    pub(crate) const fn live(&self) -> usize {
        self.live
    }

    /// The places of all rows, some together, in parts that are small enough for one turn of a task.
    pub(crate) fn parts(&self) -> impl Iterator<Item = impl Iterator<Item = impl Places<'_, V>>> {
        self.groups.iter().map(|group| group.iter().map(|chunk| &**chunk))
    }

    /// The places with these numbers, in such parts.
    pub(crate) fn chosen<'a>(
        &'a self,
        numbers: &'a [u32],
    ) -> impl Iterator<Item = impl Iterator<Item = impl Places<'a, V>>> {
        let parts = numbers.chunks(CHUNK_ROWS * GROUP_CHUNKS);
        parts.map(|part| part.chunks(CHUNK_ROWS).map(|numbers| Numbered { rows: self, numbers }))
    }

    /// The row with this number.
    pub(crate) fn row(&self, number: u32) -> Option<(&V, Version)> {
        let slot = self.slot(number)?;
        slot.view.as_ref().map(|view| (view, slot.version))
    }

    /// The rows with their numbers.
    fn numbered(&self) -> impl Iterator<Item = (u32, &V)> {
        let slots = self.groups.iter().flat_map(|group| group.iter().flat_map(|chunk| chunk.iter()));
        // There are no more slots than numbers.
        (0..).zip(slots).filter_map(|(number, slot)| slot.view.as_ref().map(|view| (number, view)))
    }

    fn slot(&self, number: u32) -> Option<&Slot<V>> {
        let (group, chunk, place) = place(number as usize);
        self.groups.get(group)?.get(chunk)?.get(place)
    }
}

impl<V: Clone> Rows<V> {
    fn slot_mut(&mut self, number: u32) -> Option<&mut Slot<V>> {
        let (group, chunk, place) = place(number as usize);
        let group = Arc::make_mut(self.groups.get_mut(group)?);
        Arc::make_mut(group.get_mut(chunk)?).get_mut(place)
    }

    fn push(&mut self, slot: Slot<V>) {
        let (group, chunk, place) = place(self.slots);
        if group == self.groups.len() {
            self.groups.push(Arc::new(Group::with_capacity(GROUP_CHUNKS)));
        }
        let Some(group) = self.groups.get_mut(group).map(Arc::make_mut) else { return };
        if chunk == group.len() {
            group.push((0..CHUNK_ROWS).map(|_| Slot { version: Version::ZERO, view: None }).collect());
        }
        let Some(chunk) = group.get_mut(chunk).map(Arc::make_mut) else { return };
        chunk[place] = slot;
        self.slots += 1;
    }
}

/// Which group, which chunk of it, and which place in that.
const fn place(number: usize) -> (usize, usize, usize) {
    (number / (CHUNK_ROWS * GROUP_CHUNKS), number / CHUNK_ROWS % GROUP_CHUNKS, number % CHUNK_ROWS)
}

/// Where a row is. With its hash beside it, the index grows without a look at any row.
struct Entry {
    hash: u32,
    number: u32,
}

impl Entry {
    /// The index takes bits from both ends of a hash.
    const fn spread(hash: u32) -> u64 {
        (hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// One state of a view, for a reader to keep: its rows, and the indexes that were built by then.
pub(crate) struct Snapshot<V: View> {
    pub(crate) rows: Arc<Rows<V>>,
    pub(crate) declared: Arc<Declared<V>>,
    built: Vec<Option<Arc<Built>>>,
}

impl<V: View> Snapshot<V> {
    /// The index in this place of the declaration, if it is built.
    pub(crate) fn built(&self, index: usize) -> Option<&Built> {
        self.built.get(index)?.as_deref()
    }

    /// Makes the index in this place of the declaration, over these rows.
    pub(crate) fn build(&self, index: usize) -> Option<Built> {
        let index = self.declared.indexes.get(index)?;
        Some(self.declared.build(index, self.rows.numbered()))
    }

    /// Each index that is built, with the bytes that it takes.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (String, usize)> {
        let built = self.declared.indexes.iter().zip(&self.built);
        built.filter_map(|(index, built)| Some((index.to_string(), built.as_ref()?.bytes())))
    }
}

/// How far an index has come.
enum Building {
    /// Nobody has asked for it yet.
    NotBegun,
    /// It is being built from a snapshot; these rows have changed since.
    Begun(HashSet<u32>),
    /// It is kept right with every change.
    Built(Arc<Built>),
}

/// The rows with what finds and frees them: the writer's side of a view.
pub(crate) struct Table<V: View> {
    rows: Arc<Rows<V>>,
    declared: Arc<Declared<V>>,
    /// One for each that is declared.
    indexes: Vec<Building>,
    /// The live rows by the hash of their ids; the id itself is in the row.
    by_id: HashTable<Entry>,
    hasher: RandomState,
    free: Vec<u32>,
    /// Whether a batch was begun and not ended.
    is_half_applied: bool,
}

impl<V: View> Table<V> {
    pub(crate) fn new() -> Self {
        let rows = Rows { groups: Vec::new(), slots: 0, live: 0, position: Position::ZERO };
        let declared = Declared::new();
        Self {
            rows: Arc::new(rows),
            indexes: declared.indexes.iter().map(|_| Building::NotBegun).collect(),
            declared: Arc::new(declared),
            by_id: HashTable::new(),
            hasher: RandomState::new(),
            free: Vec::new(),
            is_half_applied: false,
        }
    }

    /// The view as it is now, for a reader to keep.
    pub(crate) fn snapshot(&self) -> Snapshot<V> {
        let built = self.indexes.iter().map(|index| match index {
            Building::Built(built) => Some(Arc::clone(built)),
            Building::NotBegun | Building::Begun(_) => None,
        });
        Snapshot {
            rows: Arc::clone(&self.rows),
            declared: Arc::clone(&self.declared),
            built: built.collect(),
        }
    }

    /// The view to build this index from; `None` where somebody else builds it, or has.
    pub(crate) fn begin_index(&mut self, index: usize) -> Option<Snapshot<V>> {
        let building = self.indexes.get_mut(index).filter(|index| matches!(index, Building::NotBegun))?;
        *building = Building::Begun(HashSet::new());
        Some(self.snapshot())
    }

    /// Takes over an index that was built from this snapshot, and brings it up to now.
    pub(crate) fn end_index(&mut self, index: usize, from: &Snapshot<V>, built: Built) {
        let Some(Building::Begun(touched)) = self.indexes.get_mut(index) else { return };
        // After a reset the rows are others, with the same numbers.
        if !Arc::ptr_eq(&self.declared, &from.declared) {
            return;
        }
        let touched = std::mem::take(touched);
        let mut built = Arc::new(built);
        if let Some(declared) = self.declared.indexes.get(index) {
            for number in touched {
                let (before, after) = (row_of(&from.rows, number), row_of(&self.rows, number));
                self.declared.change(declared, &mut built, number, before, after);
            }
        }
        self.indexes[index] = Building::Built(built);
    }

    /// Keeps the indexes right after a row has changed.
    fn reindex(&mut self, number: u32, before: Option<&V>) {
        let after = row_of(&self.rows, number);
        for (declared, index) in self.declared.indexes.iter().zip(&mut self.indexes) {
            match index {
                Building::NotBegun => {}
                Building::Begun(touched) => drop(touched.insert(number)),
                Building::Built(built) => self.declared.change(declared, built, number, before, after),
            }
        }
    }

    fn has_indexes(&self) -> bool {
        !self.indexes.iter().all(|index| matches!(index, Building::NotBegun))
    }

    /// The row with this id.
    pub(crate) fn get(&self, id: &V::Id) -> Option<(&V, Version)> {
        let slot = self.rows.slot(self.find(id)?)?;
        slot.view.as_ref().map(|view| (view, slot.version))
    }

    /// Lets `change` at the row with this id, and takes over what it leaves there; where the row is at `version`
    /// already, or beyond, nothing happens.
    pub(crate) fn change(
        &mut self,
        id: V::Id,
        version: Version,
        change: impl FnOnce(&mut Option<V>),
    ) -> Result<()> {
        let Some(number) = self.find(&id) else {
            return self.start(id, version, change);
        };
        let has_indexes = self.has_indexes();
        let rows = Arc::make_mut(&mut self.rows);
        let Some(slot) = rows.slot_mut(number) else { return Ok(()) };
        if version <= slot.version {
            return Ok(());
        }
        let before = if has_indexes { slot.view.clone() } else { None };
        slot.version = version;
        change(&mut slot.view);
        let is_removed = slot.view.is_none();
        if is_removed {
            rows.live -= 1;
        }
        if has_indexes {
            self.reindex(number, before.as_ref());
        }
        if is_removed {
            self.forget(&id, number);
        }
        Ok(())
    }

    /// From here to [`end`](Self::end) no reader may look, whatever happens in between.
    pub(crate) const fn begin(&mut self) {
        self.is_half_applied = true;
    }

    /// Moves on to where the batch ends; never back.
    pub(crate) fn end(&mut self, to: Position) -> Position {
        let rows = Arc::make_mut(&mut self.rows);
        rows.position = rows.position.max(to);
        self.is_half_applied = false;
        rows.position
    }

    pub(crate) const fn is_half_applied(&self) -> bool {
        self.is_half_applied
    }

    /// Every event up to here is in the rows.
    pub(crate) fn position(&self) -> Position {
        self.rows.position
    }

    fn start(&mut self, id: V::Id, version: Version, change: impl FnOnce(&mut Option<V>)) -> Result<()> {
        let mut view = None;
        change(&mut view);
        let Some(view) = view else { return Ok(()) };
        if view.id() != id {
            return Err(Error::Invalid(format!(
                "the projector of `{}` made a row with the id {} for an event about {id}",
                V::NAME,
                view.id()
            )));
        }
        self.insert(&id, Slot { version, view: Some(view) })
    }

    fn insert(&mut self, id: &V::Id, slot: Slot<V>) -> Result<()> {
        let rows = Arc::make_mut(&mut self.rows);
        let number = match self.free.pop() {
            Some(number) => {
                if let Some(free) = rows.slot_mut(number) {
                    *free = slot;
                }
                number
            }
            None => {
                let number =
                    u32::try_from(rows.slots).map_err(|_| Error::Full(format!("the view `{}`", V::NAME)))?;
                rows.push(slot);
                number
            }
        };
        rows.live += 1;
        let hash = self.hash(id);
        self.by_id
            .insert_unique(Entry::spread(hash), Entry { hash, number }, |entry| Entry::spread(entry.hash));
        if self.has_indexes() {
            self.reindex(number, None);
        }
        Ok(())
    }

    fn find(&self, id: &V::Id) -> Option<u32> {
        let hash = self.hash(id);
        let is_it = |entry: &Entry| {
            entry.hash == hash && row_of(&self.rows, entry.number).is_some_and(|row: &V| row.id() == *id)
        };
        self.by_id.find(Entry::spread(hash), is_it).map(|entry| entry.number)
    }

    /// Takes the number out of the index; its row is gone already.
    fn forget(&mut self, id: &V::Id, number: u32) {
        let hash = Entry::spread(self.hash(id));
        if let Ok(entry) = self.by_id.find_entry(hash, |entry| entry.number == number) {
            entry.remove();
            self.free.push(number);
        }
    }

    fn hash(&self, id: &V::Id) -> u32 {
        // The lower half of a hash is as good as all of it.
        self.hasher.hash_one(id) as u32
    }
}

fn row_of<V>(rows: &Rows<V>, number: u32) -> Option<&V> {
    rows.slot(number).and_then(|slot| slot.view.as_ref())
}
