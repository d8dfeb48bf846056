//! The serialised form.
