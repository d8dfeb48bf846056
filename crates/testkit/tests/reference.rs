//! The reference store keeps every clause that it promises.

use portolan_testkit::reference::{ReferenceHarness, ReferenceReadHarness};

portolan_testkit::write_contract!(ReferenceHarness::default());
portolan_testkit::journal_contract!(ReferenceHarness::default());
portolan_testkit::checkpoint_contract!(ReferenceHarness::default());
portolan_testkit::stress_contract!(ReferenceHarness::default(), 8);
portolan_testkit::read_contract!(ReferenceReadHarness);
