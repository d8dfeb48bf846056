//! The marketplace as a service.

/// Handles every command of the marketplace; each handler stands in the file of its command.
#[derive(Debug, Clone, Copy, Default)]
pub struct Market;
