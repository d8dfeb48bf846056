//! Where each read model is kept.

use std::fmt;
use std::path::{Path, PathBuf};

use portolan_diesel::sqlite::{self, Durability, Location};
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
    Store(sqlite::Config),
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
        let mut store: sqlite::Config =
            url.parse().map_err(|error: Error| Failure::Usage(format!("read.{view}: {error}")))?;
        let is_write = config.write.starts_with("sqlite:")
            && config
                .write
                .parse::<sqlite::Config>()
                .is_ok_and(|write| file(&write.location) == file(&store.location));
        if is_write {
            return Ok(Self::WriteStore);
        }
        // What a power cut takes from a view is filled again, from where its checkpoint went back to with its rows.
        if !url.contains("durability=") {
            store.durability = Durability::LosesLastCommitsOnPowerCut;
        }
        Ok(Self::Store(store))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => formatter.write_str("memory"),
            Self::WriteStore => formatter.write_str("write"),
            Self::Store(sqlite::Config { location: Location::Memory, .. }) => {
                formatter.write_str("sqlite::memory:")
            }
            Self::Store(sqlite::Config { location, .. }) => write!(formatter, "sqlite:{location}"),
        }
    }
}

/// The file, by one name however it is spelled; none for a store in memory.
pub(super) fn file(location: &Location) -> Option<PathBuf> {
    let path = location.path()?;
    let canonical = path.canonicalize().or_else(|_| {
        // One that is yet to be made, in a directory that is there.
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        Ok::<_, std::io::Error>(directory.canonicalize()?.join(path.file_name().unwrap_or_default()))
    });
    Some(canonical.unwrap_or_else(|_| path.to_owned()))
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
        assert_eq!(place("sqlite:a.db", "memory:"), Place::Memory);
    }
}
