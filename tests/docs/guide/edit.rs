//! A change to one file, found by its lines. Rules fail closed: a line that is missing, or there twice, is an error.

/// A change to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) place: Place,
    /// Whole lines.
    pub(crate) text: String,
}

/// Where a text goes. Lines are compared without their indentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    NewFile(String),
    After {
        file: String,
        line: String,
    },
    Before {
        file: String,
        line: String,
    },
    /// In place of one line, or of all lines up to the next one that is `last`.
    InsteadOf {
        file: String,
        first: String,
        last: Option<String>,
    },
    /// Before the bracket that closes what this line opens.
    AtTheEndOf {
        file: String,
        line: String,
    },
}

impl Edit {
    /// The file that changes.
    pub(crate) fn file(&self) -> &str {
        match &self.place {
            Place::NewFile(file)
            | Place::After { file, .. }
            | Place::Before { file, .. }
            | Place::InsteadOf { file, .. }
            | Place::AtTheEndOf { file, .. } => file,
        }
    }

    /// The file's text afterwards.
    pub(crate) fn applied(&self, text: Option<&str>) -> Result<String, String> {
        let lines: Vec<&str> = match (&self.place, text) {
            (Place::NewFile(_), None) => return Ok(self.text.clone()),
            (Place::NewFile(_), Some(_)) => return Err("the file is there already".to_owned()),
            (_, None) => return Err("there is no such file".to_owned()),
            (_, Some(text)) => text.lines().collect(),
        };
        let (source, target) = match &self.place {
            Place::NewFile(_) => (0, 0),
            Place::After { line, .. } => {
                let index = only(&lines, line)?;
                (index + 1, index + 1)
            }
            Place::Before { line, .. } => {
                let index = only(&lines, line)?;
                (index, index)
            }
            Place::InsteadOf { first, last: None, .. } => {
                let index = only(&lines, first)?;
                (index, index + 1)
            }
            Place::InsteadOf { first, last: Some(last), .. } => {
                let index = only(&lines, first)?;
                let length = lines[index..].iter().position(|line| line.trim() == last);
                (index, index + length.ok_or_else(|| format!("no line `{last}` behind `{first}`"))? + 1)
            }
            Place::AtTheEndOf { line, .. } => {
                let index = only(&lines, line)?;
                let indent = lines[index].len() - lines[index].trim_start().len();
                let closing = format!("{}}}", " ".repeat(indent));
                let length = lines[index..].iter().position(|line| *line == closing);
                let end = index + length.ok_or_else(|| format!("nothing closes `{line}`"))?;
                (end, end)
            }
        };
        let new = self.text.lines();
        let all: Vec<&str> =
            lines[..source].iter().copied().chain(new).chain(lines[target..].iter().copied()).collect();
        Ok(all.join("\n") + "\n")
    }
}

/// The place of the one line that is this.
fn only(lines: &[&str], wanted: &str) -> Result<usize, String> {
    let mut found = lines.iter().enumerate().filter(|(_, line)| line.trim() == wanted);
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Ok(index),
        (None, _) => Err(format!("there is no line `{wanted}`")),
        (Some(_), Some(_)) => Err(format!("the line `{wanted}` is there more than once")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "mod a {\n    one\n    two\n}\nthree\nthree\n";

    fn applied(place: Place) -> Result<String, String> {
        Edit { place, text: "    new\n".to_owned() }.applied(Some(FILE))
    }

    fn file() -> String {
        String::new()
    }

    #[test]
    fn a_text_goes_where_its_place_says() {
        let line = || "one".to_owned();
        let place = Place::After { file: file(), line: line() };
        assert_eq!(applied(place).unwrap(), FILE.replace("    one\n", "    one\n    new\n"));
        let place = Place::Before { file: file(), line: line() };
        assert_eq!(applied(place).unwrap(), FILE.replace("    one\n", "    new\n    one\n"));
        let place = Place::InsteadOf { file: file(), first: line(), last: None };
        assert_eq!(applied(place).unwrap(), FILE.replace("    one\n", "    new\n"));
        let place = Place::InsteadOf { file: file(), first: line(), last: Some("}".to_owned()) };
        assert_eq!(applied(place).unwrap(), FILE.replace("    one\n    two\n}\n", "    new\n"));
        let place = Place::AtTheEndOf { file: file(), line: "mod a {".to_owned() };
        assert_eq!(applied(place).unwrap(), FILE.replace("    two\n", "    two\n    new\n"));
    }

    #[test]
    fn a_line_that_is_missing_or_there_twice_is_an_error() {
        let after = |line: &str| applied(Place::After { file: file(), line: line.to_owned() });
        assert_eq!(after("four"), Err("there is no line `four`".to_owned()));
        assert_eq!(after("three"), Err("the line `three` is there more than once".to_owned()));
        let place = Place::InsteadOf { file: file(), first: "one".to_owned(), last: Some("four".to_owned()) };
        assert_eq!(applied(place), Err("no line `four` behind `one`".to_owned()));
        assert!(applied(Place::NewFile(file())).is_err());
    }
}
