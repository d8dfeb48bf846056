//! The contracts of the ports, kept by stores on PostgreSQL that keep events alone, with a snapshot every few of them.
#![cfg(feature = "postgres-engine")]

mod support;

use portolan_diesel::Storage;
use support::postgres::PostgresHarness;

portolan_testkit::contract!(PostgresHarness::keeping(Storage::Events));
