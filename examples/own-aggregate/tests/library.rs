//! The library as its users see it: commands, refusals, what the view shows, and that all of it is there tomorrow.
#![cfg(test)]

use std::sync::Arc;
use std::time::Duration;

use own_aggregate::view::fields;
use own_aggregate::{ExtendLoan, FindLoans, LendBook, Library, LoanId, LoanView, TakeBack};
use portolan_diesel::sqlite::Check;
use portolan_kernel::{Clock, CommandError, Position, Query, Receipt, Specification};
use portolan_testkit::{ManualClock, SequentialIds};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn open(url: &str, clock: &ManualClock) -> Library {
    Library::open(url, Arc::new(clock.clone()), Arc::new(SequentialIds::new(0))).await.unwrap()
}

async fn lend(library: &Library, clock: &ManualClock, title: &str, days: u32) -> (LoanId, Receipt) {
    let loan = LoanId::derived(uuid::Uuid::nil(), title);
    let due_at = clock.now().plus(DAY * days);
    let command = LendBook { loan, title: title.into(), reader: "Ada".into(), due_at };
    (loan, library.send(command).await.unwrap())
}

async fn titles(library: &Library, criteria: Specification<LoanView>, at_least: Position) -> Vec<String> {
    let query = Query::new(criteria).at_least(at_least);
    let page = library.ask(FindLoans { query, patience: Duration::from_secs(10) }).await.unwrap();
    let mut titles: Vec<_> = page.rows.iter().map(|row| row.view.title.to_string()).collect();
    titles.sort();
    titles
}

#[tokio::test]
async fn the_view_shows_what_commands_did() {
    let clock = ManualClock::default();
    let library = open("sqlite::memory:", &clock).await;
    let (emma, _) = lend(&library, &clock, "Emma", 14).await;
    let (dracula, _) = lend(&library, &clock, "Dracula", 7).await;
    let later = clock.now().plus(DAY * 30);
    library.send(ExtendLoan { loan: dracula, due_at: later }).await.unwrap();
    let last = library.send(TakeBack { loan: emma }).await.unwrap().position;
    assert_eq!(titles(&library, fields::returned_at().is_null(), last).await, ["Dracula"]);
    assert_eq!(titles(&library, fields::due_at().gte(later), last).await, ["Dracula"]);
    assert_eq!(titles(&library, fields::title().search("emma"), last).await, ["Emma"]);
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let clock = ManualClock::default();
    let library = open("sqlite::memory:", &clock).await;
    let (loan, receipt) = lend(&library, &clock, "Emma", 14).await;
    clock.advance(DAY * 15);
    let due_at = clock.now().plus(DAY);
    let refused = library.send(ExtendLoan { loan, due_at }).await.unwrap_err();
    let CommandError::Refused(refusal) = refused else { panic!("{refused:?}") };
    assert_eq!(refusal.code, "overdue");
    let nobody = LoanId::derived(uuid::Uuid::nil(), "nobody's");
    let refused = library.send(TakeBack { loan: nobody }).await.unwrap_err();
    assert!(matches!(refused, CommandError::Refused(refusal) if refusal.code == "not_found"));
    // Nothing was written: the next event is the next one.
    assert_eq!(library.send(TakeBack { loan }).await.unwrap().position, receipt.position.plus(1));
}

#[tokio::test]
async fn everything_is_there_after_a_restart_and_the_store_checks() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("library.db").display());
    let clock = ManualClock::default();
    let library = open(&url, &clock).await;
    lend(&library, &clock, "Emma", 14).await;
    let (_, last) = lend(&library, &clock, "Dracula", 7).await;
    library.close().await.unwrap();

    let library = open(&url, &clock).await;
    assert_eq!(titles(&library, Specification::everything(), last.position).await, ["Dracula", "Emma"]);
    let mut findings = Vec::new();
    let tell = |check| {
        if let Check::Found(finding) = check {
            findings.push(finding.to_string());
        }
    };
    library.store().check(tell).await.unwrap();
    assert_eq!(findings, Vec::<String>::new());
    library.close().await.unwrap();
}
