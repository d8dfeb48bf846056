//! The contracts of the ports, kept by stores on MariaDB.
#![cfg(feature = "mysql-engine")]

mod support;

use support::mysql::MariaDbHarness;

portolan_testkit::write_contract!(MariaDbHarness::default());
portolan_testkit::journal_contract!(MariaDbHarness::default());
portolan_testkit::checkpoint_contract!(MariaDbHarness::default());
