//! From the text of a pattern to rules.
//!
//! The text is read token by token and never as a tree, for what AWS says depends on the order: the first error wins,
//! of two values for one field the last, and a repeated key merges below the level of fields.

use super::alternative::Alternative;
use super::error::ErrorKind;
use super::numeric::Number;
use super::or::{MAX_BRANCHES, OrReading, RESERVED};
use super::reader::{Reader, Token};
use super::{PatternError, wildcard};

/// What one service's flavour of the language takes.
#[derive(Debug)]
pub(super) struct Dialect {
    /// `{"wildcard": …}`
    pub(super) wildcard: bool,
    /// `{"prefix": {"equals-ignore-case": …}}`, and suffix.
    pub(super) affix_ignoring_case: bool,
    /// Operators inside `anything-but`.
    pub(super) anything_but: &'static [&'static str],
    /// Whether those take lists.
    pub(super) anything_but_operator_lists: bool,
}

impl Dialect {
    pub(super) const EVENT_BRIDGE: Dialect = Dialect {
        wildcard: true,
        affix_ignoring_case: true,
        anything_but: &["prefix", "suffix", "equals-ignore-case", "wildcard"],
        anything_but_operator_lists: true,
    };

    /// Older. That `anything-but` knows no suffix is [V]; the rest of what is missing is a default. [?]
    pub(super) const SNS: Dialect = Dialect {
        wildcard: false,
        affix_ignoring_case: false,
        anything_but: &["prefix"],
        anything_but_operator_lists: false,
    };
}

/// A compiled pattern: an event matches if it matches all fields of any branch.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) fields: Vec<Field>,
    /// One without `$or`.
    pub(super) branches: Vec<Branch>,
}

/// A field and its alternatives.
#[derive(Debug)]
pub(super) struct Field {
    /// Keys joined by dots.
    pub(super) path: String,
    /// How many keys.
    pub(super) depth: usize,
    pub(super) alternatives: Vec<Alternative>,
}

/// Indexes of fields, in document order, each path once.
pub(super) type Branch = Vec<usize>;

