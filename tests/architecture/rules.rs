//! Which crate may name which. Rules fail closed: a crate that no rule knows is an error.

use crate::graph::{self, Graph};

/// The rings, from the inside out, and what each may name of the workspace.
const RINGS: &[(&str, &[&str])] = &[
    ("portolan-kernel", &[]),
    ("portolan-domain", &["portolan-kernel"]),
    ("portolan-application", &["portolan-kernel", "portolan-domain"]),
    ("portolan-runtime", &["portolan-kernel"]),
    ("portolan-testkit", &["portolan-kernel", "portolan-runtime"]),
    // For tests of SQLite alone; it knows nothing of ours.
    ("portolan-sqlite-faults", &[]),
];

/// The adapters may name all of these, and never each other.
const BELOW_ADAPTERS: &[&str] =
    &["portolan-kernel", "portolan-domain", "portolan-application", "portolan-runtime"];
const ADAPTERS: &[&str] = &["portolan-diesel", "portolan-memory", "portolan-http"];

/// These wire or measure the others, and may name anything.
const OUTSIDE: &[&str] = &["portolan-app", "portolan-bench", "portolan-tests", "own-aggregate"];

/// What the rings below the adapters may name of the rest of the world. None does I/O; only the runtime runs.
const LIBRARIES: &[(&str, &[&str])] = &[
    (
        "portolan-kernel",
        &[
            "async-trait",
            "iso_currency",
            "jiff",
            "memchr",
            "regex",
            "serde",
            "serde_json",
            "thiserror",
            "unicode-segmentation",
            "uuid",
        ],
    ),
    ("portolan-domain", &["async-trait", "isocountry", "serde_json", "thiserror", "uuid"]),
    (
        "portolan-application",
        &["async-trait", "serde", "serde_json", "serde_path_to_error", "thiserror", "uuid"],
    ),
    (
        "portolan-runtime",
        &["async-trait", "fastrand", "quick_cache", "thiserror", "tokio", "tracing", "uuid"],
    ),
];

/// Every sentence of the law that this graph breaks.
fn violations(graph: &Graph) -> Vec<String> {
    let mut broken = Vec::new();
    for (package, dependencies) in graph {
        let Some(allowed) = allowed_in_workspace(package) else {
            broken.push(format!("{package}: no rule knows this crate; give it a place in the rings"));
            continue;
        };
        for dependency in dependencies {
            let in_workspace = graph.contains_key(dependency) || dependency.starts_with("portolan-");
            if in_workspace && !allowed.iter().any(|name| name == dependency) {
                broken.push(format!("{package} must not know {dependency}"));
            }
            let libraries =
                LIBRARIES.iter().find(|(ring, _)| ring == package).map(|(_, libraries)| *libraries);
            if let Some(libraries) = libraries
                && !in_workspace
                && !libraries.contains(&dependency.as_str())
            {
                broken.push(format!("{package} must not know {dependency}: no I/O below the adapters"));
            }
        }
    }
    broken
}

fn allowed_in_workspace(package: &str) -> Option<Vec<String>> {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    if OUTSIDE.contains(&package) {
        let all: Vec<&str> = RINGS.iter().map(|(ring, _)| *ring).chain(ADAPTERS.iter().copied()).collect();
        return Some(owned(&[all, vec!["portolan-app"]].concat()));
    }
    if ADAPTERS.contains(&package) {
        return Some(owned(BELOW_ADAPTERS));
    }
    RINGS.iter().find(|(ring, _)| *ring == package).map(|(_, allowed)| owned(allowed))
}

#[test]
fn the_workspace_is_layered_as_the_diagram_says() {
    assert_eq!(violations(&graph::workspace()), Vec::<String>::new());
}

#[test]
fn the_domain_that_knows_an_adapter_is_found() {
    let graph =
        graph::of(&[("portolan-domain", &["portolan-kernel", "portolan-diesel"]), ("portolan-diesel", &[])]);
    assert_eq!(violations(&graph), ["portolan-domain must not know portolan-diesel"]);
}

#[test]
fn an_adapter_that_knows_an_adapter_is_found() {
    let graph =
        graph::of(&[("portolan-http", &["portolan-memory"]), ("portolan-memory", &["portolan-kernel"])]);
    assert_eq!(violations(&graph), ["portolan-http must not know portolan-memory"]);
}

#[test]
fn io_below_the_adapters_is_found() {
    let graph = graph::of(&[("portolan-kernel", &["tokio"]), ("portolan-application", &["diesel"])]);
    assert_eq!(
        violations(&graph),
        [
            "portolan-application must not know diesel: no I/O below the adapters",
            "portolan-kernel must not know tokio: no I/O below the adapters",
        ]
    );
}

#[test]
fn a_crate_without_a_place_is_found() {
    let graph = graph::of(&[("portolan-surprise", &[])]);
    assert_eq!(
        violations(&graph),
        ["portolan-surprise: no rule knows this crate; give it a place in the rings"]
    );
}

#[test]
fn a_ring_that_names_a_crate_which_left_the_workspace_is_found() {
    let graph = graph::of(&[("portolan-kernel", &["portolan-gone"])]);
    assert_eq!(violations(&graph), ["portolan-kernel must not know portolan-gone"]);
}
