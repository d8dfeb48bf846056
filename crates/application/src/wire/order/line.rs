//! The lines and the address of an order, inside its events and its document.

use std::borrow::Cow;
use std::sync::Arc;

use portolan_domain::order::{Address, Line};
use portolan_kernel::Money;
use serde::{Deserialize, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::wire) struct LineJson<'a> {
    #[serde(borrow)]
    sku: Cow<'a, str>,
    #[serde(borrow)]
    description: Cow<'a, str>,
    quantity: i64,
    unit_price: Money,
}

/// Lines on their way out.
pub(in crate::wire) struct BorrowedLines<'a>(pub(in crate::wire) &'a [Line]);

impl Serialize for BorrowedLines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|line| LineJson {
            sku: Cow::Borrowed(&line.sku),
            description: Cow::Borrowed(&line.description),
            quantity: line.quantity,
            unit_price: line.unit_price,
        }))
    }
}

/// Lines on their way in.
#[derive(Deserialize)]
#[serde(transparent)]
pub(in crate::wire) struct StoredLines<'a>(#[serde(borrow)] Vec<LineJson<'a>>);

impl From<StoredLines<'_>> for Arc<[Line]> {
    fn from(lines: StoredLines<'_>) -> Self {
        let line = |line: LineJson<'_>| Line {
            sku: line.sku.into(),
            description: line.description.into(),
            quantity: line.quantity,
            unit_price: line.unit_price,
        };
        lines.0.into_iter().map(line).collect()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::wire) struct AddressJson<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    street: Cow<'a, str>,
    #[serde(borrow)]
    city: Cow<'a, str>,
    #[serde(borrow)]
    country: Cow<'a, str>,
}

impl<'a> From<&'a Address> for AddressJson<'a> {
    fn from(address: &'a Address) -> Self {
        Self {
            name: Cow::Borrowed(&address.name),
            street: Cow::Borrowed(&address.street),
            city: Cow::Borrowed(&address.city),
            country: Cow::Borrowed(&address.country),
        }
    }
}

impl From<AddressJson<'_>> for Address {
    fn from(address: AddressJson<'_>) -> Self {
        Self {
            name: address.name.into_owned(),
            street: address.street.into_owned(),
            city: address.city.into_owned(),
            country: address.country.into_owned(),
        }
    }
}
