//! The rows of one view: chunks that are copied when they change while a reader holds them, and an index by id.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use portolan_kernel::{Error, Position, Result, Version, View};

/// Rows of one chunk: what is copied when a row changes under a reader.
const CHUNK_ROWS: usize = 64;

/// Chunks of one group: what is copied with it, as pointers.
const GROUP_CHUNKS: usize = 128;

/// A place for a row.
#[derive(Debug, Clone)]
pub(super) struct Slot<V> {
    /// The version of the row's source.
    pub(super) version: Version,
    /// The row; `None` where the place is free.
    pub(super) view: Option<V>,
}

type Chunk<V> = [Slot<V>];
type Group<V> = Vec<Arc<Chunk<V>>>;

/// One state of all rows. A clone shares them; whichever side changes a chunk copies that one first.
#[derive(Clone)]
pub(super) struct Rows<V> {
    groups: Vec<Arc<Group<V>>>,
    slots: usize,
    live: usize,
    position: Position,
}

impl<V> Rows<V> {
    /// Every event up to here is in the rows.
    pub(super) const fn position(&self) -> Position {
        self.position
    }

    /// How many rows there are.
    pub(super) const fn live(&self) -> usize {
        self.live
    }

    /// The rows, in parts that are small enough for one turn of a task.
    pub(super) fn parts(&self) -> impl Iterator<Item = impl Iterator<Item = (&V, Version)>> {
        self.groups.iter().map(|group| {
            let slots = group.iter().flat_map(|chunk| chunk.iter());
            slots.filter_map(|slot| slot.view.as_ref().map(|view| (view, slot.version)))
        })
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

/// The rows with what finds and frees them: the writer's side of a view.
pub(super) struct Table<V: View> {
    rows: Arc<Rows<V>>,
    /// The live rows by the hash of their ids; the id itself is in the row.
    by_id: HashTable<Entry>,
    hasher: RandomState,
    free: Vec<u32>,
    /// The last versions of rows that were removed, so that an old event does not bring one back.
    removed: HashMap<V::Id, Version>,
    /// Whether a batch was begun and not ended.
    is_half_applied: bool,
}

impl<V: View> Table<V> {
    pub(super) fn new() -> Self {
        let rows = Rows { groups: Vec::new(), slots: 0, live: 0, position: Position::ZERO };
        Self {
            rows: Arc::new(rows),
            by_id: HashTable::new(),
            hasher: RandomState::new(),
            free: Vec::new(),
            removed: HashMap::new(),
            is_half_applied: false,
        }
    }

    /// The rows as they are now, for a reader to keep.
    pub(super) fn snapshot(&self) -> Arc<Rows<V>> {
        Arc::clone(&self.rows)
    }

    /// The row with this id.
    pub(super) fn get(&self, id: &V::Id) -> Option<(&V, Version)> {
        let slot = self.rows.slot(self.find(id)?)?;
        slot.view.as_ref().map(|view| (view, slot.version))
    }

    /// Lets `change` at the row with this id, and takes over what it leaves there; where the row is at `version`
    /// already, or beyond, nothing happens.
    pub(super) fn change(
        &mut self,
        id: V::Id,
        version: Version,
        change: impl FnOnce(&mut Option<V>),
    ) -> Result<()> {
        let Some(number) = self.find(&id) else {
            return self.start(id, version, change);
        };
        let rows = Arc::make_mut(&mut self.rows);
        let Some(slot) = rows.slot_mut(number) else { return Ok(()) };
        if version <= slot.version {
            return Ok(());
        }
        slot.version = version;
        change(&mut slot.view);
        if slot.view.is_none() {
            rows.live -= 1;
            self.forget(&id, number);
            self.removed.insert(id, version);
        }
        Ok(())
    }

    /// From here to [`end`](Self::end) no reader may look, whatever happens in between.
    pub(super) const fn begin(&mut self) {
        self.is_half_applied = true;
    }

    /// Moves on to where the batch ends; never back.
    pub(super) fn end(&mut self, to: Position) -> Position {
        let rows = Arc::make_mut(&mut self.rows);
        rows.position = rows.position.max(to);
        self.is_half_applied = false;
        rows.position
    }

    pub(super) const fn is_half_applied(&self) -> bool {
        self.is_half_applied
    }

    /// Every event up to here is in the rows.
    pub(super) fn position(&self) -> Position {
        self.rows.position
    }

    fn start(&mut self, id: V::Id, version: Version, change: impl FnOnce(&mut Option<V>)) -> Result<()> {
        if self.removed.get(&id).is_some_and(|removed| version <= *removed) {
            return Ok(());
        }
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
        self.insert(&id, Slot { version, view: Some(view) })?;
        self.removed.remove(&id);
        Ok(())
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
