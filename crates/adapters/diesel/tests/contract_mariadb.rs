//! The contracts of the ports, kept by stores on MariaDB.
#![cfg(feature = "mysql-engine")]

mod support;

use support::mysql::MariaDbHarness;

portolan_testkit::contract!(MariaDbHarness::default(), 4);
