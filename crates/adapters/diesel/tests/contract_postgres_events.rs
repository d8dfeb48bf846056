//! The contracts of the ports, kept by stores on PostgreSQL that keep events alone, with a snapshot every few of them.
#![cfg(feature = "postgres-engine")]

mod support;

use portolan_diesel::Storage;
use support::postgres::PostgresHarness;

portolan_testkit::write_contract!(PostgresHarness::keeping(Storage::Events));
portolan_testkit::journal_contract!(PostgresHarness::keeping(Storage::Events));
portolan_testkit::checkpoint_contract!(PostgresHarness::keeping(Storage::Events));
