//! A clause of a contract: a promise, with the function that sees whether it is kept.

use std::future::Future;
use std::pin::Pin;

use crate::{Capability, Verdict};

/// What a clause does with its subject.
pub type Check<S> = for<'a> fn(&'a mut S) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// One promise of a port.
pub struct Clause<S> {
    /// Its place in the contract: `W5`.
    pub code: &'static str,
    /// What is promised, as the name of a test: `w05_a_stale_commit_conflicts_and_writes_nothing`.
    pub name: &'static str,
    /// What an adapter must have for it.
    pub needs: &'static [Capability],
    /// Sees whether it is kept.
    pub check: Check<S>,
}

impl<S> Clause<S> {
    /// What is promised, in words.
    #[must_use]
    pub fn promise(&self) -> String {
        self.name.split_once('_').map_or(self.name, |(_, words)| words).replace('_', " ")
    }
}

impl<S> std::fmt::Debug for Clause<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// The table of a contract. The code of a clause is told by its name's first word, so it is written once more here
/// only because `W5` is how people call it.
macro_rules! clauses {
    ($subject:ty; $($code:literal $module:ident::$name:ident $(needs $($need:ident)+)?;)+) => {
        &[$(
            $crate::Clause::<$subject> {
                code: $code,
                name: stringify!($name),
                needs: &[$($($crate::Capability::$need),+)?],
                check: |subject| Box::pin($module::$name(subject)),
            }
        ),+]
    };
}
pub(crate) use clauses;
