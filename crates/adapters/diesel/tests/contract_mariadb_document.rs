//! The contracts of the ports, kept by stores on MariaDB that keep aggregates as documents.
#![cfg(feature = "mysql-engine")]

mod support;

use portolan_diesel::Storage;
use support::mysql::MariaDbHarness;

portolan_testkit::write_contract!(MariaDbHarness::keeping(Storage::Document));
portolan_testkit::journal_contract!(MariaDbHarness::keeping(Storage::Document));
portolan_testkit::checkpoint_contract!(MariaDbHarness::keeping(Storage::Document));
