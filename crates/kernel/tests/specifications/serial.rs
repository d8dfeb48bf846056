//! Specifications in files that serde reads.

use portolan_kernel::Specification;
use serde_json::json;

use crate::parcel::Parcel;

type Parcels = Specification<Parcel>;

#[test]
fn a_text_and_a_tree_are_read_and_a_text_is_written() {
    let specification = Parcels::parse("weight < 5 and label contains \"a\"").unwrap();
    let text = serde_json::to_value(&specification).unwrap();
    assert_eq!(text, json!(specification.to_string()));
    assert_eq!(serde_json::from_value::<Parcels>(text).unwrap(), specification);
    let tree = specification.to_json().unwrap();
    assert!(tree.is_object());
    assert_eq!(serde_json::from_value::<Parcels>(tree).unwrap(), specification);
}

#[test]
fn what_is_wrong_is_said_as_the_parser_says_it() {
    let said = |value: serde_json::Value| serde_json::from_value::<Parcels>(value).unwrap_err().to_string();
    let parsed = Parcels::parse("wieght < 5").unwrap_err().to_string();
    assert_eq!(said(json!("wieght < 5")), parsed);
    assert!(parsed.contains("weight"), "{parsed}");
    let tree = json!({ "op": "lt", "field": "wieght", "value": 5 });
    assert_eq!(said(tree.clone()), Parcels::from_json(&tree).unwrap_err().to_string());
    assert!(said(json!(5)).contains("a specification, as text or as a tree"), "{}", said(json!(5)));
}
