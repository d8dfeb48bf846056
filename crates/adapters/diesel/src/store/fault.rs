//! What goes wrong below the ports. A driver's error ends here: what leaves is an error of the kernel, with the
//! store's name and what to do about it.

use std::fmt;

use diesel::result::{ConnectionError, DatabaseErrorKind};
use portolan_kernel::Error;

use super::engine;
use crate::rows::RowFault;

/// Why a statement, a mapper or a file failed; opaque outside, so that no driver's type leaves this crate.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Fault(Cause);

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error(transparent)]
    Statement(diesel::result::Error),
    #[error(transparent)]
    Connection(ConnectionError),
    #[error(transparent)]
    File(std::io::Error),
    #[error("a row of `{0}` is not there")]
    Missing(&'static str),
    #[error(transparent)]
    Port(Error),
    #[error(transparent)]
    Answer(Error),
}

impl Fault {
    /// A row that is not what its mapper wrote: a column that does not parse. Name the column, not its value.
    pub fn unreadable(what: impl fmt::Display) -> Self {
        Self(Cause::Port(Error::Invalid(format!("a row does not read: {what}; `store check` finds which"))))
    }

    /// What a port answers, having decided and written nothing: no failure, so that what else is in the transaction is
    /// committed. Any other fault ends its transaction, whatever was written before.
    pub(crate) const fn answer(error: Error) -> Self {
        Self(Cause::Answer(error))
    }

    /// Whether this is an [`answer`](Self::answer).
    pub(crate) const fn is_answer(&self) -> bool {
        matches!(self.0, Cause::Answer(_))
    }

    /// Whether the store has answered, and what is wrong is what it holds.
    pub(crate) const fn is_of_content(&self) -> bool {
        matches!(self.0, Cause::Port(_))
    }

    /// Whether what was being written may have been written all the same.
    pub(crate) fn leaves_doubt(&self) -> bool {
        match &self.0 {
            Cause::Statement(error) => engine::leaves_doubt(error),
            Cause::Connection(_) | Cause::File(_) => true,
            Cause::Missing(_) | Cause::Port(_) | Cause::Answer(_) => false,
        }
    }

    /// Whether its connection is of no more use.
    pub(crate) fn is_lost(&self) -> bool {
        match &self.0 {
            Cause::Statement(error) => engine::is_lost(error),
            Cause::Connection(_) => true,
            Cause::File(_) | Cause::Missing(_) | Cause::Port(_) | Cause::Answer(_) => false,
        }
    }

    /// Whether the same transaction may well succeed when it is run again: others were in its way.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(&self.0, Cause::Statement(error) if engine::is_transient(error))
    }

    /// Whether a row with that key is there already.
    pub(crate) const fn is_of_a_key(&self) -> bool {
        use diesel::result::Error::DatabaseError;
        matches!(&self.0, Cause::Statement(DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }

    /// The error of the port, about the store of this name.
    pub(crate) fn at(&self, store: &impl fmt::Display) -> Error {
        let said = match &self.0 {
            Cause::Port(error) | Cause::Answer(error) => return error.clone(),
            Cause::Missing(table) => {
                return Error::unavailable(format!(
                    "{store}: a row of `{table}` that events account for is not there; `store check` finds what is wrong"
                ));
            }
            // Checked first, so that it is no answer of the domain: the tables are not what the journal says.
            Cause::Statement(diesel::result::Error::DatabaseError(
                DatabaseErrorKind::UniqueViolation,
                said,
            )) => {
                let said = said.message();
                return Error::unavailable(format!(
                    "{store}: a row with this key is there already, which nothing accounts for; \
                     `store check` finds what is wrong ({said})"
                ));
            }
            Cause::Statement(diesel::result::Error::DatabaseError(_, said)) => said.message().to_owned(),
            Cause::Statement(error) => error.to_string(),
            Cause::Connection(error) => error.to_string(),
            Cause::File(error) => error.to_string(),
        };
        // One line: client libraries add some of their own.
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        match engine::advice(&said) {
            Some(advice) => Error::unavailable(format!("{store}: {advice} ({said})")),
            None => Error::unavailable(format!("{store}: {said}")),
        }
    }
}

impl From<diesel::result::Error> for Fault {
    fn from(error: diesel::result::Error) -> Self {
        Self(Cause::Statement(error))
    }
}

impl From<ConnectionError> for Fault {
    fn from(error: ConnectionError) -> Self {
        Self(Cause::Connection(error))
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self(Cause::File(error))
    }
}

impl From<RowFault> for Fault {
    fn from(fault: RowFault) -> Self {
        match fault {
            RowFault::Statement(error) => error.into(),
            RowFault::Unreadable(what) => Self::unreadable(what),
            RowFault::Missing(table) => Self(Cause::Missing(table)),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self(Cause::Port(error))
    }
}

// On the engine of the default features, which has stores in memory; the others mount this file too.
#[cfg(test)]
#[cfg(not(any(feature = "postgres-engine", feature = "mysql-engine")))]
mod tests {
    use std::sync::Arc;

    use diesel::prelude::*;
    use portolan_kernel::{Clock, Registry, Timestamp};

    use super::super::tables::store_info;
    use super::super::{Config, Conn, Mappers, OpenMode, Store};
    use super::*;

    #[derive(Debug)]
    struct Midnight;

    impl Clock for Midnight {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }
    }

    /// Writes a row, and then fails like this.
    async fn write_and_fail(store: &Store, name: &'static str, fault: fn() -> Fault) -> Error {
        let task = move |conn: &mut Conn| {
            let row = (store_info::name.eq(name), store_info::value.eq("written"));
            diesel::insert_into(store_info::table).values(row).execute(conn)?;
            Err::<(), _>(fault())
        };
        store.queue().unwrap().write(task).await.unwrap_err()
    }

    #[tokio::test]
    async fn what_does_not_read_ends_its_transaction_whatever_was_written_before() {
        let (registry, mappers) = (Registry::new(), Mappers::new());
        let open =
            Store::open(&Config::memory(), OpenMode::ReadWrite, &registry, &mappers, Arc::new(Midnight));
        let store = open.unwrap();
        let error = write_and_fail(&store, "unreadable", || Fault::unreadable("`colour`")).await;
        assert!(error.to_string().contains("a row does not read: `colour`"), "{error}");
        let error = write_and_fail(&store, "port", || Error::Invalid("a row".to_owned()).into()).await;
        assert_eq!(error, Error::Invalid("a row".to_owned()));
        let written = store.read_with(|conn| Ok(store_info::table.count().get_result::<i64>(conn)?)).await;
        assert_eq!(written.unwrap(), 2, "what the store was made with");
    }
}
