//! People and firms, as far as the market knows them.

portolan_kernel::id_type! {
    /// Somebody who sells, bids or buys: one party can do all three.
    pub struct PartyId;
}
