//! The real program, driven as a user drives it: arguments, files, signals, HTTP.

mod support;

mod deadlines;
mod import;
mod import_killed;
mod shutdown;
