//! Specifications as JSON: for other programs, and for what fractal-specifications has dumped.

use serde_json::{Map, Value as Json, json};

use super::check::{MAX_PATTERNS, Size, too_large};
use super::field::{Schema, Type};
use super::resolve::{Claim, Target, contained_type, excerpt, from_boolean, from_number, from_text};
use super::text::MAX_TEXT_BYTES;
use super::tree::{Comparison, Node, Predicate, Quantified, Quantifier, Test};
use super::value::Value;
use crate::Money;

/// Why a JSON document is not a specification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at {}: {message}", if pointer.is_empty() { "the top" } else { pointer })]
pub struct JsonError {
    /// Where, as a JSON pointer (RFC 6901); empty for the whole document.
    pub pointer: String,
    /// What is wrong there, in a sentence without the place.
    pub message: String,
}

impl From<JsonError> for crate::Error {
    fn from(error: JsonError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl JsonError {
    fn here(message: impl Into<String>) -> Self {
        Self { pointer: String::new(), message: message.into() }
    }

    /// The same, seen from one step further out.
    fn under(self, step: impl std::fmt::Display) -> Self {
        Self { pointer: format!("/{step}{}", self.pointer), ..self }
    }
}

type Read<T> = Result<T, JsonError>;

/// The tree in this document, over the fields of `schema`.
pub(super) fn read_text(text: &str, schema: &'static Schema) -> Read<Node> {
    if text.len() > MAX_TEXT_BYTES {
        let message =
            format!("a specification is at most {MAX_TEXT_BYTES} bytes long; this one has {}", text.len());
        return Err(JsonError::here(message));
    }
    // Nested deeper than the parser allows is an error there.
    let json = serde_json::from_str(text).map_err(|error| JsonError::here(format!("not JSON: {error}")))?;
    read(&json, schema)
}

/// The tree in this value, over the fields of `schema`.
pub(super) fn read(json: &Json, schema: &'static Schema) -> Read<Node> {
    // Counted before they are made, which is what they cost.
    if patterns(json) > MAX_PATTERNS {
        return Err(JsonError::here(too_large().to_string()));
    }
    let node = node(json, schema)?;
    if Size::of(&node).fits() { Ok(node) } else { Err(JsonError::here(too_large().to_string())) }
}

/// The tree as JSON.
pub(super) fn write(node: &Node) -> Json {
    match node {
        Node::Everything => json!({"op": "empty"}),
        Node::And(nodes) => json!({"op": "and", "specs": nodes.iter().map(write).collect::<Vec<_>>()}),
        Node::Or(nodes) => json!({"op": "or", "specs": nodes.iter().map(write).collect::<Vec<_>>()}),
        Node::Not(inner) => json!({"op": "not", "spec": write(inner)}),
        Node::Predicate(predicate) => write_predicate(predicate),
        Node::Quantified(Quantified { quantifier, collection, inner }) => {
            let op = match quantifier {
                Quantifier::Any => "any",
                Quantifier::All => "all",
            };
            json!({"op": op, "field": collection.name, "spec": write(inner)})
        }
    }
}

fn write_predicate(Predicate { path, test }: &Predicate) -> Json {
    let (op, value) = match test {
        Test::Compare(comparison, value) => (op_of(*comparison), write_value(value)),
        Test::In(members) => ("in", members.values().iter().map(write_value).collect()),
        Test::Contains(sought) => ("contains", write_value(sought.value())),
        Test::StartsWith(start) => ("startswith", json!(start)),
        Test::EndsWith(end) => ("endswith", json!(end)),
        Test::Matches(pattern) => ("matches", json!(pattern.source())),
        Test::IsNull => ("isnone", Json::Null),
        Test::Search(words) => ("search", json!(words.text())),
    };
    json!({"op": op, "field": path.to_string(), "value": value})
}

fn write_value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => json!(value),
        Value::Integer(value) => json!(value),
        Value::Money(money) => json!({"amount": money.amount, "currency": money.currency}),
        // As text, because a JSON number is read as a float by many.
        Value::Decimal(_) | Value::Text(_) | Value::Uuid(_) | Value::Time(_) => json!(value.to_string()),
    }
}

const fn op_of(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Eq => "eq",
        Comparison::Neq => "neq",
        Comparison::Lt => "lt",
        Comparison::Lte => "lte",
        Comparison::Gt => "gt",
        Comparison::Gte => "gte",
    }
}

fn node(json: &Json, schema: &'static Schema) -> Read<Node> {
    let object = json.as_object().ok_or_else(|| {
        JsonError::here(format!("found {}, expected an object like {{\"op\": \"empty\"}}", kind(json)))
    })?;
    let op = member(object, "op")?;
    let op = op.as_str().ok_or_else(|| {
        JsonError::here(format!("found {}, expected the name of an operator", kind(op))).under("op")
    })?;
    match op {
        "empty" => only(object, &[]).map(|()| Node::Everything),
        "not" | "!" => {
            only(object, &["spec"])?;
            inner(object, schema).map(Node::not)
        }
        "and" | "&" | "&&" => all(object, schema).map(Node::and),
        "or" | "|" | "||" => all(object, schema).map(Node::or),
        "any" => quantified(object, schema, Quantifier::Any),
        "all" => quantified(object, schema, Quantifier::All),
        op => predicate(object, schema, op),
    }
}

fn all(object: &Map<String, Json>, schema: &'static Schema) -> Read<Vec<Node>> {
    only(object, &["specs"])?;
    let specs = member(object, "specs")?;
    let specs = specs
        .as_array()
        .ok_or_else(|| JsonError::here(format!("found {}, expected a list", kind(specs))).under("specs"))?;
    let read = |(place, spec)| node(spec, schema).map_err(|error| error.under(place).under("specs"));
    specs.iter().enumerate().map(read).collect()
}

