//! The same work for every system: numbers from a fixed seed, so that each run does the same.

use uuid::Uuid;

/// How many listings there are to bid on.
pub(crate) const LISTINGS: usize = 1_000;

/// How many bidders there are.
const BIDDERS: u64 = 10_000;

/// How many customers there are.
const CUSTOMERS: u64 = 1_000;

/// What a listing asks for, in cents.
pub(crate) const ASKING: i64 = 10_000;

/// The least by which a bid must go past the price, in cents.
pub(crate) const INCREMENT: i64 = 100;

/// A kind of thing that has ids.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Seller = 1,
    Listing,
    Bidder,
    Customer,
    Setup,
}

/// A small, fast, well-mixed generator (SplitMix64): the `n`th number of a seed.
#[must_use]
pub(crate) const fn random(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The `n`th id of a kind, without any order.
#[must_use]
pub(crate) fn id(kind: Kind, n: u64) -> Uuid {
    let seed = kind as u64;
    uuid::Builder::from_u128(u128::from(random(seed, 2 * n)) << 64 | u128::from(random(seed, 2 * n + 1)))
        .with_version(uuid::Version::Random)
        .with_variant(uuid::Variant::RFC4122)
        .into_uuid()
}

/// The `n`th id of a run: rising, as version 7 ids of the moment do.
#[must_use]
pub(crate) fn rising_id(seed: u64, n: u64) -> Uuid {
    let tail = random(!seed, n) >> 2;
    Uuid::from_u64_pair(0x019b_8d2c_0000_7000 + (n << 16), 0x8000_0000_0000_0000 | tail)
}

/// One bid of the workload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bid {
    /// On which listing.
    pub(crate) listing: Uuid,
    /// Who.
    pub(crate) bidder: Uuid,
    /// Up to how much, in cents; later bids go further, so that they are accepted.
    pub(crate) ceiling: i64,
    /// The command's id.
    pub(crate) command_id: Uuid,
}

/// The `n`th bid of run `seed`, on one of so many listings.
#[must_use]
pub(crate) fn bid(seed: u64, n: usize, listings: usize) -> Bid {
    let number = n as u64;
    Bid {
        listing: id(Kind::Listing, random(seed, number * 2) % listings as u64),
        bidder: id(Kind::Bidder, random(seed, number * 2 + 1) % BIDDERS),
        ceiling: ASKING + 1_000 * (n as i64 + 1),
        command_id: rising_id(seed, number),
    }
}

/// One new order of the workload; it has three lines, the same in all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    /// Its id, and the command's.
    pub(crate) id: Uuid,
    /// Whose.
    pub(crate) customer: Uuid,
}

/// The `n`th order of run `seed`.
#[must_use]
pub(crate) fn order(seed: u64, n: usize) -> Order {
    let customer = random(seed, n as u64) % CUSTOMERS;
    Order { id: rising_id(seed, n as u64), customer: id(Kind::Customer, customer) }
}

/// One line of every order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) sku: &'static str,
    pub(crate) description: &'static str,
    pub(crate) quantity: i64,
    /// In cents.
    pub(crate) unit_price: i64,
}

/// The lines of every order.
pub(crate) const LINES: [Line; 3] = [
    Line { sku: "SKU-0001", description: "brass lamp", quantity: 1, unit_price: 1_000 },
    Line { sku: "SKU-0002", description: "velvet chair", quantity: 2, unit_price: 2_000 },
    Line { sku: "SKU-0003", description: "painted globe", quantity: 3, unit_price: 3_000 },
];
