//! A market that moves from engine to engine by its URLs alone.

use crate::support::database::{Database, Engine, beside_others};
use crate::support::market;
use crate::support::place::Place;

#[test]
fn a_market_moves_through_every_engine_and_is_the_same_at_the_end() {
    let _beside_others = beside_others();
    let (Some(postgres), Some(mariadb)) = (Database::new(Engine::Postgres), Database::new(Engine::MariaDb))
    else {
        return;
    };
    let first = Place::on(postgres.url());
    let place = |name: &str| format!("sqlite:{}", first.path(name).display());
    let urls = [
        place("first.db"),
        postgres.url(),
        format!("{}?storage=document", mariadb.url()),
        format!("{}?storage=events", place("last.db")),
    ];
    let file = market::file();
    let import = ["import", file.to_str().unwrap(), "--report", "report.json"];
    first.run(&[&import[..], &["--write", &urls[0]]].concat()).ok();
    let events = |url: &str| first.run(&["events", "--json", "--write", url]).ok().stdout;
    for step in urls.windows(2) {
        let copied = first.run(&["store", "copy", "--from", &step[0], "--to", &step[1], "--json"]).ok();
        // Those of the file, and those of the processes.
        let outcomes = market::expected().commands + market::expected().orders_from_sales;
        assert_eq!(copied.rows()[0]["outcomes"], outcomes, "{copied:?}");
        assert!(copied.stderr.contains("compared row by row"), "{}", copied.stderr);
        first.run(&["store", "check", "--write", &step[1]]).ok();
        assert!(events(&step[0]) == events(&step[1]), "the journal of {} is another", step[1]);
        // It is whole now, and takes no second one.
        first.run(&["store", "copy", "--from", &step[0], "--to", &step[1]]).status(1);
    }
    let last = Place::on(urls[3].clone());
    let import = ["import", file.to_str().unwrap(), "--report", "report.json"];
    last.run(&import).ok();
    market::assert_matches_the_model(&last, "report.json");
    assert_eq!(events(&urls[3]).lines().count(), events(&urls[0]).lines().count(), "a repeat writes nothing");
}
