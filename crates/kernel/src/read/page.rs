//! Pages: how many rows, after which one, and what comes back.

use super::cursor::Cursor;
use super::view::Row;
use crate::{Error, Position, Result};

/// How many rows are answered at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(Option<usize>);

impl PageSize {
    /// The most rows of one page.
    pub const MAX: usize = 200;

    /// The size where none was asked for.
    pub const DEFAULT: Self = Self(Some(50));

    /// Every row at once, for a caller in this process that holds them all, like a program on the command line.
    /// Never for a caller over the network.
    pub const EVERYTHING: Self = Self(None);

    /// A page of this many rows.
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0 and past [`PageSize::MAX`].
    pub fn new(rows: usize) -> Result<Self> {
        if rows == 0 || rows > Self::MAX {
            return Err(Error::Invalid(format!("a page has 1 to {} rows, not {rows}", Self::MAX)));
        }
        Ok(Self(Some(rows)))
    }

    /// This many rows without the limit of a page, for callers as of [`PageSize::EVERYTHING`].
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0.
    pub fn unlimited(rows: usize) -> Result<Self> {
        if rows == 0 {
            return Err(Error::Invalid("0 rows are nothing to ask for; the least is 1".to_owned()));
        }
        Ok(Self(Some(rows)))
    }

    /// The number of rows; `None` for every row.
    #[must_use]
    pub const fn rows(self) -> Option<usize> {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageRequest {
    /// How many rows.
    pub size: PageSize,
    /// Behind which row; from the first one without.
    pub after: Option<Cursor>,
}

impl PageRequest {
    /// The first page of this size.
    #[must_use]
    pub const fn first(size: PageSize) -> Self {
        Self { size, after: None }
    }

    /// Every row, as [`PageSize::EVERYTHING`].
    #[must_use]
    pub const fn everything() -> Self {
        Self::first(PageSize::EVERYTHING)
    }

    /// The page of the same size behind this place.
    #[must_use]
    pub fn after(self, cursor: Cursor) -> Self {
        Self { after: Some(cursor), ..self }
    }
}

/// The rows of one page, and their number where it was asked for: all of one state of the read model.
#[derive(Debug)]
pub struct Page<V> {
    /// The rows, in the order asked for.
    pub rows: Vec<Row<V>>,
    /// Where the next page begins; `None` where there are no more rows.
    pub next: Option<Cursor>,
    /// How far the read model was: every event up to this position is in it.
    pub position: Position,
    /// How many rows satisfy the criteria on all pages, before and behind this one; `Some` exactly where
    /// [`Query::is_counted`](super::Query::is_counted) asked for it.
    pub count: Option<u64>,
}

impl<V> Clone for Page<V> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), next: self.next.clone(), position: self.position, count: self.count }
    }
}
