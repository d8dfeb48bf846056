//! How a store answers a query: in words for people, and for tests that hold a plan.

/// How a read repository answers one query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation {
    /// The store: `memory`, `sqlite`.
    pub store: String,
    /// The store's own query, in its language; in memory a sentence.
    pub query: String,
    /// The indexes that serve it, each in words: `hash index on seller`.
    pub indexes: Vec<String>,
    /// What is tested in this process on each row that the store finds, in the text form; `None` where nothing is.
    pub residual: Option<String>,
    /// About how many rows are looked at, where the store knows.
    pub rows: Option<u64>,
}
