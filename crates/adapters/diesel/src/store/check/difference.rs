//! In which fields two states differ: their names, never their values, for some are secret.

use portolan_kernel::{AggregateType, AnyState, Error};
use serde_json::Value;

use super::Fault;

/// How many fields are named at the most.
const NAMED: usize = 8;

/// The paths of the fields that differ; empty where the states are equal.
pub(super) fn fields_that_differ(
    known: &dyn AggregateType,
    stored: &AnyState,
    replayed: &AnyState,
) -> Result<Vec<String>, Fault> {
    if known.difference(stored, replayed).is_none() {
        return Ok(Vec::new());
    }
    let document = |state| -> Result<Value, Fault> {
        let json = known.encode_state(state)?.json;
        serde_json::from_str(&json)
            .map_err(|error| Error::Invalid(format!("a document does not parse: {error}")).into())
    };
    let mut paths = Vec::new();
    walk(&document(stored)?, &document(replayed)?, "", &mut paths);
    if paths.is_empty() {
        paths.push("something that its document does not show".to_owned());
    }
    Ok(paths)
}

fn walk(one: &Value, other: &Value, path: &str, paths: &mut Vec<String>) {
    if one == other || paths.len() >= NAMED {
        return;
    }
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let added = other.keys().filter(|name| !one.contains_key(*name));
            for name in one.keys().chain(added) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let [one, other] = [one, other].map(|object| object.get(name).unwrap_or(&Value::Null));
                walk(one, other, &path, paths);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                walk(one, other, &format!("{path}[{index}]"), paths);
            }
        }
        _ => paths.push(if path.is_empty() { "all of it".to_owned() } else { path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_named_by_their_paths_and_values_are_not() {
        let mut paths = Vec::new();
        let one = json!({"a": 1, "b": {"c": [1, 2]}, "d": 1});
        let other = json!({"a": 1, "b": {"c": [1, 3]}, "e": 1});
        walk(&one, &other, "", &mut paths);
        assert_eq!(paths, ["b.c[1]", "d", "e"]);
    }
}
