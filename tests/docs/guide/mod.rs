//! Follows a guide: makes the files and changes that it asks for in a copy of the workspace, and runs what it says.

mod copy;
mod edit;
mod step;

use copy::Copy;
use step::Step;

use crate::page::Page;

#[test]
fn a_command_is_added_as_the_guide_says() {
    let page = Page::read("docs/guides/add-a-command.md");
    let steps = step::steps(&page).unwrap_or_else(|why| panic!("{}: {why}", page.path));
    let mut copy = Copy::of_the_workspace();
    for step in steps {
        match step {
            Step::Edit(edit) => copy.apply(&edit),
            Step::Run(command) => copy.run(&command),
        }
    }
    let golden = copy.text("tests/data/wire/listing.json");
    assert!(golden.contains("\"ListingExtended\""), "the golden file has the new event");
    assert!(copy.only_grew("tests/data/wire/listing.json"), "and everything that it had before");
}
