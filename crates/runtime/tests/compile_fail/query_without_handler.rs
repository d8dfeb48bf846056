use portolan_kernel::QueryMessage;
use portolan_runtime::Mediator;

struct FindListings;

impl QueryMessage for FindListings {
    type Answer = ();

    fn name(&self) -> &'static str {
        "find_listings"
    }
}

struct Market;

async fn ask(mediator: Mediator<Market>) {
    let _ = mediator.ask(FindListings).await;
}

fn main() {}
