//! What expressions say: conditions and updates, with their names and values put in. [D] Expressions

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::error::validation;
use super::value;
use crate::api::ApiError;

/// A part of an item: names and places in lists.
pub(super) type Path = Vec<Part>;

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Name(String),
    Index(usize),
}

/// Something that has a value.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Path(Path),
    Value(Value),
    Size(Path),
    IfNotExists(Path, Box<Operand>),
    ListAppend(Box<Operand>, Box<Operand>),
    Plus(Box<Operand>, Box<Operand>),
    Minus(Box<Operand>, Box<Operand>),
}

/// Something that holds or not.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(Operand, &'static str, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    Exists(Path),
    IsOfType(Path, Operand),
    BeginsWith(Operand, Operand),
    Contains(Operand, Operand),
}

/// What an update does.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Set(Path, Operand),
    Remove(Path),
    Add(Path, Value),
    Delete(Path, Value),
}

/// Words that may not stand as names, of those that stores of claims are tempted by. AWS has 573. [D] ReservedWords
const RESERVED: [&str; 40] = [
    "action",
    "add",
    "at",
    "between",
    "by",
    "comment",
    "connection",
    "count",
    "counter",
    "current",
    "data",
    "date",
    "delete",
    "domain",
    "duration",
    "end",
    "exists",
    "expires",
    "group",
    "hash",
    "hidden",
    "in",
    "items",
    "key",
    "keys",
    "level",
    "location",
    "name",
    "names",
    "owner",
    "range",
    "role",
    "set",
    "state",
    "status",
    "time",
    "timestamp",
    "token",
    "ttl",
    "value",
];

/// The names and values that a request gives to its expressions, and which of them are used.
pub(super) struct Given<'a> {
    names: Option<&'a Map<String, Value>>,
    values: Option<&'a Map<String, Value>>,
    used: RefCell<BTreeSet<String>>,
}

impl<'a> Given<'a> {
    /// Of a request.
    ///
    /// # Errors
    /// Where a value is none.
    pub(super) fn of(params: &'a Value) -> Result<Self, ApiError> {
        let map = |member: &str| params.get(member).and_then(Value::as_object);
        let values = map("ExpressionAttributeValues");
        if values.is_some_and(Map::is_empty) {
            return Err(validation("ExpressionAttributeValues must not be empty"));
        }
        for (name, value) in values.into_iter().flatten() {
            value::check(value).map_err(|error| match error.code.as_str() {
                "ValidationException" => validation(format!(
                    "ExpressionAttributeValues contains invalid value: {} for key {name}",
                    error.message
                )),
                _ => error,
            })?;
        }
        Ok(Given { names: map("ExpressionAttributeNames"), values, used: RefCell::default() })
    }

    /// Refuses names and values that no expression uses.
    ///
    /// # Errors
    /// AWS's error about them.
    pub(super) fn all_used(&self) -> Result<(), ApiError> {
        let used = self.used.borrow();
        for (member, given) in [("ExpressionAttributeNames", self.names), ("ExpressionAttributeValues", self.values)] {
            let unused: Vec<&str> = given
                .into_iter()
                .flatten()
                .map(|(name, _)| name.as_str())
                .filter(|name| !used.contains(*name))
                .collect();
            if !unused.is_empty() {
                let unused = unused.join(", ");
                return Err(validation(format!(
                    "Value provided in {member} unused in expressions: keys: {{{unused}}}"
                )));
            }
        }
        Ok(())
    }

    fn take<'b>(&self, map: Option<&'b Map<String, Value>>, name: &str) -> Option<&'b Value> {
        self.used.borrow_mut().insert(name.to_owned());
        map?.get(name)
    }
}

/// A condition in its text.
///
/// # Errors
/// What is wrong with it, as AWS says it.
pub(super) fn condition(kind: &str, text: &str, given: &Given<'_>) -> Result<Condition, ApiError> {
    let mut parser = Parser::new(kind, text, given)?;
    let condition = parser.any()?;
    parser.end()?;
    Ok(condition)
}

