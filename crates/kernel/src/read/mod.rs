//! The read side: views, the queries that ask them, and the two ports of a read model.
//!
//! A [`ReadRepository`] answers queries and nothing else; the side that fills it is a [`Projection`], which only
//! the subscription engine holds. So no handler can write a read model.

mod base64url;
mod cursor;
mod explanation;
mod index;
mod page;
mod projection;
mod query;
mod repository;
mod sort;
mod stored;
mod view;

pub use cursor::Cursor;
pub use explanation::Explanation;
pub use index::{Index, IndexKind};
pub use page::{Page, PageRequest, PageSize};
pub use projection::{Batch, Projection, Projector, Taken};
pub use query::{CheckedQuery, Query};
pub use repository::{ReadRepository, ReadRepositoryExt};
pub use sort::{Direction, Sort, SortKey};
pub use stored::{Restored, StoredRow, StoredView};
pub use view::{Row, View};
