//! Views: what a reader sees of the service, one row for each thing.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use super::index::Index;
use crate::{Candidate, Version};

/// A row of a read model: flat enough to be asked, complete enough to be shown.
///
/// It declares a field named `id`, unique, never null and sortable, that holds the value of [`View::id`]: rows
/// that are equal otherwise come in the order of this field.
pub trait View: Candidate + Clone + PartialEq + fmt::Debug {
    /// What the view is called in configuration and on the command line: `listings`.
    const NAME: &'static str;

    /// The id of a row. Its order is that of the values of the field `id`.
    type Id: Ord + Hash + Clone + fmt::Debug + fmt::Display + Send + Sync + 'static;

    /// The id of this row.
    fn id(&self) -> Self::Id;

    /// The indexes that its questions are worth, for stores that keep any; each earns its memory and its upkeep.
    #[must_use]
    fn indexes() -> Vec<Index<Self>>
    where
        Self: Sized,
    {
        Vec::new()
    }
}

/// A row as it is answered: shared with the store, so that an answer copies nothing.
#[derive(Debug)]
pub struct Row<V> {
    /// What is seen.
    pub view: Arc<V>,
    /// The version of its source: the aggregate's after its last event, used by the view or not. The ETag.
    pub version: Version,
}

impl<V> Clone for Row<V> {
    fn clone(&self) -> Self {
        Self { view: Arc::clone(&self.view), version: self.version }
    }
}

impl<V: PartialEq> PartialEq for Row<V> {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version && self.view == other.view
    }
}
