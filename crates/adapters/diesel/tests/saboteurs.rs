//! Stores and views in SQLite files in the hands of saboteurs: each breaks its own clauses of the contracts and no other.

mod support;

use portolan_testkit::saboteurs::trial;
use support::{SqliteHarness, SqliteViews};

#[test]
fn each_saboteur_breaks_its_own_clauses_and_no_other() {
    trial::stores(SqliteHarness::unsynced);
}

#[test]
fn each_saboteur_of_read_models_breaks_its_own_clauses_and_no_other() {
    trial::models(SqliteViews::in_files);
}
