//! What the OpenAPI document says of the headers of answers. Each follows from what kind of operation it is, so that no
//! route need say it.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{KnownFormat, SchemaFormat};
use utoipa::openapi::{Header, HeaderBuilder, ObjectBuilder, OpenApi, RefOr, Response, Type};

/// Describes the headers of all answers, those of problems aside.
pub(crate) fn describe(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        if let Some(read) = &mut item.get {
            describe_read(read);
        }
        for write in [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
        {
            describe_write(write);
        }
    }
}

/// How many seconds to wait before asking again.
pub(super) fn retry_after() -> Header {
    number("how many seconds to wait before asking again")
}

fn describe_write(operation: &mut Operation) {
    for (status, response) in answers(operation) {
        let position = "the position that a read asks for by `Portolan-At-Least` to see this";
        put(response, "Portolan-Position", number(position));
        if status == "201" {
            put(response, "Location", text("where it is found"));
            put(response, "ETag", text("its version, as an entity tag"));
        }
    }
}

fn describe_read(operation: &mut Operation) {
    let parameters = operation.parameters.iter().flatten();
    let names: Vec<String> = parameters
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter.name.clone()),
            RefOr::Ref(_) => None,
        })
        .collect();
    let takes = |name: &str| names.iter().any(|known| known == name);
    let (is_row, is_page) = (takes("If-None-Match"), takes("after"));
    for (_, response) in answers(operation) {
        if is_row {
            put(response, "ETag", text("its version, as an entity tag"));
        }
        if is_page {
            put(response, "Link", text("where the next page is, `<..>; rel=\"next\"`; not of the last one"));
        }
    }
}

/// The answers that are no problems.
fn answers(operation: &mut Operation) -> impl Iterator<Item = (&String, &mut Response)> {
    let is_answer = |status: &str| status.starts_with('2') || status == "304";
    operation.responses.responses.iter_mut().filter_map(move |(status, response)| match response {
        RefOr::T(response) if is_answer(status) => Some((status, response)),
        _ => None,
    })
}

fn put(response: &mut Response, name: &str, header: Header) {
    response.headers.insert(name.to_owned(), header.into());
}

fn text(description: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}

fn number(description: &str) -> Header {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
    let schema =
        ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).minimum(Some(0)).build();
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}
