//! `&&`, `||` and parentheses over conditions. `&&` binds more tightly. [D]

use super::FilterError;
use super::cursor::Cursor;

/// Deeper parentheses are refused; a pattern of 1,024 characters has no use for them.
const MAX_DEPTH: usize = 64;

#[derive(Clone, Debug)]
pub(super) enum Expression<C> {
    Any(Vec<Expression<C>>),
    All(Vec<Expression<C>>),
    Condition(C),
}

impl<C> Expression<C> {
    pub(super) fn parse<'a>(
        cursor: &mut Cursor<'a>,
        condition: &mut impl FnMut(&mut Cursor<'a>) -> Result<C, FilterError>,
    ) -> Result<Self, FilterError> {
        Self::any(cursor, condition, 0)
    }

    fn any<'a>(
        cursor: &mut Cursor<'a>,
        condition: &mut impl FnMut(&mut Cursor<'a>) -> Result<C, FilterError>,
        depth: usize,
    ) -> Result<Self, FilterError> {
        let mut parts = vec![Self::all(cursor, condition, depth)?];
        while cursor.take("||") {
            parts.push(Self::all(cursor, condition, depth)?);
        }
        Ok(Expression::Any(parts))
    }

    fn all<'a>(
        cursor: &mut Cursor<'a>,
        condition: &mut impl FnMut(&mut Cursor<'a>) -> Result<C, FilterError>,
        depth: usize,
    ) -> Result<Self, FilterError> {
        let mut parts = vec![Self::one(cursor, condition, depth)?];
        while cursor.take("&&") {
            parts.push(Self::one(cursor, condition, depth)?);
        }
        Ok(Expression::All(parts))
    }

    /// Leaves the cursor behind the space that follows.
    fn one<'a>(
        cursor: &mut Cursor<'a>,
        condition: &mut impl FnMut(&mut Cursor<'a>) -> Result<C, FilterError>,
        depth: usize,
    ) -> Result<Self, FilterError> {
        cursor.skip_space();
        let parsed = if cursor.take("(") {
            if depth == MAX_DEPTH {
                return Err(cursor.malformed("too many parentheses"));
            }
            let inner = Self::any(cursor, condition, depth + 1)?;
            if !cursor.take(")") {
                return Err(cursor.unexpected("a closing parenthesis is missing"));
            }
            inner
        } else {
            Expression::Condition(condition(cursor)?)
        };
        cursor.skip_space();
        Ok(parsed)
    }

    pub(super) fn holds(&self, condition: &impl Fn(&C) -> bool) -> bool {
        match self {
            Expression::Any(parts) => parts.iter().any(|part| part.holds(condition)),
            Expression::All(parts) => parts.iter().all(|part| part.holds(condition)),
            Expression::Condition(one) => condition(one),
        }
    }

    /// Visits every condition, in the order of writing.
    pub(super) fn each<'s>(&'s self, visit: &mut impl FnMut(&'s C)) {
        match self {
            Expression::Any(parts) | Expression::All(parts) => parts.iter().for_each(|part| part.each(visit)),
            Expression::Condition(one) => visit(one),
        }
    }
}
