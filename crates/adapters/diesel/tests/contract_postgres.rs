//! The contracts of the ports, kept by stores on PostgreSQL.
#![cfg(feature = "postgres-engine")]

mod support;

use support::postgres::PostgresHarness;

portolan_testkit::contract!(PostgresHarness::default(), 4);
