//! The specifications that an independent model has answered, asked through the command line and over HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests, their helpers included")]

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use clap::Parser;
use http_body_util::BodyExt;
use portolan_app::cli::{Cli, Command};
use portolan_app::commands::{query::wanted, why};
use portolan_app::config::{Config, Read};
use portolan_app::import::{Import, Progress};
use portolan_app::wiring::{App, Parts};
use portolan_application::listings::ListingView;
use portolan_application::orders::OrderView;
use portolan_http::{Http, Limits, Shutdown};
use portolan_kernel::{Explanation, Query, ReadRepository, Specification, View};
use serde::Deserialize;
use tower::ServiceExt;

/// One specification with its answer.
#[derive(Deserialize)]
struct Asked {
    view: String,
    text: String,
    json: serde_json::Value,
    count: usize,
    /// At most the first 200, sorted.
    ids: Vec<String>,
}

struct Quietly;

impl Progress for Quietly {
    fn line(&self, _: u64) {}
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(name)
}

/// The market of the sample: with its views, and without the orders that sales make.
async fn market(place: &tempfile::TempDir, read: &str) -> App {
    let write = format!("sqlite:{}", place.path().join("market.db").display());
    let read = Read { default: read.to_owned(), ..Config::default().read };
    let config = Config { write, read, ..Config::default() };
    let app = App::build(&config, Parts { views: true, processes: false, deadlines: false }).await.unwrap();
    let lines = tokio::fs::File::open(data("market.jsonl")).await.unwrap();
    let import = Import::new(app.clone(), false);
    import.run(tokio::io::BufReader::new(lines), Arc::new(Quietly), std::future::pending()).await.unwrap();
    let head = app.journal().head().await.unwrap();
    let views = app.mediator().service().views();
    let patience = std::time::Duration::from_secs(60);
    views.listings.wait_for(head, patience).await.unwrap();
    views.orders.wait_for(head, patience).await.unwrap();
    app
}

fn router(app: &App) -> Router {
    portolan_http::router(Http {
        mediator: app.mediator().clone(),
        journal: app.journal(),
        clock: app.shared_clock(),
        health: app.health(),
        outcomes_kept: std::time::Duration::from_secs(1),
        limits: Limits::default(),
        shutdown: Shutdown::new(),
    })
}

/// The ids that `portolan query VIEW --where CRITERIA` answers.
async fn on_the_command_line<V: View>(
    rows: &dyn ReadRepository<V>,
    view: &str,
    criteria: &str,
) -> Vec<String> {
    let typed = Cli::try_parse_from(["portolan", "query", view, "--where", criteria]).unwrap();
    let Command::Query(query) = typed.command else { panic!("not a query") };
    let query = wanted::<V>(&query).unwrap_or_else(|error| panic!("{criteria}: {error}"));
    let page = rows.find(&query).await.unwrap();
    assert_eq!(rows.count(&query.criteria).await.unwrap() as usize, page.rows.len());
    page.rows.iter().map(|row| row.view.id().to_string()).collect()
}

