//! One alternative in the array of a field: a literal or an operator.

use std::fmt;
use std::net::IpAddr;

use super::PatternError;
use super::affix::End;
use super::cidr::{Block, address};
use super::compile::Compiler;
use super::flatten::Scalar;
use super::ignore_case::IgnoreCase;
use super::numeric::{Number, Range};
use super::reader::Token;
use super::wildcard::Wildcard;

/// What a leaf may be. Operators on strings look at strings only: `"1"` is not `1`, nor `"null"` `null`.
#[derive(Clone, Debug)]
pub(super) enum Alternative {
    Text(String),
    /// A literal that spells an address also matches its other spellings. [R] CIDR.ipToRangeIfPossible
    Address(String, IpAddr),
    Number(Number),
    Bool(bool),
    Null,
    /// `{"exists": true}`
    Present,
    /// `{"exists": false}`: the only one that looks at the absence of a leaf.
    Absent,
    Prefix(String),
    Suffix(String),
    PrefixIgnoringCase(IgnoreCase),
    SuffixIgnoringCase(IgnoreCase),
    EqualsIgnoreCase(IgnoreCase),
    Wildcard(Wildcard),
    NumericEquals(Number),
    Range(Range),
    Block(Block),
    /// Matches a leaf that none of these accepts, whatever its type.
    AnythingBut(Vec<Alternative>),
}

impl Alternative {
    pub(super) fn accepts(&self, value: &Scalar<'_>) -> bool {
        match (self, value) {
            (Alternative::Present, _) => true,
            (Alternative::Absent, _) => false,
            (Alternative::AnythingBut(refused), value) => !refused.iter().any(|inner| inner.accepts(value)),
            (this, Scalar::Text(text)) => this.accepts_text(text),
            (Alternative::Number(literal), Scalar::Number(number)) => literal.equals_literally(*number),
            (Alternative::NumericEquals(operand), Scalar::Number(number)) => operand.equals_by_value(*number),
            (Alternative::Range(range), Scalar::Number(number)) => range.contains(*number),
            (Alternative::Bool(literal), Scalar::Bool(bool)) => literal == bool,
            (Alternative::Null, Scalar::Null) => true,
            _ => false,
        }
    }

    fn accepts_text(&self, value: &str) -> bool {
        match self {
            Alternative::Text(text) => text == value,
            Alternative::Address(text, literal) => text == value || address(value) == Some(*literal),
            Alternative::Prefix(text) => value.starts_with(text.as_str()),
            Alternative::Suffix(text) => value.ends_with(text.as_str()),
            Alternative::PrefixIgnoringCase(text) => text.starts(value),
            Alternative::SuffixIgnoringCase(text) => text.ends(value),
            Alternative::EqualsIgnoreCase(text) => text.equals(value),
            Alternative::Wildcard(wildcard) => wildcard.matches(value),
            Alternative::Block(block) => block.contains(value),
            _ => false,
        }
    }

    /// A literal string.
    pub(super) fn literal(text: String) -> Alternative {
        match address(&text) {
            Some(literal) => Alternative::Address(text, literal),
            None => Alternative::Text(text),
        }
    }
}

impl Compiler<'_> {
    /// After the `{` of an alternative. [R] JsonRuleCompiler.processMatchExpression
    pub(super) fn match_expression(&mut self) -> Result<Alternative, PatternError> {
        if self.next()? != Token::Name {
            return Err(self.refuse("Match expression name not found"));
        }
        let name = self.text()?;
        match name.as_str() {
            "exactly" => self.exactly(),
            "prefix" => self.affix(End::Prefix),
            "suffix" => self.affix(End::Suffix),
            "numeric" => self.numeric(),
            "anything-but" => self.anything_but(),
            "exists" => self.exists(),
            "cidr" => self.cidr(),
            "equals-ignore-case" => self.equals_ignore_case(),
            "wildcard" if self.dialect.wildcard => self.wildcard(),
            _ => Err(self.refuse(format!("Unrecognized match type {name}"))),
        }
    }

    fn exactly(&mut self) -> Result<Alternative, PatternError> {
        if self.next()? != Token::Text {
            return Err(self.refuse("exact match pattern must be a string"));
        }
        let text = self.text()?;
        self.expect_end("Only one key allowed in match expression")?;
        Ok(Alternative::Text(text))
    }

    fn exists(&mut self) -> Result<Alternative, PatternError> {
        let alternative = match self.next()? {
            Token::True => Alternative::Present,
            Token::False => Alternative::Absent,
            _ => return Err(self.refuse("exists match pattern must be either true or false.")),
        };
        self.expect_end("Only one key allowed in match expression")?;
        Ok(alternative)
    }
}

impl fmt::Display for Alternative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Alternative::Text(text) | Alternative::Address(text, _) => write!(f, "{text:?}"),
            Alternative::Number(number) | Alternative::NumericEquals(number) => write!(f, "{number}"),
            Alternative::Bool(bool) => write!(f, "{bool}"),
            Alternative::Null => f.write_str("null"),
            Alternative::Present => f.write_str("any value"),
            Alternative::Absent => f.write_str("no value"),
            Alternative::Prefix(text) => write!(f, "a string starting with {text:?}"),
            Alternative::Suffix(text) => write!(f, "a string ending in {text:?}"),
            Alternative::PrefixIgnoringCase(text) => {
                write!(f, "a string starting with {:?} in any case", text.text())
            }
            Alternative::SuffixIgnoringCase(text) => write!(f, "a string ending in {:?} in any case", text.text()),
            Alternative::EqualsIgnoreCase(text) => write!(f, "{:?} in any case", text.text()),
            Alternative::Wildcard(wildcard) => write!(f, "a string like {:?}", wildcard.source()),
            Alternative::Range(range) => write!(f, "{range}"),
            Alternative::Block(block) => write!(f, "{block}"),
            Alternative::AnythingBut(refused) => {
                f.write_str("anything but ")?;
                super::explain::list(f, refused, " or ")
            }
        }
    }
}
