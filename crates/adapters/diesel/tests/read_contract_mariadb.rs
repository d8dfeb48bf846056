//! Views on MariaDB keep every clause of the contract of read models.
#![cfg(feature = "mysql-engine")]

mod support;

use support::mysql::MariaDbViews;

portolan_testkit::read_contract!(MariaDbViews::default());
