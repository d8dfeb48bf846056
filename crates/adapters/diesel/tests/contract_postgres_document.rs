//! The contracts of the ports, kept by stores on PostgreSQL that keep aggregates as documents.
#![cfg(feature = "postgres-engine")]

mod support;

use portolan_diesel::Storage;
use support::postgres::PostgresHarness;

portolan_testkit::contract!(PostgresHarness::keeping(Storage::Document));
