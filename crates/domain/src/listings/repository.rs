//! Where listings are kept, as the rest of the domain sees it.

use super::Listing;

/// All listings, as if in memory: [`get`](portolan_kernel::Repository::get), [`add`](portolan_kernel::Repository::add),
/// [`remove`](portolan_kernel::Repository::remove), and [`find`](portolan_kernel::Repository::find) by specification.
///
/// It is the kernel's port at this type: whatever keeps listings by that contract is one of these.
pub trait Repository: portolan_kernel::Repository<Listing> {}

impl<R: portolan_kernel::Repository<Listing> + ?Sized> Repository for R {}
