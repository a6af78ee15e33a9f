//! The `prefix` and `suffix` operators, plain and with `equals-ignore-case` inside, and `equals-ignore-case` itself.

use super::compile::Compiler;
use super::ignore_case::IgnoreCase;
use super::{PatternError, alternative::Alternative, reader::Token};

const ONE_KEY: &str = "Only one key allowed in match expression";

/// Which end of a value an operator looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Prefix,
    Suffix,
}

impl End {
    pub(super) fn name(self) -> &'static str {
        match self {
            End::Prefix => "prefix",
            End::Suffix => "suffix",
        }
    }

    pub(super) fn alternative(self, text: String) -> Alternative {
        match self {
            End::Prefix => Alternative::Prefix(text),
            End::Suffix => Alternative::Suffix(text),
        }
    }
}

impl Compiler<'_> {
    /// After `{"prefix":` or `{"suffix":`. An empty one is fine here, and matches every string.
    pub(super) fn affix(&mut self, end: End) -> Result<Alternative, PatternError> {
        let name = end.name();
        match self.next()? {
            Token::StartObject if self.dialect.affix_ignoring_case => self.affix_ignoring_case(end),
            Token::Text => {
                let text = self.text()?;
                self.expect_end(ONE_KEY)?;
                Ok(end.alternative(text))
            }
            _ => Err(self.refuse(format!("{name} match pattern must be a string"))),
        }
    }

    fn affix_ignoring_case(&mut self, end: End) -> Result<Alternative, PatternError> {
        if self.next()? != Token::Name {
            return Err(self.refuse(match end {
                End::Prefix => "Prefix expression name not found",
                End::Suffix => "Suffix expression name not found",
            }));
        }
        let operator = self.text()?;
        if operator != "equals-ignore-case" {
            return Err(self.refuse(format!("Unsupported {} pattern: {operator}", end.name())));
        }
        let text = self.ignore_case_operand()?;
        self.expect_end(ONE_KEY)?;
        self.expect_end(ONE_KEY)?;
        Ok(match end {
            End::Prefix => Alternative::PrefixIgnoringCase(text),
            End::Suffix => Alternative::SuffixIgnoringCase(text),
        })
    }

    /// After `{"equals-ignore-case":`.
    pub(super) fn equals_ignore_case(&mut self) -> Result<Alternative, PatternError> {
        let text = self.ignore_case_operand()?;
        self.expect_end(ONE_KEY)?;
        Ok(Alternative::EqualsIgnoreCase(text))
    }

    fn ignore_case_operand(&mut self) -> Result<IgnoreCase, PatternError> {
        if self.next()? != Token::Text {
            return Err(self.refuse("equals-ignore-case match pattern must be a string"));
        }
        Ok(IgnoreCase::new(self.text()?))
    }
}
