//! Read models that are broken on purpose.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::specification::Node;
use portolan_kernel::{Batch, Page, Position, Projection, Query, ReadRepository, Result, Row, Specification};

use crate::counter::{CounterEvent, CounterId, CounterView};
use crate::reference::ReferenceReadHarness;
use crate::specimen::{Specimen, SpecimenEvent, SpecimenId};
use crate::{Capabilities, ReadHarness, ReadModel};
use answers::{
    AnswersOneMore, BreaksTies, CountsAll, CountsApart, CountsRows, CountsThePage, LosesTheLast, NeverStale,
    NeverWakes, NullsFirst, StartsOver, Widens,
};
use filling::{IgnoresTheUnused, ResetsAll, ShowsHalf, TakesEqual, TakesOlder};
use translation::{
    Misunderstands, distributes_a_negation, drops_an_empty_list, drops_an_empty_or, folds_case,
    has_three_values, ignores_the_currency, includes_the_bound, leaves_out_patterns, loses_a_conjunct,
    splices_values, takes_wildcards,
};

mod answers;
mod filling;
mod translation;

/// A way to break a read model.
pub struct ReadSaboteur {
    /// What it does wrong.
    pub name: &'static str,
    /// The clauses that see it, by their names.
    pub breaks: &'static [&'static str],
    /// The clauses that suffer with them: always, or when a race shows it.
    pub also: &'static [&'static str],
    /// Why it breaks more than one; empty where it breaks one.
    pub because: &'static str,
    make: fn() -> Arc<dyn Tamper>,
}

