//! The check of a store: the journal is replayed and compared with what is stored.

use std::sync::Arc;

use portolan_kernel::{Position, Result};

use crate::finding::{Check, Checked, Finding};

use super::{Conn, Fault, Store, engine, heads};

mod aggregates;
mod difference;
mod events;
mod rows;

/// How many sentences about the file itself, and how many orphans of a table, are told at the most.
const TOLD: usize = 100;

impl Store {
    /// Replays the journal up to its present head and compares it with the stored state. Every difference and the
    /// progress are told as they come, so that memory stays bounded: histories are held page by page.
    ///
    /// It reads many short snapshots, so that it can run beside the service without holding up its log; each
    /// aggregate is compared within one snapshot, together with others. No finding holds a value of the state, only the names of fields.
    ///
    /// # Errors
    /// [`Error::Unavailable`](portolan_kernel::Error::Unavailable) where the store cannot be read at all.
    pub async fn check(&self, tell: impl FnMut(Check) + Send) -> Result<Checked> {
        let mut checking = Checking { store: self, tell, checked: Checked::default() };
        checking.file().await?;
        let head = self.read_with(heads::last_position).await?;
        checking.events(head).await?;
        checking.aggregates().await?;
        checking.rows().await?;
        Ok(checking.checked)
    }
}

/// A check in progress.
struct Checking<'a, T> {
    store: &'a Store,
    tell: T,
    checked: Checked,
}

impl<T: FnMut(Check) + Send> Checking<'_, T> {
    /// What the engine says about its own structures.
    async fn file(&mut self) -> Result<()> {
        let said = self.store.read_with(|conn| Ok(engine::verify(conn, TOLD)?)).await?;
        self.found(said.into_iter().map(Finding::Damaged));
        Ok(())
    }

    /// Every event by its position, with the record of its command.
    async fn events(&mut self, head: Position) -> Result<()> {
        let mut seen = events::Seen::default();
        while seen.position < head {
            let clock = self.store.0.clock.clone();
            let page =
                move |conn: &mut Conn| engine::snapshot(conn, |conn| events::page(conn, seen, &*clock));
            let (next, findings) = self.store.read_with(page).await?;
            self.found(findings);
            if next.position == seen.position {
                self.found([Finding::PositionGap { after: seen.position, before: head.plus(1) }]);
                break;
            }
            seen = next;
            self.checked.events = seen.events;
            (self.tell)(Check::Progress { position: seen.position, head });
        }
        Ok(())
    }

    /// Every aggregate that ever had an event.
    async fn aggregates(&mut self) -> Result<()> {
        let mut after = None;
        loop {
            let keeping = Arc::clone(&self.store.0.keeping);
            let page = move |conn: &mut Conn| {
                engine::snapshot(conn, |conn| aggregates::page(conn, after.as_ref(), &keeping))
            };
            let page = self.store.read_with(page).await?;
            self.checked.aggregates += page.aggregates;
            self.found(page.findings);
            after = page.last;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Every row that no event accounts for.
    async fn rows(&mut self) -> Result<()> {
        for name in self.store.0.keeping.types() {
            let orphans = {
                let keeping = Arc::clone(&self.store.0.keeping);
                self.store.read_with(move |conn| keeping.orphans(conn, name, TOLD)).await?
            };
            self.found(orphans.into_iter().map(Finding::Orphan));
            let mut after = None;
            loop {
                let keeping = Arc::clone(&self.store.0.keeping);
                let page = move |conn: &mut Conn| {
                    engine::snapshot(conn, |conn| rows::page(conn, name, &keeping, after))
                };
                let (next, findings) = self.store.read_with(page).await?;
                self.found(findings);
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    fn found(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            self.checked.findings += 1;
            (self.tell)(Check::Found(finding));
        }
    }
}

/// What a port would answer, in words: for a row that cannot be read.
fn said(fault: &Fault) -> String {
    fault.at(&"the store").to_string()
}
