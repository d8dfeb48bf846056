//! The grammar: `not` before `and` before `or`, and what may be said of a field.

use super::MAX_TEXT_BYTES;
use super::error::ParseError;
use super::lexer::{Lexer, Token};
use crate::specification::check::{MAX_DEPTH, MAX_PATTERNS, Size, too_large};
use crate::specification::field::{Schema, Type};
use crate::specification::resolve::{Claim, Target, contained_type, from_boolean, from_number, from_text};
use crate::specification::tree::{Comparison, Node, Quantifier};
use crate::specification::value::Value;

type Parsed<T> = Result<T, ParseError>;

/// The tree that the text is, over the fields of `schema`.
pub(in crate::specification) fn parse(text: &str, schema: &'static Schema) -> Parsed<Node> {
    if text.len() > MAX_TEXT_BYTES {
        let message =
            format!("a specification is at most {MAX_TEXT_BYTES} bytes long; this one has {}", text.len());
        return Err(ParseError::at(text, 0, message));
    }
    let mut parser = Parser::new(text)?;
    let node = parser.disjunction(schema, 0)?;
    if parser.token != Token::End {
        return Err(parser.expected("`and`, `or` or the end"));
    }
    if !Size::of(&node).fits() {
        return Err(ParseError::at(text, 0, too_large().to_string()));
    }
    Ok(node)
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The word to be read next.
    token: Token<'a>,
    /// Where it begins.
    offset: usize,
    /// How many regular expressions were met: they are counted before they are made, which is what they cost.
    patterns: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Parsed<Self> {
        let mut lexer = Lexer::new(text);
        let (token, offset) = lexer.next()?;
        Ok(Self { lexer, token, offset, patterns: 0 })
    }

    fn disjunction(&mut self, schema: &'static Schema, depth: usize) -> Parsed<Node> {
        let mut nodes = vec![self.conjunction(schema, depth)?];
        while self.take_any(&[Token::Name("or"), Token::Sign("|")])? {
            nodes.push(self.conjunction(schema, depth)?);
        }
        Ok(Node::or(nodes))
    }

    fn conjunction(&mut self, schema: &'static Schema, depth: usize) -> Parsed<Node> {
        let mut nodes = vec![self.negation(schema, depth)?];
        while self.take_any(&[Token::Name("and"), Token::Sign("&")])? {
            nodes.push(self.negation(schema, depth)?);
        }
        Ok(Node::and(nodes))
    }

    fn negation(&mut self, schema: &'static Schema, depth: usize) -> Parsed<Node> {
        if depth > MAX_DEPTH {
            return Err(self.wrong(format!("this is nested deeper than {MAX_DEPTH}")));
        }
        if self.take_any(&[Token::Name("not"), Token::Sign("!")])? {
            return Ok(Node::not(self.negation(schema, depth + 1)?));
        }
        match self.token {
            Token::Sign("(") => self.in_parentheses(schema, depth),
            Token::Name("true") => self.advance().map(|()| Node::Everything),
            Token::Name("false") => self.advance().map(|()| Node::nothing()),
            Token::Name(name) => self.predicate(name, schema, depth),
            _ => Err(self.expected("a field, `not`, `true`, `false` or `(`")),
        }
    }

    fn in_parentheses(&mut self, schema: &'static Schema, depth: usize) -> Parsed<Node> {
        self.expect("(")?;
        let node = self.disjunction(schema, depth + 1)?;
        if self.token != Token::Sign(")") {
            return Err(self.expected("`and`, `or` or `)`"));
        }
        self.advance()?;
        Ok(node)
    }

    /// A field and what is said of it.
    fn predicate(&mut self, name: &str, schema: &'static Schema, depth: usize) -> Parsed<Node> {
        let target = Target::resolve(schema, name).map_err(|error| self.wrong(error.to_string()))?;
        self.advance()?;
        let operator = std::mem::replace(&mut self.token, Token::End);
        let operator_offset = self.offset;
        let claim = match operator {
            Token::Sign(sign) if comparison(sign).is_some() => {
                self.advance()?;
                let value = self.literal(&target, target.value_type())?;
                // The arm's guard found it.
                Claim::Compare(comparison(sign).unwrap_or(Comparison::Eq), value)
            }
            Token::Sign("~") => {
                self.patterns += 1;
                if self.patterns > MAX_PATTERNS {
                    return Err(self.wrong(too_large().to_string()));
                }
                Claim::Matches(self.operand_text("a regular expression in quotes")?)
            }
            Token::Name("in") => Claim::In(self.list(&target)?),
            Token::Name("contains") => {
                self.advance()?;
                Claim::Contains(self.literal(&target, contained_type(target.value_type()))?)
            }
            Token::Name("search") => Claim::Search(self.operand_text("words in quotes")?),
            Token::Name("starts") => Claim::StartsWith(self.with_operand()?),
            Token::Name("ends") => Claim::EndsWith(self.with_operand()?),
            Token::Name("is") => return self.nullness(&target),
            Token::Name("not") => {
                self.advance()?;
                if self.token != Token::Name("in") {
                    return Err(self.expected("`in` behind `not`"));
                }
                let claim = Claim::In(self.list(&target)?);
                return self.claim(&target, claim, operator_offset).map(Node::not);
            }
            Token::Name(word @ ("any" | "all")) => {
                let quantifier = if word == "any" { Quantifier::Any } else { Quantifier::All };
                let elements = target.elements().map_err(|message| self.wrong(message))?;
                self.advance()?;
                let inner = self.in_parentheses(elements, depth)?;
                return Ok(target.quantified(quantifier, inner));
            }
            other => {
                self.token = other;
                return Err(self.expected(operators(target.value_type())));
            }
        };
        self.claim(&target, claim, operator_offset)
    }

    fn claim(&self, target: &Target, claim: Claim, offset: usize) -> Parsed<Node> {
        target.claim(claim).map_err(|message| ParseError::at(self.lexer.text, offset, message))
    }

    /// `is null`, `is not null`; `is` is the current word.
    fn nullness(&mut self, target: &Target) -> Parsed<Node> {
        let offset = self.offset;
        self.advance()?;
        let is_negated = self.take_any(&[Token::Name("not")])?;
        if self.token != Token::Name("null") {
            return Err(self.expected(if is_negated { "`null`" } else { "`null` or `not null`" }));
        }
        self.advance()?;
        let node = self.claim(target, Claim::IsNull, offset)?;
        Ok(if is_negated { Node::not(node) } else { node })
    }

    /// `[a, b]` behind `in`, which is the current word.
    fn list(&mut self, target: &Target) -> Parsed<Vec<Value>> {
        self.advance()?;
        self.expect("[")?;
        let mut values = Vec::new();
        while self.token != Token::Sign("]") {
            if !values.is_empty() {
                if self.token != Token::Sign(",") {
                    return Err(self.expected("`,` or `]`"));
                }
                self.advance()?;
            }
            values.push(self.literal(target, target.value_type())?);
        }
        self.advance()?;
        Ok(values)
    }

    /// The operand of `starts` or `ends`, which is the current word.
    fn with_operand(&mut self) -> Parsed<String> {
        self.advance()?;
        if self.token != Token::Name("with") {
            return Err(self.expected("`with`"));
        }
        self.operand_text("a text in quotes")
    }

    /// A text behind the current word.
    fn operand_text(&mut self, expected: &str) -> Parsed<String> {
        self.advance()?;
        match std::mem::replace(&mut self.token, Token::End) {
            Token::Text(text) => {
                self.advance()?;
                Ok(text.into_owned())
            }
            other => {
                self.token = other;
                Err(self.expected(expected))
            }
        }
    }

    /// A value of this type; `null` is one of every type.
    fn literal(&mut self, target: &Target, value_type: Type) -> Parsed<Value> {
        let (path, offset) = (target.path, self.offset);
        let value = match std::mem::replace(&mut self.token, Token::End) {
            Token::Text(text) => from_text(path, value_type, text.into_owned()),
            Token::Number(digits) => from_number(path, value_type, digits),
            Token::Name(word @ ("true" | "false")) => from_boolean(path, value_type, word == "true"),
            Token::Name("null") => Ok(Value::Null),
            other => {
                self.token = other;
                return Err(self.expected(literals(value_type)));
            }
        };
        let value = value.map_err(|message| ParseError::at(self.lexer.text, offset, message))?;
        self.advance()?;
        Ok(value)
    }

    fn advance(&mut self) -> Parsed<()> {
        (self.token, self.offset) = self.lexer.next()?;
        Ok(())
    }

    fn take_any(&mut self, tokens: &[Token<'_>]) -> Parsed<bool> {
        let is_one = tokens.contains(&self.token);
        if is_one {
            self.advance()?;
        }
        Ok(is_one)
    }

    fn expect(&mut self, sign: &'static str) -> Parsed<()> {
        if self.token != Token::Sign(sign) {
            return Err(self.expected(&format!("`{sign}`")));
        }
        self.advance()
    }

    fn expected(&self, what: &str) -> ParseError {
        self.wrong(format!("found {}, expected {what}", self.token))
    }

    fn wrong(&self, message: String) -> ParseError {
        ParseError::at(self.lexer.text, self.offset, message)
    }
}

fn comparison(sign: &str) -> Option<Comparison> {
    use Comparison::{Eq, Gt, Gte, Lt, Lte, Neq};
    [Eq, Neq, Lt, Lte, Gt, Gte].into_iter().find(|comparison| comparison.sign() == sign)
}

/// What may be said of a field of this type, in words.
const fn operators(value_type: Type) -> &'static str {
    match value_type {
        Type::Text | Type::Enum(_) => {
            "an operator: = != < <= > >= ~, `in`, `not in`, `contains`, `starts with`, `ends with`, `search`, `is null`"
        }
        Type::Scalars(_) => "an operator: `contains` or `is null`",
        Type::Elements(_) => "an operator: `any (..)`, `all (..)` or `is null`",
        Type::Object => "an operator: `is null` or `is not null`",
        _ => "an operator: = != < <= > >=, `in`, `not in`, `is null`",
    }
}

/// How a value of this type is written, in words.
const fn literals(value_type: Type) -> &'static str {
    match value_type {
        Type::Boolean => "`true` or `false`",
        Type::Integer => "a whole number",
        Type::Decimal => "a number",
        Type::Uuid => "a UUID in quotes",
        Type::Time => "a time in quotes, like \"2026-01-05T10:42:23Z\"",
        Type::Money => "money in quotes, like \"12.50 EUR\"",
        _ => "a text in quotes",
    }
}
