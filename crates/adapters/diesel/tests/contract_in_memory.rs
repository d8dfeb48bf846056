//! The contracts of the ports, kept by stores in memory.

mod support;

use support::SqliteHarness;

portolan_testkit::write_contract!(SqliteHarness::in_memory());
portolan_testkit::journal_contract!(SqliteHarness::in_memory());
portolan_testkit::checkpoint_contract!(SqliteHarness::in_memory());
