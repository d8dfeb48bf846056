//! The contracts of the ports, kept by stores on PostgreSQL.
#![cfg(feature = "postgres-engine")]

mod support;

use support::postgres::PostgresHarness;

portolan_testkit::write_contract!(PostgresHarness::default());
portolan_testkit::journal_contract!(PostgresHarness::default());
portolan_testkit::checkpoint_contract!(PostgresHarness::default());
