//! What a request says, read strictly: each header and each rule about it stands in one file.

mod body;
mod conditions;
mod freshness;
mod idempotency;
mod parameters;
mod path;
mod trace;
mod write;

pub(crate) use body::{NoBody, RequestBody, within_limit};
pub(crate) use conditions::{IfNoneMatch, etag};
pub(crate) use freshness::Freshness;
pub(crate) use parameters::Parameters;
pub(crate) use path::Ids;
pub(crate) use trace::traceparent;
pub(crate) use write::{Ticket, Write};

use axum::http::{HeaderMap, HeaderName};

use crate::problem::Problem;

/// The one value of this header as text; `None` where it is not there.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::malformed(format!("the header {name} is given twice")));
    }
    value.to_str().map(Some).map_err(|_| Problem::malformed(format!("the header {name} is not plain text")))
}

#[cfg(test)]
fn headers<const N: usize>(lines: [(&'static str, &str); N]) -> HeaderMap {
    lines.into_iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
}
