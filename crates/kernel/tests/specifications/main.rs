//! Specifications as users meet them: declared fields, typed handles, the meaning of every operator, and the laws.

#![expect(clippy::unwrap_used, reason = "these are tests, their helpers included")]

mod meaning;
mod parcel;
