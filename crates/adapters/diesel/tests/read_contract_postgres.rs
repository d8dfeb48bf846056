//! Views on PostgreSQL keep every clause of the contract of read models.
#![cfg(feature = "postgres-engine")]

mod support;

use support::postgres::PostgresViews;

portolan_testkit::read_contract!(PostgresViews::default());
