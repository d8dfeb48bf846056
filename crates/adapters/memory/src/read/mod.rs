//! Read models: rows in chunks that readers share with the writer until it changes them.

pub(crate) mod projection;
pub(crate) mod repository;
pub(crate) mod scan;
pub(crate) mod table;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use portolan_kernel::{Error, Position, Result, View};
use tokio::sync::watch;

use self::projection::MemoryProjection;
use self::repository::MemoryView;
use self::table::Table;

/// A read model in memory, empty: the side that answers, and the side that `projector` fills from the journal as
/// the subscription `name`.
#[must_use]
pub fn view<V: View, P>(name: impl Into<String>, projector: P) -> (MemoryView<V>, MemoryProjection<V, P>) {
    let model = Arc::new(Model { table: RwLock::new(Table::new()), indexed: watch::Sender::new(()) });
    let (announce, announced) = watch::channel(Position::ZERO);
    let answering = MemoryView::new(Arc::clone(&model), announced);
    (answering, MemoryProjection::new(name.into(), model, projector, announce))
}

/// What both sides share.
struct Model<V: View> {
    table: RwLock<Table<V>>,
    /// Says that an index was built, or that it was tried.
    indexed: watch::Sender<()>,
}

impl<V: View> Model<V> {
    fn read(&self) -> Result<RwLockReadGuard<'_, Table<V>>> {
        // Whether a panic left half a batch behind the table knows itself.
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        if table.is_half_applied() { Err(half_applied::<V>()) } else { Ok(table) }
    }

    fn write(&self) -> Result<RwLockWriteGuard<'_, Table<V>>> {
        let table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        if table.is_half_applied() { Err(half_applied::<V>()) } else { Ok(table) }
    }

    /// Builds the index from the rows as they are now, and keeps it right from then on. Readers and the writer go on
    /// meanwhile.
    fn build(&self, index: usize) {
        let begun = self.write().ok().and_then(|mut table| table.begin_index(index));
        if let Some(from) = begun
            && let Some(built) = from.build(index)
            && let Ok(mut table) = self.write()
        {
            table.end_index(index, &from, built);
        }
        self.indexed.send_replace(());
    }

    /// Starts over, whatever was there.
    fn clear(&self) {
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = Table::new();
    }
}

fn half_applied<V: View>() -> Error {
    Error::unavailable(format!(
        "the view `{}` stopped in the middle of a batch, because its projector failed; reset it",
        V::NAME
    ))
}
