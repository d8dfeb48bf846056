//! An order driven with random commands against a model that adds everything up again after each.

use portolan_kernel::{Aggregate, DomainError, Id, replay};
use proptest::prelude::*;
use uuid::Uuid;

use super::{Address, Error, Event, Line, Order, OrderId, Placement};
use crate::testing::{at, eur, party};

const SKUS: [&str; 4] = ["a", "b", "c", "nowhere"];

#[derive(Debug, Clone)]
enum Step {
    Change(&'static str, i64),
    Remove(&'static str),
    Address,
    Pay,
    Ship,
    Deliver,
    Cancel,
}

fn decide(order: &Order, step: &Step) -> Result<Vec<Event>, Error> {
    match step {
        Step::Change(sku, quantity) => order.change_quantity(sku, *quantity),
        Step::Remove(sku) => order.remove_line(sku),
        Step::Address => order.set_address(home()),
        Step::Pay => order.pay(),
        Step::Ship => order.ship("T".into()),
        Step::Deliver => order.deliver(),
        Step::Cancel => order.cancel(),
    }
}

fn home() -> Address {
    let [name, street, city, country] = ["n", "s", "c", "PT"].map(str::to_owned);
    Address { name, street, city, country }
}

/// Sku, quantity, unit price; wide enough not to overflow itself.
struct Model {
    lines: Vec<(&'static str, i128, i128)>,
    status: &'static str,
    addressed: bool,
}

impl Model {
    fn items(&self) -> i128 {
        self.lines.iter().map(|line| line.1).sum()
    }

    fn total(&self) -> i128 {
        self.lines.iter().map(|line| line.1 * line.2).sum()
    }

    fn fits(&self) -> bool {
        i64::try_from(self.items()).is_ok() && i64::try_from(self.total()).is_ok()
    }

    fn run(&mut self, step: &Step) -> Result<(), &'static str> {
        let open = ["pending", "paid"].contains(&self.status);
        match *step {
            Step::Change(..) | Step::Remove(_) | Step::Pay if self.status != "pending" => Err("not_pending"),
            Step::Change(sku, _) | Step::Remove(sku) if !self.lines.iter().any(|line| line.0 == sku) => {
                Err("no_line")
            }
            Step::Change(_, quantity) if quantity < 1 => Err("invalid_quantity"),
            Step::Change(sku, quantity) => {
                let before = self.lines.clone();
                let line = self.lines.iter_mut().find(|line| line.0 == sku).unwrap();
                line.1 = i128::from(quantity);
                if self.fits() {
                    return Ok(());
                }
                self.lines = before;
                Err("overflow")
            }
            Step::Remove(_) if self.lines.len() == 1 => Err("last_line"),
            Step::Remove(sku) => {
                self.lines.retain(|line| line.0 != sku);
                Ok(())
            }
            Step::Address if !open => Err("not_changeable"),
            Step::Address => {
                self.addressed = true;
                Ok(())
            }
            Step::Pay => self.become_("paid"),
            Step::Ship if self.status != "paid" => Err("not_paid"),
            Step::Ship if !self.addressed => Err("no_address"),
            Step::Ship => self.become_("shipped"),
            Step::Deliver if self.status != "shipped" => Err("not_shipped"),
            Step::Deliver => self.become_("delivered"),
            Step::Cancel if !open => Err("not_cancellable"),
            Step::Cancel => self.become_("cancelled"),
        }
    }

    fn become_(&mut self, status: &'static str) -> Result<(), &'static str> {
        self.status = status;
        Ok(())
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let quantity = prop_oneof![8 => -1_i64..50, 1 => Just(i64::MAX), 1 => Just(i64::MAX / 3)];
    let step = prop_oneof![
        8 => (prop::sample::select(&SKUS[..]), quantity).prop_map(|(sku, quantity)| Step::Change(sku, quantity)),
        3 => prop::sample::select(&SKUS[..]).prop_map(Step::Remove),
        1 => Just(Step::Address),
        1 => Just(Step::Pay),
        1 => Just(Step::Ship),
        1 => Just(Step::Deliver),
        1 => Just(Step::Cancel),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #[test]
    fn an_order_does_what_the_naive_model_does(
        prices in prop::array::uniform3(0_i64..1_000),
        addressed in any::<bool>(),
        steps in steps(),
    ) {
        let lines = SKUS.iter().zip(prices).map(|(sku, price)| Line {
            sku: (*sku).into(),
            description: "".into(),
            quantity: 1,
            unit_price: eur(price),
        });
        let order = OrderId::from_uuid(Uuid::from_u128(1));
        let address = addressed.then(home);
        let placement = Placement { order, customer: party(1), lines: lines.collect(), address };
        let mut history = Order::place(placement, at(0)).unwrap();
        let mut order: Order = replay(&history).unwrap();
        let model_lines = SKUS.into_iter().zip(prices).map(|(sku, price)| (sku, 1, i128::from(price)));
        let mut model = Model { lines: model_lines.collect(), status: "pending", addressed };

        for step in steps {
            let decided = decide(&order, &step);
            let expected = model.run(&step);
            prop_assert_eq!(decided.as_ref().map(|_| ()).map_err(DomainError::code), expected, "{:?}", step);
            let events = decided.unwrap_or_default();
            events.iter().for_each(|event| order.apply(event));
            history.extend(events);

            prop_assert_eq!(replay(&history), Some(order.clone()));
            prop_assert_eq!(order.status().as_str(), model.status);
            prop_assert_eq!(i128::from(order.items()), model.items());
            prop_assert_eq!(i128::from(order.total().amount), model.total());
            let skus: Vec<_> = order.lines().iter().map(|line| &*line.sku).collect();
            prop_assert_eq!(skus, model.lines.iter().map(|line| line.0).collect::<Vec<_>>());
            prop_assert_eq!(order.address().is_some(), model.addressed);
        }
    }
}
