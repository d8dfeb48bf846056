//! The answer to a write.

use portolan_kernel::Receipt;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a command came to.
#[derive(Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(crate) struct ReceiptBody {
    /// What it was about.
    id: Uuid,
    /// Its version from now on: what `If-Match` takes.
    version: u64,
    /// The position in the journal that a read must have come to (`Portolan-At-Least`) to show it.
    position: u64,
}

impl From<Receipt> for ReceiptBody {
    fn from(receipt: Receipt) -> Self {
        Self { id: receipt.id, version: receipt.version.get(), position: receipt.position.get() }
    }
}
