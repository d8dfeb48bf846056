//! `store backup` and `store info`.

use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::trade::{order, small_market};

#[test]
fn a_backup_is_a_store_of_its_own_also_beside_a_server() {
    let place = small_market();
    let server = Server::start(&place);
    place.run(&["store", "backup", "copy.db"]).ok();
    server.client().post(&format!("/orders/{}/pay", order(1)), &Value::Null).expect(200);
    let url = format!("sqlite:{}", place.path("copy.db").display());
    let rows = |url: &str| place.run(&["query", "orders", "--json", "--write", url]).ok().rows();
    assert_eq!(
        (&rows(&url)[0]["status"], &rows(&place.url())[0]["status"]),
        (&json!("pending"), &json!("paid"))
    );
    place.run(&["store", "check", "--write", &url]).ok();
    let info = |url: &str| place.run(&["store", "info", "--json", "--write", url]).ok().rows().remove(0);
    assert_eq!(info(&url)["store_id"], info(&place.url())["store_id"], "it is a copy of this store");
    assert_eq!(info(&url)["storage"], "relational");
    assert!(info(&url)["bytes"].as_u64().unwrap() > 0 && info(&url)["schema"]["core"].is_number());
    place.run(&["store", "backup", "copy.db"]).fails(1, &["copy.db", "exists"]);
    place.run(&["store", "backup", "nowhere/copy.db"]).fails(1, &["there is no folder nowhere"]);
    for command in [&["store", "info"][..], &["store", "migrate"], &["query", "orders"]] {
        let asked = [command, &["--write", "sqlite:portolan.db?storage=document"]].concat();
        place.run(&asked).fails(2, &["portolan.db keeps aggregates as `relational`", "store copy"]);
    }
    place.run(&["store", "migrate"]).ok();
}
