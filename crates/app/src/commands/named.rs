//! The aggregate that an id on the command line names.

use portolan_application::wire;
use portolan_kernel::{AggregateKey, Journal, Until, Version};
use uuid::Uuid;

use crate::Failure;

/// Every aggregate that ever had this id: one as a rule, for ids are made once, but nothing forbids an order the id
/// of a listing.
///
/// # Errors
/// Those of the journal.
pub(super) async fn with_id(journal: &dyn Journal, id: Uuid) -> Result<Vec<AggregateKey>, Failure> {
    let mut named = Vec::new();
    for known in wire::registry().types() {
        let key = AggregateKey { aggregate_type: known.name(), id };
        if !journal.history(key, Version::ZERO, Until::Now, 1).await?.is_empty() {
            named.push(key);
        }
    }
    Ok(named)
}

/// The one aggregate with this id, of the type that the command line gives where there are several.
///
/// # Errors
/// [`Failure::Usage`] for a type that there is not, and where several have the id and none is named;
/// [`Failure::Failed`] where none has it.
pub(super) async fn one(
    journal: &dyn Journal,
    id: Uuid,
    aggregate_type: Option<&str>,
) -> Result<AggregateKey, Failure> {
    if let Some(wanted) = aggregate_type {
        wire::registry().get(wanted).map_err(|_| Failure::Usage(no_type(wanted)))?;
    }
    let mut named = with_id(journal, id).await?;
    named.retain(|key| aggregate_type.is_none_or(|wanted| wanted == key.aggregate_type));
    match named.as_slice() {
        [one] => Ok(*one),
        [] => Err(Failure::Failed(format!("there is no {} {id}", aggregate_type.unwrap_or("aggregate")))),
        several => {
            let types: Vec<_> = several.iter().map(|key| key.aggregate_type).collect();
            let types = types.join("` and a `");
            Err(Failure::Usage(format!("{id} is the id of a `{types}`; say which with `--type`")))
        }
    }
}

fn no_type(wanted: &str) -> String {
    let registry = wire::registry();
    let known: Vec<_> = registry.types().map(portolan_kernel::AggregateType::name).collect();
    format!("--type: there is no aggregate type `{wanted}`; known are `{}`", known.join("`, `"))
}