/// An update in its text.
///
/// # Errors
/// What is wrong with it, as AWS says it.
pub(super) fn update(text: &str, given: &Given<'_>) -> Result<Vec<Action>, ApiError> {
    let mut parser = Parser::new("UpdateExpression", text, given)?;
    let mut actions = Vec::new();
    let mut seen = BTreeSet::new();
    while let Some(clause) = parser.next().map(|word| word.to_ascii_uppercase()) {
        if !seen.insert(clause.clone()) {
            return Err(
                parser.wrong(format!("The \"{clause}\" section can only be used once in an update expression;"))
            );
        }
        loop {
            actions.push(match clause.as_str() {
                "SET" => {
                    let path = parser.path()?;
                    parser.expect("=")?;
                    let left = parser.operand()?;
                    let value = match parser.peek() {
                        Some("+") => Operand::Plus(Box::new(left), Box::new(parser.skip_operand()?)),
                        Some("-") => Operand::Minus(Box::new(left), Box::new(parser.skip_operand()?)),
                        _ => left,
                    };
                    Action::Set(path, value)
                }
                "REMOVE" => Action::Remove(parser.path()?),
                "ADD" | "DELETE" => {
                    let path = parser.path()?;
                    let Operand::Value(value) = parser.operand()? else { return Err(parser.syntax(None)) };
                    if clause == "ADD" { Action::Add(path, value) } else { Action::Delete(path, value) }
                }
                _ => return Err(parser.syntax(Some(&clause))),
            });
            if parser.peek() != Some(",") {
                break;
            }
            parser.next();
        }
    }
    if actions.is_empty() {
        return Err(validation("Invalid UpdateExpression: The expression can not be empty;"));
    }
    Ok(actions)
}

struct Parser<'a> {
    kind: &'a str,
    tokens: Vec<String>,
    at: usize,
    given: &'a Given<'a>,
}

impl<'a> Parser<'a> {
    fn new(kind: &'a str, text: &str, given: &'a Given<'a>) -> Result<Self, ApiError> {
        if text.trim().is_empty() {
            return Err(validation(format!("Invalid {kind}: The expression can not be empty;")));
        }
        let mut parser = Parser { kind, tokens: Vec::new(), at: 0, given };
        parser.tokens = tokens(text).map_err(|token| parser.wrong(format!("Syntax error; token: \"{token}\"")))?;
        Ok(parser)
    }

    fn wrong(&self, what: String) -> ApiError {
        validation(format!("Invalid {}: {what}", self.kind))
    }

    fn syntax(&self, token: Option<&str>) -> ApiError {
        let token = token.or(self.peek()).unwrap_or("<EOF>");
        let from = self.at.saturating_sub(1).min(self.tokens.len());
        let near: Vec<&str> = self.tokens[from..].iter().take(3).map(String::as_str).collect();
        self.wrong(format!("Syntax error; token: \"{token}\", near: \"{}\"", near.join(" ")))
    }

    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn next(&mut self) -> Option<&str> {
        self.at += 1;
        self.tokens.get(self.at - 1).map(String::as_str)
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), ApiError> {
        if self.keyword(token) { Ok(()) } else { Err(self.syntax(None)) }
    }

    fn end(&self) -> Result<(), ApiError> {
        if self.peek().is_some() { Err(self.syntax(None)) } else { Ok(()) }
    }

    fn any(&mut self) -> Result<Condition, ApiError> {
        let mut left = self.all()?;
        while self.keyword("OR") {
            left = Condition::Or(Box::new(left), Box::new(self.all()?));
        }
        Ok(left)
    }

