//! An afternoon at the desk: `cargo run -p own-aggregate`, or with `sqlite:library.db` behind it to keep the loans.
#![expect(clippy::print_stdout, reason = "a program that shows what it did")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use own_aggregate::view::fields;
use own_aggregate::{ExtendLoan, FindLoans, LendBook, Library, LoanId, TakeBack};
use portolan_kernel::{Clock, CommandError, Direction, IdSource, Query, Sort};
use portolan_runtime::{SystemClock, SystemIds};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "sqlite::memory:".to_owned());
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds::new()));
    let library = Library::open(&url, clock.clone(), ids.clone()).await?;
    let now = clock.now();

    let mut lent = Vec::new();
    for (title, reader, days) in [("Emma", "Ada", 14), ("Dracula", "Ben", 7), ("Middlemarch", "Ada", 28)] {
        let loan = LoanId::from(ids.next_id());
        let (title, reader) = (title.into(), reader.into());
        library.send(LendBook { loan, title, reader, due_at: now.plus(DAY * days) }).await?;
        lent.push(loan);
    }
    library.send(ExtendLoan { loan: lent[1], due_at: now.plus(DAY * 21) }).await?;
    let receipt = library.send(TakeBack { loan: lent[0] }).await?;

    // A refusal is an answer: a code, a sentence, and the numbers.
    if let Err(CommandError::Refused(refusal)) = library.send(TakeBack { loan: lent[0] }).await {
        println!("refused: {}: {refusal}", refusal.code);
    }

    // The receipt's position is the token with which a reader sees their own write.
    let out = Query::new(fields::returned_at().is_null())
        .sort(Sort::by(fields::due_at(), Direction::Ascending)?)
        .at_least(receipt.position);
    let page = library.ask(FindLoans { query: out, patience: Duration::from_secs(2) }).await?;
    for row in &page.rows {
        println!("{} has {} until {}", row.view.reader, row.view.title, row.view.due_at);
    }
    library.close().await?;
    Ok(())
}
