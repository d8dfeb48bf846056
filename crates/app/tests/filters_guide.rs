//! Every filter in the guide to filters is one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests, their helpers included")]

use portolan_application::listings::ListingView;
use portolan_application::orders::OrderView;
use portolan_kernel::Specification;

/// The fenced blocks of this language behind the heading.
fn blocks(guide: &str, heading: &str, language: &str) -> Vec<String> {
    let (_, section) = guide.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("{heading}"));
    let section = section.split("\n## ").next().unwrap();
    let fenced = section.split("```").skip(1).step_by(2);
    fenced.filter_map(|block| block.strip_prefix(&format!("{language}\n"))).map(str::to_owned).collect()
}

#[test]
fn every_filter_in_the_guide_is_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/filters.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let mut read = 0;
    for filter in blocks(&guide, "Listings", "text").concat().lines() {
        Specification::<ListingView>::parse(filter).unwrap_or_else(|error| panic!("{error}"));
        read += 1;
    }
    for filter in blocks(&guide, "Orders", "text").concat().lines() {
        Specification::<OrderView>::parse(filter).unwrap_or_else(|error| panic!("{error}"));
        read += 1;
    }
    for document in blocks(&guide, "As JSON", "json") {
        Specification::<ListingView>::parse_json(&document).unwrap_or_else(|error| panic!("{error}"));
        read += 1;
    }
    assert!(read >= 17, "{read} filters were found");
}

/// What the guide shows.
#[derive(serde::Deserialize)]
struct Config {
    watched: Specification<ListingView>,
    left_out: Specification<ListingView>,
}

#[test]
fn the_configuration_in_the_guide_is_read_and_a_mistake_in_it_is_named() {
    use figment::providers::{Format as _, Toml};
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/filters.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let [toml] = blocks(&guide, "In configuration", "toml").try_into().unwrap();
    let read = |toml: &str| {
        figment::Figment::from(Toml::string(toml)).extract::<Config>().map_err(|error| error.to_string())
    };
    let Config { watched, left_out } = read(&toml).unwrap();
    let expected = "status = \"published\" and price >= \"100.00 EUR\" and not title contains \"lamp\"";
    assert_eq!(watched.and(!left_out).normalised(), Specification::parse(expected).unwrap().normalised());
    let Err(mistake) = read(&toml.replace("price", "prize")) else { panic!("it was read") };
    assert!(mistake.contains("watched") && mistake.contains("`price`"), "{mistake}");
}
