//! The `anything-but` operator, of values and of other operators.

use super::affix::End;
use super::compile::Compiler;
use super::ignore_case::IgnoreCase;
use super::numeric::Number;
use super::wildcard::Wildcard;
use super::{PatternError, alternative::Alternative, reader::Token};

/// What `anything-but` negates.
#[derive(Clone, Copy)]
enum Negated {
    Values,
    Affix(End),
    EqualsIgnoreCase,
    Wildcard,
}

const TOO_MANY: &str = "Too many elements in numeric expression";

impl Compiler<'_> {
    /// After `{"anything-but":`. [R] JsonRuleCompiler; that the texts speak of numeric expressions is AWS's.
    pub(super) fn anything_but(&mut self) -> Result<Alternative, PatternError> {
        let mut token = self.next()?;
        let mut negated = Negated::Values;
        if token == Token::StartObject {
            negated = self.negated_operator()?;
            token = self.next()?;
        }
        let refused = match (token, negated) {
            (Token::StartArray, Negated::Values) => self.values()?,
            (Token::StartArray, _) if self.dialect.anything_but_operator_lists => self.operands(negated)?,
            (Token::Text | Token::Number, Negated::Values) => vec![self.value(token)?],
            (Token::Text | Token::Number, _) => {
                let text = self.operand_text(token, negated)?;
                vec![self.operand_of(negated, text)?]
            }
            (Token::StartArray, _) => return Err(self.refuse(not_text(negated))),
            _ => return Err(self.refuse("Value of anything-but must be an array or single string/number value.")),
        };
        self.expect_end(TOO_MANY)?;
        if !matches!(negated, Negated::Values) {
            self.expect_end(TOO_MANY)?;
        }
        Ok(Alternative::AnythingBut(refused))
    }

    fn negated_operator(&mut self) -> Result<Negated, PatternError> {
        if self.next()? != Token::Name {
            return Err(self.refuse("Anything-But expression name not found"));
        }
        let name = self.text()?;
        let negated = match name.as_str() {
            "prefix" => Some(Negated::Affix(End::Prefix)),
            "suffix" => Some(Negated::Affix(End::Suffix)),
            "equals-ignore-case" => Some(Negated::EqualsIgnoreCase),
            "wildcard" => Some(Negated::Wildcard),
            _ => None,
        };
        negated
            .filter(|_| self.dialect.anything_but.contains(&name.as_str()))
            .ok_or_else(|| self.refuse(format!("Unsupported anything-but pattern: {name}")))
    }

    /// A list: all strings or all numbers, and not empty.
    fn values(&mut self) -> Result<Vec<Alternative>, PatternError> {
        let mut values = Vec::new();
        let (mut numbers, mut texts) = (false, false);
        loop {
            let token = self.next()?;
            match token {
                Token::EndArray => break,
                Token::Text => texts = true,
                Token::Number => numbers = true,
                _ => return Err(self.refuse("Inside anything but list, start|null|boolean is not supported.")),
            }
            values.push(self.value(token)?);
        }
        if numbers == texts {
            return Err(self.refuse(
                "Inside anything but list, either all values are number or string, mixed type is not supported",
            ));
        }
        Ok(values)
    }

    /// A string here is itself, never an address: other spellings of it are something else.
    fn value(&mut self, token: Token) -> Result<Alternative, PatternError> {
        let text = self.text()?;
        if token == Token::Text {
            return Ok(Alternative::Text(text));
        }
        let number = Number::from_text(&text);
        match number.equals_by_value(number) {
            true => Ok(Alternative::NumericEquals(number)),
            false => Err(self.refuse(format!("Cannot compare number : {text}"))),
        }
    }

    fn operands(&mut self, negated: Negated) -> Result<Vec<Alternative>, PatternError> {
        let mut texts = Vec::new();
        loop {
            match self.next()? {
                Token::EndArray => break,
                token => texts.push(self.operand_text(token, negated)?),
            }
        }
        texts.into_iter().map(|text| self.operand_of(negated, text)).collect()
    }

    fn operand_text(&mut self, token: Token, negated: Negated) -> Result<String, PatternError> {
        if token != Token::Text {
            return Err(self.refuse(not_text(negated)));
        }
        let text = self.text()?;
        match negated {
            Negated::Affix(_) if text.is_empty() => Err(self.refuse("Null prefix/suffix not allowed")),
            _ => Ok(text),
        }
    }

    fn operand_of(&self, negated: Negated, text: String) -> Result<Alternative, PatternError> {
        Ok(match negated {
            Negated::Values => Alternative::Text(text),
            Negated::Affix(end) => end.alternative(text),
            Negated::EqualsIgnoreCase => Alternative::EqualsIgnoreCase(IgnoreCase::new(text)),
            Negated::Wildcard => Alternative::Wildcard(Wildcard::parse(&text).map_err(|reason| self.refuse(reason))?),
        })
    }
}

fn not_text(negated: Negated) -> &'static str {
    match negated {
        Negated::EqualsIgnoreCase => {
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
        }
        Negated::Wildcard => "wildcard match pattern must be a string",
        Negated::Values | Negated::Affix(_) => "prefix/suffix match pattern must be a string",
    }
}
