//! The same work for every system: numbers from a fixed seed, so that each run does the same.

use uuid::Uuid;

/// How many listings there are to bid on.
pub(crate) const LISTINGS: usize = 1_000;

/// How many bidders there are.
pub(crate) const BIDDERS: usize = 10_000;

/// A small, fast, well-mixed generator (SplitMix64): the `n`th number of a seed.
#[must_use]
pub(crate) const fn random(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The `n`th id of a kind.
#[must_use]
pub(crate) fn id(kind: &str, n: usize) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{kind}/{n}").as_bytes())
}

/// One bid of the workload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bid {
    /// Which of the listings.
    pub(crate) listing: usize,
    /// Who.
    pub(crate) bidder: Uuid,
    /// Up to how much; later bids on a listing go further, so that they are accepted.
    pub(crate) ceiling: i64,
    /// The command's id.
    pub(crate) command_id: Uuid,
}

/// The `n`th bid of run `seed`.
#[must_use]
pub(crate) fn bid(seed: u64, n: usize) -> Bid {
    let number = n as u64;
    let listing = (random(seed, number * 2) % LISTINGS as u64) as usize;
    let bidder = id("bidder", (random(seed, number * 2 + 1) % BIDDERS as u64) as usize);
    Bid { listing, bidder, ceiling: 10_000 + 1_000 * (n as i64 + 1), command_id: rising_id(seed, n) }
}

/// The `n`th id of a run: rising, as version 7 ids of the moment do.
#[must_use]
pub(crate) fn rising_id(seed: u64, n: usize) -> Uuid {
    let number = n as u64;
    Uuid::from_u64_pair(0x019b_8d2c_0000_7000 + (number << 16), 0x8000_0000_0000_0000 | random(!seed, number) >> 2)
}
