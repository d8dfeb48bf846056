//! A read model that moves with its store.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    Batch, Envelope, Error, Page, Position, Projection, Query, ReadRepository, Recorded, Result, Row,
    Specification, Timestamp, Version, View,
};
use portolan_runtime::SwitchableView;
use tokio::sync::watch;
use uuid::Uuid;

use crate::support::{Happened, Witness, on_both_runtimes, within};

const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, PartialEq)]
struct Line {
    id: i64,
}

portolan_kernel::candidate! {
    mod line: Line {
        id: i64 [sortable],
    }
}

impl View for Line {
    type Id = i64;

    const NAME: &'static str = "lines";

    fn id(&self) -> i64 {
        self.id
    }
}

/// Answers how many rows it has, by which one tells it from others.
struct Answers {
    rows: u64,
    position: watch::Sender<Position>,
}

impl Answers {
    fn new(rows: u64, position: u64) -> Arc<Self> {
        Arc::new(Self { rows, position: watch::Sender::new(Position(position)) })
    }

    fn come_to(&self, position: u64) {
        self.position.send_replace(Position(position));
    }
}

#[async_trait]
impl ReadRepository<Line> for Answers {
    async fn get(&self, _: &i64) -> Result<Option<Row<Line>>> {
        Ok(None)
    }

    async fn find(&self, _: &Query<Line>) -> Result<Page<Line>> {
        Err(Error::Unsupported("a page".to_owned()))
    }

    async fn count(&self, _: &Specification<Line>) -> Result<u64> {
        Ok(self.rows)
    }

    async fn position(&self) -> Result<Position> {
        Ok(*self.position.borrow())
    }

    async fn wait_for(&self, want: Position, patience: Duration) -> Result<Position> {
        let mut seen = self.position.subscribe();
        let reached = tokio::time::timeout(patience, seen.wait_for(|have| *have >= want)).await;
        let have = *self.position.borrow();
        if reached.is_ok() { Ok(have) } else { Err(Error::Stale { have, want }) }
    }
}

fn event(position: u64) -> Recorded<Happened> {
    let envelope = Envelope {
        position: Position(position),
        commit_position: Position(position),
        event_id: Uuid::from_u128(position.into()),
        aggregate_type: "counter".to_owned(),
        aggregate_id: Uuid::from_u128(1),
        version: Version(position),
        event_type: "Added".to_owned(),
        schema_version: 1,
        payload: "{}".to_owned(),
        metadata: "{}".to_owned(),
        occurred_at: Timestamp::default(),
        recorded_at: Timestamp::default(),
    };
    Recorded::of(envelope, Happened::Added(1))
}

async fn rows(view: &SwitchableView<Line, Happened>) -> u64 {
    view.count(&Specification::everything()).await.unwrap()
}

async fn shown(view: &SwitchableView<Line, Happened>) -> Result<Position> {
    ReadRepository::position(view).await
}

#[test]
fn the_former_one_answers_until_the_next_is_as_far_as_it_was() {
    on_both_runtimes(|| async {
        let (former, next) = (Answers::new(1, 7), Answers::new(2, 0));
        let view = SwitchableView::new(former.clone(), Witness::new("lines", 7));
        view.switch(next.clone(), Witness::new("lines", 0), Position(7));
        for position in 0..7 {
            next.come_to(position);
            assert_eq!((rows(&view).await, shown(&view).await), (1, Ok(Position(7))));
        }
        next.come_to(7);
        assert_eq!((rows(&view).await, shown(&view).await), (2, Ok(Position(7))));
        // It is not asked any more.
        former.come_to(9);
        assert_eq!(shown(&view).await, Ok(Position(7)));
    });
}

#[test]
fn who_waits_for_a_position_is_told_by_the_next_one_when_it_comes_to_it() {
    on_both_runtimes(|| async {
        let (former, next) = (Answers::new(1, 7), Answers::new(2, 0));
        let view = SwitchableView::new(former, Witness::new("lines", 7));
        let waiting = tokio::spawn({
            let view = view.clone();
            async move { view.wait_for(Position(9), PATIENCE).await }
        });
        tokio::task::yield_now().await;
        view.switch(next.clone(), Witness::new("lines", 0), Position(7));
        // What the former one has is there at once; what is in neither is stale, as the former one says it.
        assert_eq!(view.wait_for(Position(7), Duration::ZERO).await, Ok(Position(7)));
        let stale = Err(Error::Stale { have: Position(7), want: Position(8) });
        assert_eq!(view.wait_for(Position(8), Duration::ZERO).await, stale);
        next.come_to(9);
        assert_eq!(within(waiting).await.unwrap(), Ok(Position(9)));
        assert_eq!(rows(&view).await, 2);
    });
}

#[test]
fn what_was_on_its_way_into_the_former_one_leaves_no_gap_in_the_next() {
    on_both_runtimes(|| async {
        let (former, next) = (Witness::new("lines", 2), Witness::new("lines", 0));
        let view = SwitchableView::new(Answers::new(1, 2), former.clone());
        let apply = async |positions: std::ops::RangeInclusive<u64>| {
            let events: Vec<_> = positions.clone().map(event).collect();
            view.apply(Batch::new(&events, Position(*positions.end())).unwrap()).await
        };
        apply(3..=3).await.unwrap();
        view.switch(Answers::new(2, 0), next.clone(), Position(3));
        assert!(matches!(apply(4..=4).await, Err(Error::Unavailable { .. })));
        assert_eq!((former.got(), next.got()), (vec![3], vec![]));
        // From the first event on it goes as anywhere.
        apply(1..=3).await.unwrap();
        apply(4..=4).await.unwrap();
        assert_eq!((former.got(), next.got()), (vec![3], vec![1, 2, 3, 4]));
        assert_eq!(Projection::position(&view).await, Ok(Position(4)));
    });
}