fn inner(object: &Map<String, Json>, schema: &'static Schema) -> Read<Node> {
    node(member(object, "spec")?, schema).map_err(|error| error.under("spec"))
}

fn quantified(object: &Map<String, Json>, schema: &'static Schema, quantifier: Quantifier) -> Read<Node> {
    only(object, &["field", "spec"])?;
    let target = target(object, schema)?;
    let elements = target.elements().map_err(|message| JsonError::here(message).under("field"))?;
    Ok(target.quantified(quantifier, inner(object, elements)?))
}

fn predicate(object: &Map<String, Json>, schema: &'static Schema, op: &str) -> Read<Node> {
    let comparison = match op {
        "eq" | "==" | "=" => Some(Comparison::Eq),
        "neq" | "!=" => Some(Comparison::Neq),
        "lt" | "<" => Some(Comparison::Lt),
        "lte" | "<=" => Some(Comparison::Lte),
        "gt" | ">" => Some(Comparison::Gt),
        "gte" | ">=" => Some(Comparison::Gte),
        "in" | "contains" | "startswith" | "endswith" | "matches" | "~" | "isnone" | "search" => None,
        unknown => {
            let known = "empty and or not any all eq neq lt lte gt gte in contains startswith endswith matches \
                         isnone search";
            let message = format!("`{}` is not an operator; known are {known}", excerpt(unknown));
            return Err(JsonError::here(message).under("op"));
        }
    };
    only(object, &["field", "value"])?;
    let target = target(object, schema)?;
    let (path, value_type) = (target.path, target.value_type());
    let claim = match (op, comparison) {
        ("isnone", _) if object.get("value").is_none_or(Json::is_null) => Ok(Claim::IsNull),
        ("isnone", _) => Err(JsonError::here("`isnone` takes no value but null")),
        (_, Some(comparison)) => value(&target, value_type, member(object, "value")?)
            .map(|value| Claim::Compare(comparison, value)),
        ("in", _) => list(&target, member(object, "value")?).map(Claim::In),
        ("contains", _) => {
            value(&target, contained_type(value_type), member(object, "value")?).map(Claim::Contains)
        }
        (op, _) => match member(object, "value")? {
            Json::String(text) => Ok(match op {
                "startswith" => Claim::StartsWith(text.clone()),
                "endswith" => Claim::EndsWith(text.clone()),
                "search" => Claim::Search(text.clone()),
                _ => Claim::Matches(text.clone()),
            }),
            other => {
                Err(JsonError::here(format!("found {}, but `{op}` of `{path}` takes a text", kind(other))))
            }
        },
    };
    let claim = claim.map_err(|error| error.under("value"))?;
    target.claim(claim).map_err(JsonError::here)
}

/// The field that is named; `__` may stand for a dot.
fn target(object: &Map<String, Json>, schema: &'static Schema) -> Read<Target> {
    let name = member(object, "field")?;
    let name = name.as_str().ok_or_else(|| {
        JsonError::here(format!("found {}, expected the name of a field", kind(name))).under("field")
    })?;
    Target::resolve(schema, name)
        .or_else(|unknown| Target::resolve(schema, &name.replace("__", ".")).map_err(|_| unknown))
        .map_err(|unknown| JsonError::here(unknown.to_string()).under("field"))
}

fn list(target: &Target, json: &Json) -> Read<Vec<Value>> {
    let values =
        json.as_array().ok_or_else(|| JsonError::here(format!("found {}, expected a list", kind(json))))?;
    let read = |(place, json)| {
        value(target, target.value_type(), json).map_err(|error: JsonError| error.under(place))
    };
    values.iter().enumerate().map(read).collect()
}

fn value(target: &Target, value_type: Type, json: &Json) -> Read<Value> {
    let path = target.path;
    match json {
        Json::Null => Ok(Value::Null),
        Json::Bool(value) => from_boolean(path, value_type, *value).map_err(JsonError::here),
        Json::Number(number) => from_number(path, value_type, &number.to_string()).map_err(JsonError::here),
        Json::String(text) => from_text(path, value_type, text.clone()).map_err(JsonError::here),
        Json::Object(_) if value_type == Type::Money => serde_json::from_value::<Money>(json.clone())
            .map(Value::Money)
            .map_err(|error| JsonError::here(format!("not money: {error}"))),
        other => Err(JsonError::here(format!("found {}, but `{path}` is {value_type}", kind(other)))),
    }
}

fn member<'a>(object: &'a Map<String, Json>, name: &str) -> Read<&'a Json> {
    object.get(name).ok_or_else(|| JsonError::here(format!("`{name}` is missing")))
}

/// Refuses every key but `op` and these.
fn only(object: &Map<String, Json>, known: &[&str]) -> Read<()> {
    match object.keys().find(|key| *key != "op" && !known.contains(&key.as_str())) {
        Some(key) => Err(JsonError::here(format!("`{}` is not a key of this operator", excerpt(key)))),
        None => Ok(()),
    }
}

/// How many regular expressions the document asks for.
fn patterns(json: &Json) -> usize {
    let here = matches!(json.get("op").and_then(Json::as_str), Some("matches" | "~"));
    let below = match json {
        Json::Array(values) => values.iter().map(patterns).sum(),
        Json::Object(members) => members.values().map(patterns).sum(),
        _ => 0,
    };
    usize::from(here) + below
}

/// What a value is, in words.
const fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
