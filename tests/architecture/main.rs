//! The dependency graph of the crates is the architecture's diagram, and this holds it.
#![cfg(test)]

mod graph;
mod packages;
mod rules;
mod sources;
mod std_paths;
