//! The contracts of the ports, kept by stores in files.

mod support;

use support::SqliteHarness;

portolan_testkit::contract!(SqliteHarness::default(), 4);
