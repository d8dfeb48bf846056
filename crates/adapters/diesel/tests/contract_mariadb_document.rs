//! The contracts of the ports, kept by stores on MariaDB that keep aggregates as documents.
#![cfg(feature = "mysql-engine")]

mod support;

use portolan_diesel::Storage;
use support::mysql::MariaDbHarness;

portolan_testkit::contract!(MariaDbHarness::keeping(Storage::Document));
