use portolan_kernel::{AggregateKey, Command, Context};
use portolan_runtime::Mediator;

struct PlaceBid;

impl Command for PlaceBid {
    fn name(&self) -> &'static str {
        "place_bid"
    }

    fn target(&self) -> Option<AggregateKey> {
        None
    }
}

struct Market;

async fn send(mediator: Mediator<Market>, context: Context) {
    let _ = mediator.send(PlaceBid, context).await;
}

fn main() {}
