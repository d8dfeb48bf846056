//! Sorting, paging and counting, against a plain filter and sort.

use std::collections::BTreeSet;

use portolan_kernel::{
    Cursor, Direction, Money, PageRequest, PageSize, Query, ReadRepository, ReadRepositoryExt, Sort,
    Specification,
};
use proptest::prelude::*;

use crate::ware::{Event, Shop, Ware, at, id, offered, ware};

fn money(text: &str) -> Option<Money> {
    Some(text.parse().unwrap())
}

async fn names(shop: &Shop, query: Query<Ware>) -> Vec<String> {
    let page = shop.view.find(&query).await.unwrap();
    page.rows.iter().map(|row| row.view.name.to_string()).collect()
}

fn sorted(text: &str) -> Query<Ware> {
    Query::default().sort(Sort::parse(text).unwrap())
}

#[tokio::test]
async fn the_sort_is_by_value_with_null_last_both_ways_and_the_id_between_equals() {
    let wares = [
        ("lamp", money("5 EUR")),
        ("desk", None),
        ("rug", money("5 USD")),
        ("map", money("7 JPY")),
        ("clock", None),
    ];
    let shop = Shop::with(&wares).await;
    let by_id = |left: &'static str, right: &'static str| {
        if id(left) < id(right) { [left, right] } else { [right, left] }
    };
    let (fives, nulls) = (by_id("lamp", "rug"), by_id("desk", "clock"));
    let rising = [&["map"][..], &fives, &nulls].concat();
    assert_eq!(names(&shop, sorted("price.amount")).await, rising);
    let falling = [&fives[..], &["map"], &nulls].concat();
    assert_eq!(names(&shop, sorted("-price.amount")).await, falling);
    assert_eq!(names(&shop, sorted("price.currency,-name")).await, ["lamp", "map", "rug", "desk", "clock"]);
    let mut ids: Vec<_> = wares.iter().map(|(name, _)| *name).collect();
    ids.sort_by_key(|name| id(name));
    assert_eq!(names(&shop, Query::default()).await, ids);
    ids.reverse();
    assert_eq!(names(&shop, sorted("-id")).await, ids);
}

#[tokio::test]
async fn a_walk_gives_each_row_once_whatever_the_page_size() {
    let names: Vec<String> = (0..7).map(|number| format!("ware {}", number % 3)).collect();
    let shop = Shop::new();
    let made: Vec<_> = (1..)
        .zip(&names)
        .map(|(position, name)| at(position, &format!("{name} at {position}"), 1, offered(name, None)))
        .collect();
    shop.apply(&made).await;
    let whole = shop.view.find(&sorted("-name").page(PageRequest::everything())).await.unwrap();
    assert_eq!((whole.rows.len(), whole.next), (7, None));
    for size in [1, 2, 6, 7, 8] {
        let mut query = sorted("-name").page(PageRequest::first(PageSize::new(size).unwrap()));
        let mut walked = Vec::new();
        loop {
            let page = shop.view.find(&query).await.unwrap();
            assert!(page.rows.len() <= size);
            walked.extend(page.rows);
            let Some(next) = page.next else { break };
            query.page = query.page.after(next);
        }
        assert_eq!(walked, whole.rows, "by {size}");
    }
}

#[tokio::test]
async fn rows_that_come_and_go_during_a_walk_neither_repeat_nor_hide_others() {
    let letters: Vec<String> = ('a'..='z').map(String::from).collect();
    let untouched: Vec<(&str, Option<Money>)> = letters.iter().map(|name| (name.as_str(), None)).collect();
    let shop = Shop::with(&untouched).await;
    let mut query = sorted("name").page(PageRequest::first(PageSize::new(4).unwrap()));
    let (mut walked, mut position) = (Vec::new(), 100);
    loop {
        let page = shop.view.find(&query).await.unwrap();
        walked.extend(page.rows.iter().map(|row| row.view.name.to_string()));
        let Some(next) = page.next else { break };
        query.page = query.page.after(next);
        // The row that the cursor is behind goes, and others come on both sides of it.
        let last = walked.last().unwrap().clone();
        let (before, behind) = (format!("{last}!"), format!("A{last}"));
        shop.apply(&[
            at(position, &last, 2, Event::Withdrawn),
            at(position + 1, &before, 1, offered(&before, None)),
            at(position + 2, &behind, 1, offered(&behind, None)),
        ])
        .await;
        position += 3;
    }
    let met: Vec<_> = walked.iter().filter(|name| name.len() == 1).cloned().collect();
    assert_eq!(met, letters);
    assert_eq!(walked.iter().collect::<BTreeSet<_>>().len(), walked.len());
}

