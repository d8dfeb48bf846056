//! A translator that makes a classic mistake is caught by the very suite that the good one passes.

use super::super::translate::Mistake;
use super::Shelf;
use super::agreement::{REFUSED, disagreement, runner};

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
        let Some(shelf) = Shelf::bent(Some(mistake)) else { return };
        let Err(caught) = disagreement(shelf, runner(1, 4_000, false)) else {
            panic!("{mistake:?} was not seen");
        };
        // By a wrong answer; SQL that the engine does not take would prove nothing.
        assert!(!caught.to_string().contains(REFUSED), "{mistake:?}: {caught}");
    }
}
