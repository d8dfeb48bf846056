//! What every system under measurement does.

use std::future::Future;

use crate::work::{Bid, Order};

/// A market that takes bids and orders; a clone is a handle on the same one.
pub(crate) trait Market: Clone + Send + Sync + 'static {
    /// As the results call it.
    const NAME: &'static str;

    /// Places a bid; whether it was accepted and is durable.
    fn place_bid(&self, bid: Bid) -> impl Future<Output = bool> + Send;

    /// Places an order; whether it was accepted and is durable.
    fn place_order(&self, order: Order) -> impl Future<Output = bool> + Send;

    /// Ends it, so that its file can be looked at.
    fn close(self) -> impl Future<Output = ()> + Send;
}