#[tokio::test]
async fn a_cursor_that_is_changed_or_of_another_query_is_invalid() {
    let shop = Shop::with(&[("lamp", None), ("desk", None), ("rug", None)]).await;
    let small = PageRequest::first(PageSize::new(1).unwrap());
    let query = sorted("name").page(small.clone());
    let cursor = shop.view.find(&query).await.unwrap().next.unwrap();
    let text = cursor.as_str();
    let with = |cursor: Cursor| query.clone().page(small.clone().after(cursor));
    assert_eq!(names(&shop, with(text.into())).await, ["lamp"]);

    let mut broken: Vec<String> = (0..text.len()).map(|end| text[..end].to_owned()).collect();
    broken.extend((0..text.len()).flat_map(|place| {
        let original = text.as_bytes()[place];
        let others = b"AZaz09-_".iter().filter(move |byte| **byte != original);
        others.map(move |byte| format!("{}{}{}", &text[..place], char::from(*byte), &text[place + 1..]))
    }));
    broken.extend([format!("{text}A"), format!("{text}="), "é".to_owned(), "A".repeat(1_000_000)]);
    for broken in broken {
        let error = shop.view.find(&with(broken.as_str().into())).await.unwrap_err();
        assert_eq!(error.code(), "invalid", "{broken}");
    }
    for other in [
        sorted("-name"),
        sorted("name,stock"),
        Query::default(),
        Query::new(ware::stock().eq(0)).sort(Sort::parse("name").unwrap()),
    ] {
        let error = shop.view.find(&other.page(small.clone().after(cursor.clone()))).await.unwrap_err();
        assert!(error.to_string().contains("another filter or sort"), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_said_before_any_search() {
    for rows in [0, 201, usize::MAX] {
        let error = PageSize::new(rows).unwrap_err();
        assert_eq!(error.code(), "invalid");
        assert!(error.to_string().contains("1 to 200"), "{error}");
    }
    let error = |text: &str| Sort::<Ware>::parse(text).unwrap_err().to_string();
    assert_eq!(error("nmae"), "`nmae` is not a field of Ware; did you mean `name`?");
    assert_eq!(error("-price"), "`price` is money; sort by `price.amount`");
    assert_eq!(error("name,-name"), "`name` is named twice in one sort");
    assert_eq!(error("name,,id"), "a sort names fields, like `-price.amount,title`");
    assert!(
        Sort::by(ware::name(), Direction::Ascending)
            .unwrap()
            .then(ware::price(), Direction::Ascending)
            .is_err()
    );
    let shop = Shop::with(&[("lamp", None)]).await;
    let outgrown = Specification::all_of((0..5_000).map(|_| ware::stock().eq(0)));
    assert_eq!(shop.view.find(&Query::new(outgrown.clone())).await.unwrap_err().code(), "invalid");
    assert_eq!(shop.view.count(&outgrown).await.unwrap_err().code(), "invalid");
}

#[tokio::test]
async fn count_and_exists_agree_with_find() {
    let shop = Shop::with(&[("lamp", money("5 EUR")), ("desk", None), ("rug", money("9 EUR"))]).await;
    for criteria in [
        Specification::everything(),
        Specification::nothing(),
        ware::price().is_null(),
        ware::price().lt(money("6 EUR")),
        ware::name().search("LAMP") | ware::name().search("rug"),
    ] {
        let found = shop.view.find(&Query::new(criteria.clone())).await.unwrap().rows.len() as u64;
        assert_eq!(shop.view.count(&criteria).await.unwrap(), found);
        assert_eq!(shop.view.exists(&criteria).await.unwrap(), found > 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_page_is_that_of_a_plain_filter_and_sort(
        stocks in proptest::collection::vec((0_i64..5, proptest::option::of(0_i64..3)), 0..300),
        floor in 0_i64..5,
        size in proptest::option::of(1_usize..20),
        sort in proptest::sample::select(vec!["stock", "-stock,name", "-price.amount,stock", "price.amount,-id"]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let currency = "1 EUR".parse::<Money>().unwrap().currency;
            let shop = Shop::new();
            for (number, (stock, price)) in stocks.iter().enumerate() {
                let (name, position) = (format!("{}", number % 7), number as u64 * 2 + 1);
                let unique = format!("ware {number}");
                let made = offered(&name, price.map(|amount| Money::new(amount, currency)));
                shop.apply(&[at(position, &unique, 1, made), at(position + 1, &unique, 2, Event::Counted(*stock))]).await;
            }
            let criteria = ware::stock().gte(floor);
            let query = Query::new(criteria.clone()).sort(Sort::parse(sort).unwrap());
            let all = shop.view.find(&Query::default().page(PageRequest::everything())).await.unwrap().rows;
            let mut expected: Vec<_> = all.into_iter().filter(|row| criteria.is_satisfied_by(&row.view)).collect();
            let checked = query.checked().unwrap();
            expected.sort_by(|left, right| checked.order(&*left.view, &*right.view));

            let size = size.map_or(PageSize::EVERYTHING, |rows| PageSize::new(rows).unwrap());
            let mut walk = query.clone().page(PageRequest::first(size));
            let mut walked = Vec::new();
            loop {
                let page = shop.view.find(&walk).await.unwrap();
                walked.extend(page.rows);
                let Some(next) = page.next else { break };
                walk.page = walk.page.after(next);
            }
            assert_eq!(walked, expected);
        });
    }
}
