//! The contracts of the ports, kept by stores in files.

mod support;

use support::SqliteHarness;

portolan_testkit::write_contract!(SqliteHarness::default());
portolan_testkit::journal_contract!(SqliteHarness::default());
portolan_testkit::checkpoint_contract!(SqliteHarness::default());
portolan_testkit::stress_contract!(SqliteHarness::default(), 4);
