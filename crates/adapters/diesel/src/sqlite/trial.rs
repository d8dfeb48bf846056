//! Where tests of what every engine shares keep their stores on this one.

use super::Config;
use crate::trial::Dropped;

/// A store that is not there yet, and goes with this.
pub(super) struct Place {
    pub(super) config: Config,
    _dropped: Option<Dropped>,
}

/// In memory, which is fastest.
#[expect(clippy::unnecessary_wraps, reason = "a server may not be there")]
pub(super) const fn place() -> Option<Place> {
    Some(Place { config: Config::memory(), _dropped: None })
}

/// Where there are several connections.
pub(super) fn shared_place() -> Option<Place> {
    let folder = tempfile::tempdir().ok()?;
    let config = Config::file(folder.path().join("store.db"));
    let mut folder = Some(folder);
    Some(Place { config, _dropped: Some(Dropped(Box::new(move || drop(folder.take())))) })
}