/// Compiles a pattern.
///
/// `$or` is read as an operator; where that fails it is tried as a plain field of that name, as `Machine.addRule` of
/// the engine does ([R] GenericMachine.java). Whether `PutRule` does so too is not known, so a pattern that only the
/// second reading accepts is accepted [?]. When both fail the error of the first is reported: recorded answers of AWS
/// name errors that only the first reading's compiler has ([V] content_anything_wildcard_type_EXC).
pub(super) fn compile(text: &str, dialect: &Dialect) -> Result<Compiled, PatternError> {
    let mut compiler = Compiler::new(text, dialect, OrReading::Operator);
    match compiler.pattern() {
        Ok(()) => Ok(compiler.finish()),
        Err(error) if compiler.met_or && error.kind() == ErrorKind::Rule => {
            let mut second = Compiler::new(text, dialect, OrReading::Field);
            match second.pattern() {
                Ok(()) => Ok(second.finish()),
                Err(_) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

pub(super) struct Compiler<'a> {
    reader: Reader<'a>,
    pub(super) dialect: &'a Dialect,
    reading: OrReading,
    met_or: bool,
    path: Vec<String>,
    fields: Vec<Field>,
    /// Grows from none: the first field makes the first branch.
    pub(super) branches: Vec<Branch>,
}

impl<'a> Compiler<'a> {
    fn new(text: &'a str, dialect: &'a Dialect, reading: OrReading) -> Self {
        Compiler {
            reader: Reader::new(text),
            dialect,
            reading,
            met_or: false,
            path: Vec::new(),
            fields: Vec::new(),
            branches: Vec::new(),
        }
    }

    fn finish(self) -> Compiled {
        Compiled { fields: self.fields, branches: self.branches }
    }

    /// What follows the closing brace is never read, as in the engine.
    fn pattern(&mut self) -> Result<(), PatternError> {
        match self.reader.next()? {
            Some(Token::StartObject) => self.object(false),
            _ => Err(self.refuse("Filter is not an object")),
        }
    }

    /// After the `{` of an object of fields. Objects inside are taken in the same loop, so that depth costs no stack.
    pub(super) fn object(&mut self, inside_or: bool) -> Result<(), PatternError> {
        let outermost = self.path.len();
        let mut empty = true;
        loop {
            if self.next()? == Token::EndObject {
                if empty {
                    return Err(self.refuse("Empty objects are not allowed"));
                }
                if self.path.len() == outermost {
                    return Ok(());
                }
                self.path.pop();
                continue;
            }
            empty = false;
            let name = self.text()?;
            if name == "$or" {
                self.met_or = true;
                if self.reading == OrReading::Operator {
                    self.or()?;
                    continue;
                }
            }
            if inside_or && RESERVED.contains(&name.as_str()) {
                return Err(self.refuse(format!("{name} is Ruler reserved fieldName which cannot be used inside $or.")));
            }
            match self.next()? {
                Token::StartObject => {
                    self.path.push(name);
                    empty = true;
                }
                Token::StartArray => self.field(name)?,
                _ => return Err(self.refuse(format!("\"{name}\" must be an object or an array"))),
            }
        }
    }

    /// After the `[` of a field's alternatives.
    fn field(&mut self, name: String) -> Result<(), PatternError> {
        let mut alternatives = Vec::new();
        loop {
            alternatives.push(match self.next()? {
                Token::EndArray => break,
                Token::StartObject => self.match_expression()?,
                Token::Text => Alternative::literal(self.text()?),
                Token::Number => Alternative::Number(Number::from_text(&self.text()?)),
                Token::True => Alternative::Bool(true),
                Token::False => Alternative::Bool(false),
                Token::Null => Alternative::Null,
                _ => return Err(self.refuse("Match value must be String, number, true, false, or null")),
            });
        }
        if alternatives.is_empty() {
            return Err(self.refuse("Empty arrays are not allowed"));
        }
        let wildcards = alternatives.iter().filter_map(|alternative| match alternative {
            Alternative::Wildcard(wildcard) => Some(wildcard),
            _ => None,
        });
        if wildcard::is_too_complex(wildcards) {
            // [T] the text
            let reason = "Rule is too complex - try using fewer wildcard characters or fewer repeating character \
                          sequences after a wildcard character";
            return Err(PatternError::new(ErrorKind::TooComplex, reason, None));
        }
        self.path.push(name);
        let field = Field { path: self.path.join("."), depth: self.path.len(), alternatives };
        self.path.pop();
        self.put(field);
        Ok(())
    }

    fn put(&mut self, field: Field) {
        let new = self.fields.len();
        if self.branches.is_empty() {
            self.branches.push(Branch::new());
        }
        for branch in &mut self.branches {
            match branch.iter_mut().find(|old| self.fields[**old].path == field.path) {
                Some(old) => *old = new,
                None => branch.push(new),
            }
        }
        self.fields.push(field);
    }

    /// The next token inside the pattern, where the text cannot end.
    pub(super) fn next(&mut self) -> Result<Token, PatternError> {
        match self.reader.next()? {
            Some(token) => Ok(token),
            None => Err(self.refuse("Unexpected end-of-input")),
        }
    }

    /// The text of the current token.
    pub(super) fn text(&mut self) -> Result<String, PatternError> {
        self.reader.text()
    }

    pub(super) fn expect_end(&mut self, otherwise: &str) -> Result<(), PatternError> {
        match self.next()? {
            Token::EndObject => Ok(()),
            _ => Err(self.refuse(otherwise)),
        }
    }

    /// A refusal at the position of the reader.
    pub(super) fn refuse(&self, reason: impl Into<String>) -> PatternError {
        self.reader.error(ErrorKind::Rule, reason)
    }

    /// A refusal from below the parser, which knows no location and is final.
    pub(super) fn refuse_operand(&self, reason: impl Into<String>) -> PatternError {
        PatternError::new(ErrorKind::Operand, reason, None)
    }

    /// The limit is [D]; the text is ours. [?]
    pub(super) fn too_complex(&self) -> PatternError {
        let reason = format!("Rule is too complex: more than {MAX_BRANCHES} combinations of $or");
        PatternError::new(ErrorKind::TooComplex, reason, None)
    }
}
