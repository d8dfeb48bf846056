//! Questions that every view answers: written once, named by the view ([`FindListings`](crate::listings::FindListings)).

pub use count::Count;
pub use find::Find;
pub use get::Get;

use portolan_kernel::{ReadRepository, View};

use crate::market::Views;

mod count;
mod find;
mod get;

/// A view of the marketplace, and what its queries are called.
pub trait Queried: View {
    /// The name of [`Find`] on it.
    const FIND: &'static str;
    /// The name of [`Get`] on it.
    const GET: &'static str;
    /// The name of [`Count`] on it.
    const COUNT: &'static str;

    /// Where its rows are.
    fn repository(views: &Views) -> &dyn ReadRepository<Self>;
}
