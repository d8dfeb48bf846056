//! The text form of a specification: what people write, read back exactly.

use std::fmt::{self, Write as _};

use super::tree::{Comparison, Node, Predicate, Quantified, Quantifier, Test};
use super::value::Value;

/// How strongly a node holds its parts together: what stands inside a stronger one needs parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => formatter.write_str("true"),
            Self::And(nodes) => joined(nodes, " and ", Binding::Not, formatter),
            Self::Or(nodes) => joined(nodes, " or ", Binding::And, formatter),
            Self::Not(inner) => match &**inner {
                Self::Everything => formatter.write_str("false"),
                Self::Predicate(Predicate { path, test: Test::IsNull }) => {
                    write!(formatter, "{path} is not null")
                }
                inner => {
                    formatter.write_str("not ")?;
                    within(inner, Binding::Not, formatter)
                }
            },
            Self::Predicate(predicate) => fmt::Display::fmt(predicate, formatter),
            Self::Quantified(quantified) => fmt::Display::fmt(quantified, formatter),
        }
    }
}

fn joined(nodes: &[Node], by: &str, least: Binding, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (place, node) in nodes.iter().enumerate() {
        if place > 0 {
            formatter.write_str(by)?;
        }
        within(node, least, formatter)?;
    }
    Ok(())
}

/// The node, in parentheses where it binds less than `least`.
fn within(node: &Node, least: Binding, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let binding = match node {
        Node::Or(_) => Binding::Or,
        Node::And(_) => Binding::And,
        Node::Everything | Node::Not(_) | Node::Predicate(_) | Node::Quantified(_) => Binding::Not,
    };
    if binding < least { write!(formatter, "({node})") } else { fmt::Display::fmt(node, formatter) }
}

impl fmt::Display for Predicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, test } = self;
        match test {
            Test::Compare(comparison, value) => {
                write!(formatter, "{path} {} {}", comparison.sign(), Literal(value))
            }
            Test::In(members) => {
                write!(formatter, "{path} in [")?;
                for (place, value) in members.values().iter().enumerate() {
                    let comma = if place > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{}", Literal(value))?;
                }
                formatter.write_char(']')
            }
            Test::Contains(sought) => write!(formatter, "{path} contains {}", Literal(sought.value())),
            Test::StartsWith(start) => write!(formatter, "{path} starts with {}", Quoted(start)),
            Test::EndsWith(end) => write!(formatter, "{path} ends with {}", Quoted(end)),
            Test::Matches(pattern) => write!(formatter, "{path} ~ {}", Quoted(pattern.source())),
            Test::IsNull => write!(formatter, "{path} is null"),
            Test::Search(words) => write!(formatter, "{path} search {}", Quoted(words.text())),
        }
    }
}

impl fmt::Display for Quantified {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.quantifier {
            Quantifier::Any => "any",
            Quantifier::All => "all",
        };
        write!(formatter, "{} {word} ({})", self.collection.name, self.inner)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.sign())
    }
}

/// A value as it stands in text.
pub(super) struct Literal<'a>(pub(super) &'a Value);

impl fmt::Display for Literal<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Text(text) => fmt::Display::fmt(&Quoted(text), formatter),
            Value::Uuid(_) | Value::Time(_) | Value::Money(_) => write!(formatter, "\"{}\"", self.0),
            Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::Decimal(_) => {
                fmt::Display::fmt(self.0, formatter)
            }
        }
    }
}

/// A text in quotes, with what does not stand well in a line escaped.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('"')?;
        for letter in self.0.chars() {
            match letter {
                '"' => formatter.write_str("\\\"")?,
                '\\' => formatter.write_str("\\\\")?,
                '\n' => formatter.write_str("\\n")?,
                '\t' => formatter.write_str("\\t")?,
                letter if letter.is_control() => write!(formatter, "\\u{{{:x}}}", u32::from(letter))?,
                letter => formatter.write_char(letter)?,
            }
        }
        formatter.write_char('"')
    }
}
