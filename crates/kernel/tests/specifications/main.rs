//! Specifications as users meet them: declared fields, typed handles, the meaning of every operator, and the laws.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests, their helpers included")]

mod generators;
mod hostile;
mod laws;
mod meaning;
mod parcel;
mod samples;
mod serial;
mod syntax;
mod why;
