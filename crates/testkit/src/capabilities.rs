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
}

impl Capability {
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
}

impl Capabilities {
    /// Everything.
    #[must_use]
    pub const fn all() -> Self {
        Self { lacking: Vec::new() }
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

    /// The first of these that it lacks, and why.
    pub(crate) fn first_lacking(&self, needed: &[Capability]) -> Option<(Capability, &'static str)> {
        needed.iter().find_map(|capability| self.lacks(*capability).map(|reason| (*capability, reason)))
    }
}