    fn all(&mut self) -> Result<Condition, ApiError> {
        let mut left = self.one()?;
        while self.keyword("AND") {
            left = Condition::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Condition, ApiError> {
        if self.keyword("NOT") {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        if self.keyword("(") {
            let inside = self.any()?;
            self.expect(")")?;
            return Ok(inside);
        }
        if let Some(condition) = self.function()? {
            return Ok(condition);
        }
        let left = self.operand()?;
        if self.keyword("BETWEEN") {
            let low = self.operand()?;
            self.expect("AND")?;
            return Ok(Condition::Between(left, low, self.operand()?));
        }
        if self.keyword("IN") {
            self.expect("(")?;
            let mut list = vec![self.operand()?];
            while self.keyword(",") {
                list.push(self.operand()?);
            }
            self.expect(")")?;
            return Ok(Condition::In(left, list));
        }
        for comparator in ["=", "<>", "<=", ">=", "<", ">"] {
            if self.keyword(comparator) {
                return Ok(Condition::Compare(left, comparator, self.operand()?));
            }
        }
        Err(self.syntax(None))
    }

    /// A function that holds or not.
    fn function(&mut self) -> Result<Option<Condition>, ApiError> {
        if self.tokens.get(self.at + 1).map(String::as_str) != Some("(") {
            return Ok(None);
        }
        let name = self.peek().unwrap_or_default().to_owned();
        if !["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"]
            .contains(&name.as_str())
        {
            if name == "size" {
                return Ok(None);
            }
            return Err(self.wrong(format!("Invalid function name; function: {name}")));
        }
        self.at += 2;
        let condition = match name.as_str() {
            "attribute_exists" => Condition::Exists(self.path()?),
            "attribute_not_exists" => Condition::Not(Box::new(Condition::Exists(self.path()?))),
            "attribute_type" => {
                let path = self.path()?;
                self.expect(",")?;
                Condition::IsOfType(path, self.operand()?)
            }
            _ => {
                let left = self.operand()?;
                self.expect(",")?;
                let right = self.operand()?;
                if name == "contains" { Condition::Contains(left, right) } else { Condition::BeginsWith(left, right) }
            }
        };
        self.expect(")")?;
        Ok(Some(condition))
    }

    fn skip_operand(&mut self) -> Result<Operand, ApiError> {
        self.next();
        self.operand()
    }

    fn operand(&mut self) -> Result<Operand, ApiError> {
        let token = self.peek().unwrap_or("<EOF>").to_owned();
        if token.starts_with(':') {
            self.at += 1;
            let value = self.given.take(self.given.values, &token);
            return value.cloned().map(Operand::Value).ok_or_else(|| {
                self.wrong(format!(
                    "An expression attribute value used in expression is not defined; attribute value: {token}"
                ))
            });
        }
        if self.tokens.get(self.at + 1).map(String::as_str) == Some("(") {
            self.at += 2;
            let operand = match token.as_str() {
                "size" => Operand::Size(self.path()?),
                "if_not_exists" => {
                    let path = self.path()?;
                    self.expect(",")?;
                    Operand::IfNotExists(path, Box::new(self.operand()?))
                }
                "list_append" => {
                    let left = self.operand()?;
                    self.expect(",")?;
                    Operand::ListAppend(Box::new(left), Box::new(self.operand()?))
                }
                _ => return Err(self.wrong(format!("Invalid function name; function: {token}"))),
            };
            self.expect(")")?;
            return Ok(operand);
        }
        Ok(Operand::Path(self.path()?))
    }

    fn path(&mut self) -> Result<Path, ApiError> {
        let mut path = vec![Part::Name(self.name()?)];
        loop {
            if self.keyword(".") {
                path.push(Part::Name(self.name()?));
            } else if self.keyword("[") {
                let index = self.next().and_then(|token| token.parse().ok());
                path.push(Part::Index(index.ok_or_else(|| self.syntax(None))?));
                self.expect("]")?;
            } else {
                return Ok(path);
            }
        }
    }

    fn name(&mut self) -> Result<String, ApiError> {
        let token = self.peek().unwrap_or("<EOF>").to_owned();
        if token.starts_with('#') {
            self.at += 1;
            let name = self.given.take(self.given.names, &token).and_then(Value::as_str);
            return name.map(str::to_owned).ok_or_else(|| {
                self.wrong(format!(
                    "An expression attribute name used in the document path is not defined; attribute name: {token}"
                ))
            });
        }
        if !token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return Err(self.syntax(None));
        }
        if RESERVED.contains(&token.to_ascii_lowercase().as_str()) {
            return Err(self.wrong(format!("Attribute name is a reserved keyword; reserved keyword: {token}")));
        }
        self.at += 1;
        Ok(token)
    }
}

/// Splits an expression; the error is what is no token.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = match first {
            '<' if rest.starts_with("<>") || rest.starts_with("<=") => 2,
            '>' if rest.starts_with(">=") => 2,
            '=' | '<' | '>' | '(' | ')' | ',' | '.' | '[' | ']' | '+' | '-' => 1,
            ':' | '#' => 1 + rest[1..].find(|c: char| !word(c)).unwrap_or(rest.len() - 1),
            c if word(c) => rest.find(|c: char| !word(c)).unwrap_or(rest.len()),
            other => return Err(other.to_string()),
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}
