//! Where tests inside this crate keep stores: in memory, or on the servers that the environment names.

/// The servers that must be there, by their names: without them a test fails rather than being left out.
const REQUIRE: &str = "PORTOLAN_TEST_REQUIRE";

/// The server of this name, at the address that this variable gives; none where it is not there and need not be.
#[cfg_attr(
    not(any(feature = "postgres-engine", feature = "mysql-engine")),
    expect(dead_code, reason = "only engines on servers need one")
)]
pub(crate) fn server(name: &str, variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok();
    let required = std::env::var(REQUIRE).unwrap_or_default();
    assert!(
        url.is_some() || required.split(',').all(|required| required != name),
        "{name} is required, and {variable} is not set"
    );
    if url.is_none() {
        portolan_testkit::report::say(&format!("left out: it needs a server, which {variable} names"));
    }
    url
}

/// A name that no other test of this machine has.
#[cfg_attr(
    not(any(feature = "postgres-engine", feature = "mysql-engine")),
    expect(dead_code, reason = "only engines on servers need one")
)]
pub(crate) fn unique_name() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("portolan_view_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What a place runs when it goes.
pub(crate) struct Dropped(pub(crate) Box<dyn FnMut() + Send>);

impl Drop for Dropped {
    fn drop(&mut self) {
        (self.0)();
    }
}
