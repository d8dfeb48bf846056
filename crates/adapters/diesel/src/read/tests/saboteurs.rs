//! A translator that makes a classic mistake is caught by the very suite that the good one passes.

use super::super::translate::Mistake;
use super::Shelf;
use super::agreement::{disagreement, runner};

#[test]
fn every_classic_mistake_is_caught() {
    use Mistake::{
        EmptyInIsAll, EmptyOrIsAll, FoldsCase, IgnoresCurrency, IncludesTheBound, LosesTheLastConjunct,
        NullUnderNot, WildcardsInContains,
    };
    let all = [
        NullUnderNot,
        WildcardsInContains,
        FoldsCase,
        EmptyInIsAll,
        EmptyOrIsAll,
        LosesTheLastConjunct,
        IgnoresCurrency,
        IncludesTheBound,
    ];
    for mistake in all {
        let caught = disagreement(Shelf::bent(Some(mistake)), runner(1, 4_000, false));
        assert!(caught.is_err(), "{mistake:?} was not seen");
    }
}
