//! The contracts of the ports, kept by stores in files that keep events alone, with a snapshot every few of them.

mod support;

use portolan_diesel::Storage;
use support::SqliteHarness;

portolan_testkit::contract!(SqliteHarness::keeping(Storage::Events));
