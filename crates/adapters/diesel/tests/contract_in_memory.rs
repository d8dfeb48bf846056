//! The contracts of the ports, kept by stores in memory.

mod support;

use support::SqliteHarness;

portolan_testkit::contract!(SqliteHarness::in_memory());
