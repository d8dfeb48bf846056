//! The contracts of the ports, kept by stores on PostgreSQL that keep aggregates as documents.
#![cfg(feature = "postgres-engine")]

mod support;

use portolan_diesel::Storage;
use support::postgres::PostgresHarness;

portolan_testkit::write_contract!(PostgresHarness::keeping(Storage::Document));
portolan_testkit::journal_contract!(PostgresHarness::keeping(Storage::Document));
portolan_testkit::checkpoint_contract!(PostgresHarness::keeping(Storage::Document));
