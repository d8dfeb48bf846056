//! `parse` and `evaluate`: a specification as text, and what it costs a row, in memory and without any view.

use portolan_application::listings::ListingView;
use portolan_kernel::Specification;
use portolan_kernel::specification::MAX_TEXT_BYTES;

use super::{Done, Samples};
use crate::Plan;
use crate::measure::one_by_one;
use crate::views::rows::Listings;
use crate::views::{is_scanned, scanned};

const SMALL: &str = r#"status = "published" and price < "50.00 EUR" and title contains "lamp""#;

const SCANNED: &str = r#"status = "published" and price.amount >= 50000 and title contains "lamp""#;

/// Small filters in one call: one takes about as long as a look at the clock does.
const TOGETHER: usize = 100;

/// The text as it is written, next to the same specification read from JSON.
///
/// # Errors
/// None: the specifications are some.
pub(super) async fn parse(plan: &Plan) -> Done {
    // As many comparisons as a specification may have, in nearly as many bytes as its text may.
    let large = (0..900).map(|number| format!("title = \"{number:0>57}\"")).collect::<Vec<_>>().join(" or ");
    let calls = (plan.commands / 500).max(1) as usize;
    for (workload, text, together) in [("parse_small", SMALL, TOGETHER), ("parse_large", &*large, 1)] {
        let json = Specification::<ListingView>::parse(text)?.to_json()?.to_string();
        // As JSON the large one is longer than any may be, and has no twin.
        let systems = if json.len() <= MAX_TEXT_BYTES { &["portolan", "json"][..] } else { &["portolan"] };
        let mut samples = Samples::of(plan, systems);
        for run in 0..plan.runs {
            for system in samples.order(run) {
                let mut sample = one_by_one(systems[system], "none", workload, calls, async |_| {
                    for _ in 0..together {
                        let parsed = match system {
                            0 => Specification::<ListingView>::parse(text)?,
                            _ => Specification::parse_json(&json)?,
                        };
                        std::hint::black_box(parsed);
                    }
                    Ok(0)
                })
                .await?;
                sample.note = format!("{together} of {} bytes a call", text.len());
                samples.take(system, calls, sample)?;
            }
        }
        samples.compare();
    }
    Ok(())
}

/// The parsed one, the one built in code, and a closure, over the same rows.
///
/// # Errors
/// Where they differ.
pub(super) async fn evaluate(plan: &Plan) -> Done {
    let rows = Listings::new()?.take(plan.rows.min(200_000) as usize);
    let (parsed, built) = (Specification::<ListingView>::parse(SCANNED)?, scanned());
    let count = |system: usize| match system {
        0 => rows.iter().filter(|row| parsed.is_satisfied_by(*row)).count(),
        1 => rows.iter().filter(|row| built.is_satisfied_by(*row)).count(),
        _ => rows.iter().filter(|row| is_scanned(row)).count(),
    };
    if count(0) != count(2) || count(1) != count(2) {
        return Err("the specification does not mean what the closure does".into());
    }
    const SYSTEMS: [&str; 3] = ["parsed", "in_code", "closure"];
    let mut samples = Samples::of(plan, &SYSTEMS);
    for run in 0..plan.runs {
        for system in samples.order(run) {
            let sample = one_by_one(SYSTEMS[system], "none", "evaluate", 21, async |_| Ok(count(system)));
            samples.take(system, 21, sample.await?)?;
        }
    }
    samples.compare();
    Ok(())
}
