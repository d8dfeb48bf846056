//! Where each read model is kept.

use std::fmt;

use portolan_diesel::AnyConfig;
use portolan_kernel::Error;

use crate::Failure;
use crate::config::Config;

/// Where a read model is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the memory of every process, which fills its own.
    Memory,
    /// In the write store, beside the journal.
    WriteStore,
    /// In a store of its own, or of several read models.
    Store(Box<AnyConfig>),
}

impl Place {
    /// Where the read model of this name is. Two spellings of one file are one place.
    ///
    /// # Errors
    /// [`Failure::Usage`], naming the key, for a URL that does not parse.
    pub fn of(config: &Config, view: &str) -> Result<Self, Failure> {
        let url = config.read.url(view);
        if url.starts_with("memory:") {
            return Ok(Self::Memory);
        }
        let store = AnyConfig::of_views(url)
            .map_err(|error: Error| Failure::Usage(format!("read.{view}: {error}")))?;
        let write = config.write.parse::<AnyConfig>().ok().and_then(|write| write.place());
        Ok(if write.is_some() && write == store.place() {
            Self::WriteStore
        } else {
            Self::Store(Box::new(store))
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => formatter.write_str("memory"),
            Self::WriteStore => formatter.write_str("write"),
            Self::Store(store) => store.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Read;

    fn place(write: &str, read: &str) -> Place {
        let read = Read { default: read.to_owned(), ..Config::default().read };
        Place::of(&Config { write: write.to_owned(), read, ..Config::default() }, "orders").unwrap()
    }

    #[test]
    fn one_file_is_one_place_however_it_is_spelled() {
        let here = std::env::current_dir().unwrap();
        let absolute = format!("sqlite:{}", here.join("a.db").display());
        for spelled in ["sqlite:a.db", "sqlite:./a.db", "sqlite:src/../a.db", &absolute] {
            assert_eq!(place("sqlite:a.db?storage=document", spelled), Place::WriteStore, "{spelled}");
        }
        assert!(matches!(place("sqlite:a.db", "sqlite:b.db"), Place::Store(_)));
        assert!(matches!(place("postgres://localhost/a", "sqlite:a.db"), Place::Store(_)));
        #[cfg(any(feature = "postgres", feature = "postgres-system"))]
        {
            let write = "postgres://me:secret@localhost/a?queue=7";
            assert_eq!(place(write, "postgres://you:other@localhost/a"), Place::WriteStore);
            let apart = place(write, "postgres://me:secret@localhost/a?schema=views");
            assert!(matches!(&apart, Place::Store(_)));
            assert_eq!(apart.to_string(), "postgres://localhost/a");
        }
        assert_eq!(place("sqlite:a.db", "memory:"), Place::Memory);
    }
}
