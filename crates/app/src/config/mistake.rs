//! What is wrong with a configuration, in a sentence: the key, where it stands, what is known.

use std::path::Path;

use figment::error::Kind;

use super::VARIABLES;

/// What is wrong, with the key and the place where it stands.
pub(super) fn explain(error: &figment::Error, file: Option<&Path>) -> String {
    let sentences: Vec<String> = error
        .clone()
        .into_iter()
        .map(|error| {
            let key = error.path.join(".");
            let provider = error.metadata.as_ref().map_or("", |metadata| &*metadata.name);
            let from = match file {
                _ if provider.contains("environment") => variable(&key),
                Some(file) if provider.starts_with("TOML") => Some(file.display().to_string()),
                _ => None,
            };
            let key = if key.is_empty() { String::new() } else { format!("`{key}`: ") };
            let said = said(&error.kind);
            format!("{key}{}{}", said.trim_end(), from.map(|from| format!(" ({from})")).unwrap_or_default())
        })
        .collect();
    format!("configuration: {}", sentences.join("; "))
}

fn said(kind: &Kind) -> String {
    let listed = |known: &[&str]| format!("`{}`", known.join("`, `"));
    match kind {
        Kind::UnknownField(_, known) => format!("there is no such key; known are {}", listed(known)),
        Kind::UnknownVariant(found, known) => format!("`{found}` is none of {}", listed(known)),
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            format!("{found} is not {}", in_words(expected))
        }
        other => other.to_string(),
    }
}

/// What the types of the configuration's fields are to those who write it.
fn in_words(expected: &str) -> &str {
    match expected {
        "u32" => "a whole number of 0 or more",
        "enum Switch" => "`\"on\"` or `\"off\"`",
        "a string" => "a text",
        "struct Read" => "a URL, or a table of URLs",
        other => other,
    }
}

/// The environment variable that is this key.
fn variable(key: &str) -> Option<String> {
    let known = VARIABLES.iter().find(|(_, known)| *known == key)?;
    Some(format!("PORTOLAN_{}", known.0))
}
