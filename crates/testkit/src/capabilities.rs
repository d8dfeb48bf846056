//! What an adapter promises. What it cannot promise it declares, each with the reason.

/// Something that a store may lack by its nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// What was acknowledged is there after every handle was dropped and the store is opened again.
    Reopen,
    /// What was acknowledged is there after its process was killed.
    Kill,
    /// The store can be opened twice at once, as two processes would.
    Share,
    /// It keeps deadlines in the transaction of the checkpoint that fills them.
    Deadlines,
    /// Its harness shows the records of checkpoints that were moved back.
    ResetRecords,
    /// Its harness counts how often the store looks for commits by itself.
    CountPolls,
    /// A lease that is not extended ends by the store's clock; without it, a lease ends with its process alone.
    LeaseTerm,
    /// Its harness lets another writer hold the next positions in a transaction that it does not end.
    Hold,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Reopen,
        Self::Kill,
        Self::Share,
        Self::Deadlines,
        Self::ResetRecords,
        Self::CountPolls,
        Self::LeaseTerm,
        Self::Hold,
    ];

    /// Its name in a table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reopen => "reopen",
            Self::Kill => "kill",
            Self::Share => "share",
            Self::Deadlines => "deadlines",
            Self::ResetRecords => "reset records",
            Self::CountPolls => "count polls",
            Self::LeaseTerm => "lease term",
            Self::Hold => "hold",
        }
    }
}

/// What an adapter promises: everything, apart from what it says that it lacks.
///
/// ```
/// use portolan_testkit::{Capabilities, Capability};
///
/// let capabilities = Capabilities::all().without(Capability::Kill, "it lives in the memory of its process");
/// assert_eq!(capabilities.lacks(Capability::Kill), Some("it lives in the memory of its process"));
/// assert_eq!(capabilities.lacks(Capability::Reopen), None);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Capabilities {
    lacking: Vec<(Capability, &'static str)>,
    out_of_reach: Option<&'static str>,
}

impl Capabilities {
    /// Everything.
    #[must_use]
    pub const fn all() -> Self {
        Self { lacking: Vec::new(), out_of_reach: None }
    }

    /// Nothing can be tried here, for this reason: every clause is skipped.
    #[must_use]
    pub const fn out_of_reach(reason: &'static str) -> Self {
        Self { lacking: Vec::new(), out_of_reach: Some(reason) }
    }

    /// Not this, for this reason: the clauses that need it are skipped.
    #[must_use]
    pub fn without(mut self, capability: Capability, reason: &'static str) -> Self {
        self.lacking.push((capability, reason));
        self
    }

    /// Why it lacks this; `None` where it has it.
    #[must_use]
    pub fn lacks(&self, capability: Capability) -> Option<&'static str> {
        self.lacking.iter().find(|(lacking, _)| *lacking == capability).map(|(_, reason)| *reason)
    }

    /// Whether nothing can be tried.
    pub(crate) const fn is_out_of_reach(&self) -> bool {
        self.out_of_reach.is_some()
    }

    /// What keeps a clause that needs these from being tried, and why; `None` in place of a capability where nothing
    /// can be tried at all.
    pub(crate) fn obstacle(&self, needed: &[Capability]) -> Option<(Option<Capability>, &'static str)> {
        let lacking = |capability: &Capability| Some((Some(*capability), self.lacks(*capability)?));
        self.out_of_reach.map(|reason| (None, reason)).or_else(|| needed.iter().find_map(lacking))
    }
}
