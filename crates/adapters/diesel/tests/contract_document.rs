//! The contracts of the ports, kept by stores in files that keep aggregates as documents.

mod support;

use portolan_diesel::Storage;
use support::SqliteHarness;

portolan_testkit::contract!(SqliteHarness::keeping(Storage::Document));
