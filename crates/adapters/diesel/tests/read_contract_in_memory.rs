//! Views in SQLite in memory keep every clause of the contract of read models.

mod support;

use support::SqliteViews;

portolan_testkit::read_contract!(SqliteViews::in_memory());