impl std::fmt::Debug for ReadSaboteur {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

macro_rules! read_saboteurs {
    ($($name:literal $make:expr, breaks [$($breaks:literal)*] $(also [$($also:literal)*])? $(because $because:literal)?;)+) => {
        /// All saboteurs of read models.
        pub static READERS: &[ReadSaboteur] = &[$(
            ReadSaboteur {
                name: $name,
                breaks: &[$($breaks),*],
                also: &[$($($also),*)?],
                because: concat!("" $(, $because)?),
                make: || Arc::new($make),
            }
        ),+];
    };
}

read_saboteurs! {
    "takes `<` for `<=`" Misunderstands(includes_the_bound),
        breaks ["r01_random_specifications_select_what_memory_selects"]
        also [
            "r02_de_morgan_and_double_negation_agree"
            "r04_nothing_is_nothing_and_no_part_widens"
            "r05_text_compares_by_code_point_and_literally"
        ]
        because "whatever draws a row at its bound sees it";
    "compares money without its currency" Misunderstands(ignores_the_currency),
        breaks ["r01_random_specifications_select_what_memory_selects"];
    "loses a part of an `and`" Misunderstands(loses_a_conjunct),
        breaks [
            "r01_random_specifications_select_what_memory_selects"
            "r02_de_morgan_and_double_negation_agree"
            "r04_nothing_is_nothing_and_no_part_widens"
        ]
        because "each of them asks with an `and`";
    "takes `not` into an `and` as it is" Misunderstands(distributes_a_negation),
        breaks ["r02_de_morgan_and_double_negation_agree"]
        also [
            "r01_random_specifications_select_what_memory_selects"
            "r04_nothing_is_nothing_and_no_part_widens"
        ]
        because "random trees have such parts, too";
    "takes null for unknown" Misunderstands(has_three_values),
        breaks [
            "r02_de_morgan_and_double_negation_agree"
            "r03_null_and_missing_have_one_truth_table"
        ] also [
            "r01_random_specifications_select_what_memory_selects"
            "r04_nothing_is_nothing_and_no_part_widens"
        ]
        because "random rows have nulls, too";
    "writes no condition for an empty list" Misunderstands(drops_an_empty_list),
        breaks ["r04_nothing_is_nothing_and_no_part_widens"]
        also [
            "r01_random_specifications_select_what_memory_selects"
            "r03_null_and_missing_have_one_truth_table"
        ]
        because "random trees have empty lists, too";
    "writes no condition for an empty `or`" Misunderstands(drops_an_empty_or),
        breaks ["r04_nothing_is_nothing_and_no_part_widens"]
        also [
            "r01_random_specifications_select_what_memory_selects"
            "r02_de_morgan_and_double_negation_agree"
        ]
        because "random trees have an empty `or`, too";
    "leaves out what it cannot say" Misunderstands(leaves_out_patterns),
        breaks ["r04_nothing_is_nothing_and_no_part_widens"]
        also [
            "r01_random_specifications_select_what_memory_selects"
            "r03_null_and_missing_have_one_truth_table"
        ]
        because "random trees have patterns, too";
    "takes `%` and `_` for wildcards" Misunderstands(takes_wildcards),
        breaks ["r05_text_compares_by_code_point_and_literally"]
        also ["r01_random_specifications_select_what_memory_selects"]
        because "random texts have them, too";
    "takes upper and lower case for the same" Misunderstands(folds_case),
        breaks ["r05_text_compares_by_code_point_and_literally"]
        also ["r01_random_specifications_select_what_memory_selects"]
        because "random texts differ by case alone, too";
    "splices values into its query" Misunderstands(splices_values),
        breaks ["r06_hostile_values_and_names_are_data_or_invalid"]
        also [
            "r01_random_specifications_select_what_memory_selects"
            "r05_text_compares_by_code_point_and_literally"
        ]
        because "random texts have quotes, too";
    "decides between equals by chance" BreaksTies,
        breaks ["r07_rows_come_in_the_order_asked_for_and_then_by_id"]
        also ["r09_changes_during_a_walk_move_no_other_row"]
        because "a walk needs one order from page to page";
    "sorts null first when it goes backwards" NullsFirst,
        breaks ["r07_null_is_last_in_both_directions"];
    "loses the last row of a walk" LosesTheLast,
        breaks ["r08_a_walk_gives_each_row_once"];
    "counts rows in place of a cursor" CountsRows::default(),
        breaks ["r09_changes_during_a_walk_move_no_other_row"]
        also ["r18_a_reader_never_sees_half_of_a_commit"]
        because "whoever walks while rows come takes a shifted page for half of a commit";
    "starts over at a cursor that it does not know" StartsOver,
        breaks ["r10_a_cursor_of_something_else_is_invalid"];
    "answers one row more than asked" AnswersOneMore,
        breaks ["r11_a_page_has_between_one_row_and_its_limit"];
    "takes older events over" TakesOlder,
        breaks ["r12_an_older_version_is_ignored"]
        also ["r13_an_event_applied_twice_is_applied_once"]
        because "an event that comes twice is older the second time";
    "looks only at events of use" IgnoresTheUnused,
        breaks ["r12_a_row_has_the_version_of_its_last_event"];
    "takes a batch over twice" TakesEqual,
        breaks ["r13_an_event_applied_twice_is_applied_once"]
        also ["r12_an_older_version_is_ignored"]
        because "the older event is one of the batch";
    "answers whatever it has" NeverStale,
        breaks ["r14_a_position_is_there_or_stale"];
    "tells nobody who waits" NeverWakes,
        breaks ["r14_who_waits_for_a_position_wakes"];
    "takes what it does not understand for everything" Widens,
        breaks ["r15_what_can_never_be_answered_is_an_error"];
    "counts without criteria" CountsAll,
        breaks ["r16_count_and_exists_agree_with_find"];
    "counts the rows of the page" CountsThePage,
        breaks ["r16_count_and_exists_agree_with_find"]
        also ["r18_a_page_and_its_count_are_of_one_state"]
        because "the count of a page is another one than that of all";
    "resets the others with it" ResetsAll,
        breaks ["r17_a_reset_empties_its_own_model_only"];
    "shows one event after the other" ShowsHalf::default(),
        breaks ["r18_a_reader_never_sees_half_of_a_commit"]
        also ["r18_a_page_and_its_count_are_of_one_state"]
        because "a page and its count are of two moments";
    "counts after it has looked" CountsApart,
        breaks ["r18_a_page_and_its_count_are_of_one_state"];
}

/// Good read models in the hands of a saboteur: the reference models, or those of any adapter.
#[derive(Clone)]
pub struct SabotagedReadHarness {
    inner: Arc<dyn ReadHarness>,
    saboteur: &'static ReadSaboteur,
}

impl SabotagedReadHarness {
    /// New reference models in the hands of this saboteur.
    #[must_use]
    pub fn new(saboteur: &'static ReadSaboteur) -> Self {
        Self::over(Arc::new(ReferenceReadHarness), saboteur)
    }

