//! `import`: commands from JSON lines, in the order of the file, safe to repeat.

mod lines;
mod order;
mod report;
mod run;

pub use report::{RefusedLine, Report};
pub use run::{Import, Progress, Stopped};
