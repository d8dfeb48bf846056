//! The reference store keeps every clause that it promises.

use portolan_testkit::counter::CounterSample;
use portolan_testkit::reference::{ReferenceHarness, ReferenceReadHarness};

portolan_testkit::contract!(ReferenceHarness::default(), 8);
portolan_testkit::read_contract!(ReferenceReadHarness);
portolan_testkit::sample_contract!(sample_contract, CounterSample, ReferenceHarness::default());