    /// The models of this harness in the hands of this saboteur.
    #[must_use]
    pub fn over(inner: Arc<dyn ReadHarness>, saboteur: &'static ReadSaboteur) -> Self {
        Self { inner, saboteur }
    }
}

#[async_trait]
impl ReadHarness for SabotagedReadHarness {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn models(&self) -> Result<[ReadModel; 2]> {
        let tamper = (self.saboteur.make)();
        let [model, other] = self.inner.models().await?;
        let pair = [(model.clone(), other.clone()), (other, model)];
        Ok(pair.map(|(inner, other)| {
            let tampered = Arc::new(Tampered { inner, other, tamper: Arc::clone(&tamper) });
            ReadModel { repository: Arc::clone(&tampered) as _, projection: tampered }
        }))
    }

    async fn specimens(&self) -> Result<ReadModel<Specimen, SpecimenEvent>> {
        let ReadModel { repository, projection } = self.inner.specimens().await?;
        let misunderstood = Misunderstood { inner: repository, tamper: (self.saboteur.make)() };
        Ok(ReadModel { repository: Arc::new(misunderstood), projection })
    }
}

/// What a saboteur does to the calls: nothing, unless it overrides.
#[async_trait]
trait Tamper: Send + Sync + 'static {
    async fn find(&self, inner: &ReadModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        inner.repository.find(query).await
    }

    async fn count(&self, inner: &ReadModel, criteria: &Specification<CounterView>) -> Result<u64> {
        inner.repository.count(criteria).await
    }

    /// What it takes a specification of specimens for.
    fn misunderstand(&self, node: Node) -> Node {
        node
    }

    async fn wait_for(&self, inner: &ReadModel, want: Position, patience: Duration) -> Result<Position> {
        inner.repository.wait_for(want, patience).await
    }

    async fn apply(&self, inner: &ReadModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        inner.projection.apply(batch).await
    }

    async fn reset(&self, inner: &ReadModel, _other: &ReadModel) -> Result<()> {
        inner.projection.reset().await
    }
}

/// A good model that is asked something else.
struct Misunderstood {
    inner: Arc<dyn ReadRepository<Specimen>>,
    tamper: Arc<dyn Tamper>,
}

impl Misunderstood {
    fn taken_for(&self, criteria: &Specification<Specimen>) -> Result<Specification<Specimen>> {
        Specification::from_tree(self.tamper.misunderstand(criteria.tree()?.clone()))
    }
}

#[async_trait]
impl ReadRepository<Specimen> for Misunderstood {
    async fn get(&self, id: &SpecimenId) -> Result<Option<Row<Specimen>>> {
        self.inner.get(id).await
    }

    async fn find(&self, query: &Query<Specimen>) -> Result<Page<Specimen>> {
        let criteria = self.taken_for(&query.criteria)?;
        self.inner.find(&Query { criteria, ..query.clone() }).await
    }

    async fn count(&self, criteria: &Specification<Specimen>) -> Result<u64> {
        self.inner.count(&self.taken_for(criteria)?).await
    }

    async fn position(&self) -> Result<Position> {
        self.inner.position().await
    }

    async fn wait_for(&self, want: Position, patience: Duration) -> Result<Position> {
        self.inner.wait_for(want, patience).await
    }
}

struct Tampered {
    inner: ReadModel,
    other: ReadModel,
    tamper: Arc<dyn Tamper>,
}

#[async_trait]
impl ReadRepository<CounterView> for Tampered {
    async fn get(&self, id: &CounterId) -> Result<Option<Row<CounterView>>> {
        self.inner.repository.get(id).await
    }

    async fn find(&self, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        self.tamper.find(&self.inner, query).await
    }

    async fn count(&self, criteria: &Specification<CounterView>) -> Result<u64> {
        self.tamper.count(&self.inner, criteria).await
    }

    async fn position(&self) -> Result<Position> {
        self.inner.repository.position().await
    }

    async fn wait_for(&self, want: Position, patience: Duration) -> Result<Position> {
        self.tamper.wait_for(&self.inner, want, patience).await
    }
}

#[async_trait]
impl Projection<CounterEvent> for Tampered {
    fn name(&self) -> &str {
        self.inner.projection.name()
    }

    async fn position(&self) -> Result<Position> {
        self.inner.projection.position().await
    }

    async fn apply(&self, batch: Batch<'_, CounterEvent>) -> Result<()> {
        self.tamper.apply(&self.inner, batch).await
    }

    async fn reset(&self) -> Result<()> {
        self.tamper.reset(&self.inner, &self.other).await
    }
}
