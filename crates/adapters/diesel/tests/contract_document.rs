//! The contracts of the ports, kept by stores in files that keep aggregates as documents.

mod support;

use portolan_diesel::Storage;
use support::SqliteHarness;

portolan_testkit::write_contract!(SqliteHarness::keeping(Storage::Document));
portolan_testkit::journal_contract!(SqliteHarness::keeping(Storage::Document));
portolan_testkit::checkpoint_contract!(SqliteHarness::keeping(Storage::Document));
