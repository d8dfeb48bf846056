//! The crate graph as `cargo metadata` knows it.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// For each package of the workspace, what it names in `[dependencies]`, without the tests' own.
pub(crate) type Graph = BTreeMap<String, BTreeSet<String>>;

/// The graph of this workspace.
pub(crate) fn workspace() -> Graph {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    let names = metadata.packages.iter().map(|package| {
        let used = package.dependencies.iter().filter(|used| used.kind != DependencyKind::Development);
        (package.name.to_string(), used.map(|used| used.name.clone()).collect())
    });
    names.collect()
}

/// A graph of so many edges, for the rules' own tests.
pub(crate) fn of(edges: &[(&str, &[&str])]) -> Graph {
    let own = |(from, to): &(&str, &[&str])| {
        ((*from).to_owned(), to.iter().map(|name| (*name).to_owned()).collect())
    };
    edges.iter().map(own).collect()
}
