//! What the OpenAPI document says of problems.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::headers;

/// What a read of one thing may come to beside its answer.
pub(crate) struct ReadProblems;

/// What a read of a list may come to beside its answer, which may be empty.
pub(crate) struct ListProblems;

/// What a write may come to beside its answer.
pub(crate) struct WriteProblems;

const NOT_FOUND: (&str, &str) = ("404", "there is no such thing");

const READ: [(&str, &str); 5] = [
    ("400", "a parameter or header that is not of its form"),
    NOT_FOUND,
    ("414", "the URL is too long"),
    ("500", "a fault of the service, with a trace id"),
    ("503", "the view is not there yet (`stale`, with have and want), or the store cannot be read"),
];

const WRITE: [(&str, &str); 10] = [
    (
        "400",
        "malformed: not JSON, an unknown or missing field, a wrong type; with a JSON pointer, line and column",
    ),
    NOT_FOUND,
    (
        "409",
        "it exists already, somebody else was faster, or the first request with this key is still running",
    ),
    ("412", "it is not at the version that `If-Match` names"),
    ("413", "a body of more than 1 MiB"),
    ("415", "a body that is not JSON"),
    (
        "422",
        "the domain refuses, with a code of its own and its numbers; or a key is used again for another request",
    ),
    ("429", "too many commands are waiting"),
    ("500", "a fault of the service, with a trace id"),
    ("503", "the store cannot do it now"),
];

impl IntoResponses for ReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&READ)
    }
}

impl IntoResponses for ListProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut problems = problems(&READ);
        problems.remove(NOT_FOUND.0);
        problems
    }
}

impl IntoResponses for WriteProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&WRITE)
    }
}

fn problems(table: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let response = |(status, description): &(&str, &str)| {
        let document = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response =
            ResponseBuilder::new().description(*description).content("application/problem+json", document);
        let response = match *status {
            "429" | "503" => response.header("Retry-After", headers::retry_after()),
            _ => response,
        };
        ((*status).to_owned(), response.build().into())
    };
    table.iter().map(response).collect()
}