/// The first 200 ids that `GET /VIEW?PARAMETER=CRITERIA` answers, and how many there are.
async fn over_http(router: &Router, view: &str, parameter: &str, criteria: &str) -> (Vec<String>, usize) {
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    parameters.append_pair(parameter, criteria).append_pair("limit", "200").append_pair("count", "true");
    let request = Request::get(format!("/{view}?{}", parameters.finish())).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(status, StatusCode::OK, "{criteria}: {}", String::from_utf8_lossy(&body));
    let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let ids = answer["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
    (ids.collect(), answer["count"].as_u64().unwrap() as usize)
}

#[tokio::test(flavor = "multi_thread")]
async fn command_line_and_http_select_what_the_independent_model_says() {
    let place = tempfile::tempdir().unwrap();
    let app = market(&place, "memory:").await;
    let explained = all_select_what_the_independent_model_says(app).await;
    assert!(explained.residual.is_some_and(|residual| residual.starts_with("seller = ")));
}

#[tokio::test(flavor = "multi_thread")]
async fn read_models_in_sqlite_select_what_the_independent_model_says() {
    let place = tempfile::tempdir().unwrap();
    let app = market(&place, &format!("sqlite:{}", place.path().join("views.db").display())).await;
    let explained = all_select_what_the_independent_model_says(app).await;
    assert_eq!((explained.store.as_str(), explained.residual), ("sqlite", None));
    assert!(explained.query.starts_with("select "), "{}", explained.query);
}

/// The server of this kind, at the address that the environment gives; none where there is none and need be none.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn server(name: &str, variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok();
    let required = std::env::var("PORTOLAN_TEST_REQUIRE").unwrap_or_default();
    assert!(url.is_some() || required.split(',').all(|one| one != name), "{name} is required");
    url
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn read_models_on_postgresql_select_what_the_independent_model_says() {
    use portolan_diesel::diesel::connection::SimpleConnection as _;
    use portolan_diesel::diesel::{Connection as _, PgConnection};
    let Some(server) = server("postgres", "PORTOLAN_TEST_POSTGRES") else { return };
    let schema = format!("portolan_specifications_{}", std::process::id());
    let run = |sql: &str| PgConnection::establish(&server).unwrap().batch_execute(sql).unwrap();
    run(&format!("create schema {schema}"));
    let place = tempfile::tempdir().unwrap();
    let app = market(&place, &format!("{server}?schema={schema}")).await;
    let explained = all_select_what_the_independent_model_says(app).await;
    assert_eq!((explained.store.as_str(), explained.residual), ("postgresql", None));
    run(&format!("drop schema {schema} cascade"));
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread")]
async fn read_models_on_mariadb_select_what_the_independent_model_says() {
    use portolan_diesel::diesel::connection::SimpleConnection as _;
    use portolan_diesel::diesel::{Connection as _, MysqlConnection};
    let Some(server) = server("mariadb", "PORTOLAN_TEST_MARIADB") else { return };
    let database = format!("portolan_specifications_{}", std::process::id());
    let run = |sql: &str| MysqlConnection::establish(&server).unwrap().batch_execute(sql).unwrap();
    run(&format!("create database {database}"));
    let (base, _) = server.rsplit_once('/').unwrap();
    let place = tempfile::tempdir().unwrap();
    let app = market(&place, &format!("{base}/{database}")).await;
    let explained = all_select_what_the_independent_model_says(app).await;
    assert_eq!((explained.store.as_str(), explained.residual), ("mariadb", None));
    run(&format!("drop database {database}"));
}

/// Every case, through every way in. Answers how the rows of one seller are found.
async fn all_select_what_the_independent_model_says(app: App) -> Explanation {
    let router = router(&app);
    let views = app.mediator().service().views().clone();
    let cases = std::fs::read_to_string(data("specifications.json")).unwrap();
    let cases: Vec<Asked> = serde_json::from_str(&cases).unwrap();
    assert_eq!(cases.len(), 200);
    for Asked { view, text, json, count, ids } in cases {
        let json = json.to_string();
        for (parameter, criteria) in [("filter", &text), ("filter[json]", &json)] {
            let (typed, view) = match view.as_str() {
                "listing" => (on_the_command_line(&*views.listings, "listings", criteria).await, "listings"),
                _ => (on_the_command_line(&*views.orders, "orders", criteria).await, "orders"),
            };
            assert_eq!(typed.len(), count, "{criteria}");
            assert_eq!(&typed[..count.min(200)], &ids, "{criteria}");
            if let Some(first) = typed.first() {
                let why = why::answer(&*app.journal(), first.parse().unwrap(), None, criteria).await.unwrap();
                assert_eq!(why, [serde_json::json!({ "id": first, "satisfied": true })], "{criteria}");
            }
            assert_eq!(
                over_http(&router, view, parameter, criteria).await,
                (ids.clone(), count),
                "{criteria}"
            );
        }
    }
    let seller = Specification::<ListingView>::parse(&format!("seller = \"{}\"", uuid::Uuid::nil())).unwrap();
    let explained = views.listings.explain(&Query::new(seller)).await.unwrap();
    assert_eq!(explained.indexes, ["hash index on seller"]);
    let sold = r#"status = "sold" and bids > 0"#;
    let first = on_the_command_line(&*views.listings, "listings", sold).await.remove(0);
    let asked = r#"status = "draft" and title ~ "" and bids < 0"#;
    let why = why::answer(&*app.journal(), first.parse().unwrap(), None, asked).await.unwrap();
    let becauses: Vec<_> = why.iter().map(|reason| reason["because"].as_str().unwrap()).collect();
    assert_eq!(becauses.len(), 2, "{why:?}");
    assert_eq!(becauses[0], r#"`status` is "sold", not "draft""#);
    assert!(becauses[1].starts_with("`bids` is ") && becauses[1].ends_with(", not below 0"), "{why:?}");
    let nobody = why::answer(&*app.journal(), uuid::Uuid::nil(), None, asked).await.unwrap_err();
    assert_eq!(nobody.exit_code(), std::process::ExitCode::from(1));
    app.shutdown().await.unwrap();
    explained
}

#[test]
fn a_filter_that_is_none_is_wrong_usage_and_shows_its_place() {
    let refused = |criteria: &str| {
        let typed = Cli::try_parse_from(["portolan", "query", "listings", "--where", criteria]).unwrap();
        let Command::Query(query) = typed.command else { panic!("not a query") };
        wanted::<ListingView>(&query).unwrap_err()
    };
    let failure = refused("status = \"published\" and prise < 5");
    assert_eq!(failure.exit_code(), std::process::ExitCode::from(2));
    let text = failure.to_string();
    assert!(text.contains("line 1, column 26") && text.contains("`price`") && text.contains('^'), "{text}");
    assert!(refused(r#"{"op": "near", "field": "title"}"#).to_string().contains("/op"));
    assert!(matches!(refused(""), portolan_app::Failure::Usage(_)));
    let orders = Cli::try_parse_from(["portolan", "query", "orders", "--where", "bids > 1"]).unwrap();
    let Command::Query(orders) = orders.command else { panic!("not a query") };
    assert!(wanted::<OrderView>(&orders).is_err());
}
