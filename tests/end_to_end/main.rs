//! The real program, driven as a user drives it: arguments, files, signals, HTTP.

mod support;

mod command_line;
mod deadlines;
mod faults;
mod http_errors;
mod import;
mod import_killed;
mod shutdown;
mod store_check;
