//! The contracts of the ports, kept by stores in files that keep events alone, with a snapshot every few of them.

mod support;

use portolan_diesel::Storage;
use support::SqliteHarness;

portolan_testkit::write_contract!(SqliteHarness::keeping(Storage::Events));
portolan_testkit::journal_contract!(SqliteHarness::keeping(Storage::Events));
portolan_testkit::checkpoint_contract!(SqliteHarness::keeping(Storage::Events));
