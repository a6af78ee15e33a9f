//! Patterns of space-delimited columns: `[ip, ..., status = 4*, bytes > 1000]`.

use super::FilterError;
use super::comparison::{Comparison, number};
use super::cursor::Cursor;
use super::expression::Expression;

#[derive(Clone, Debug)]
pub(super) struct Columns {
    columns: Vec<Column>,
    /// The position of `...`: the number of columns before it.
    ellipsis: Option<usize>,
}

#[derive(Clone, Debug)]
struct Column {
    /// Empty for a column nobody asks for.
    name: String,
    condition: Option<Expression<Comparison>>,
}

impl Columns {
    pub(super) fn parse(text: &str) -> Result<Columns, FilterError> {
        let mut cursor = Cursor::new(text);
        cursor.skip_space();
        cursor.take("[");
        let mut parsed = Columns { columns: Vec::new(), ellipsis: None };
        loop {
            cursor.skip_space();
            if cursor.take("...") {
                if parsed.ellipsis.replace(parsed.columns.len()).is_some() {
                    return Err(cursor.malformed("only one ... is possible"));
                }
            } else {
                parsed.columns.push(Column::parse(&mut cursor)?);
            }
            cursor.skip_space();
            if cursor.take("]") {
                break;
            }
            if !cursor.take(",") {
                return Err(cursor.unexpected("a closing ] is missing"));
            }
        }
        cursor.skip_space();
        match cursor.peek() {
            None => Ok(parsed),
            Some(_) => Err(cursor.malformed("nothing may follow the closing ]")),
        }
    }

    pub(super) fn matches(&self, line: &str) -> bool {
        self.assign(line).is_some_and(|fields| {
            self.columns.iter().zip(fields).all(|(column, (_, field))| {
                let holds = |comparison: &Comparison| comparison.holds(field, number(field));
                column.condition.as_ref().is_none_or(|condition| condition.holds(&holds))
            })
        })
    }

    /// The number in a column: by name (`$bytes`), or of one without a name by its position in the line (`$7`). [D]
    pub(super) fn value(&self, line: &str, selector: &str) -> Option<f64> {
        let wanted = selector.strip_prefix('$')?;
        let fields = self.assign(line)?;
        let named = self.columns.iter().zip(&fields).find(|(column, (position, _))| match column.name.as_str() {
            "" => position.to_string() == wanted,
            name => name == wanted,
        });
        match named {
            Some((_, (_, field))) => number(field),
            None => fields_of(line).get(wanted.parse::<usize>().ok()?.checked_sub(1)?).and_then(|field| number(field)),
        }
    }

    /// Every field of the line, by its column's name or else by its position. [D] API_TestMetricFilter
    pub(super) fn extracted(&self, line: &str) -> Vec<(String, String)> {
        let Some(assigned) = self.assign(line) else { return Vec::new() };
        let named: Vec<(&Column, &(usize, &str))> = self.columns.iter().zip(&assigned).collect();
        let last = assigned.last().map_or(0, |(position, _)| *position);
        let fields = fields_of(line);
        let fields = fields.iter().enumerate().map(|(index, field)| (index + 1, *field)).filter(|(at, _)| *at <= last);
        fields
            .map(|(at, field)| match named.iter().find(|(_, (position, _))| *position == at) {
                Some((column, (_, taken))) if !column.name.is_empty() => {
                    (format!("${}", column.name), (*taken).to_owned())
                }
                _ => (format!("${at}"), field.to_owned()),
            })
            .collect()
    }

    /// A field of the line for every column, with its position from 1; none if the line has too few.
    ///
    /// Without `...` the last column takes all that is left of the line: `[w1=ERROR, w2]` matches a line of six words.
    /// [D] "you must include a blank indicator after you specify the order of your terms"
    fn assign<'l>(&self, line: &'l str) -> Option<Vec<(usize, &'l str)>> {
        let fields = fields_of(line);
        let count = self.columns.len();
        let spare = fields.len().checked_sub(count)?;
        let place = |column: usize| match self.ellipsis {
            Some(before) if column >= before => column + spare,
            _ => column,
        };
        Some(
            (0..count)
                .map(|column| {
                    let at = place(column);
                    let takes_rest = self.ellipsis.is_none() && column + 1 == count && spare > 0;
                    (at + 1, if takes_rest { rest_from(line, fields[at]) } else { fields[at] })
                })
                .collect(),
        )
    }
}

impl Column {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Column, FilterError> {
        let start = cursor.clone();
        let name = column_name(cursor).to_owned();
        cursor.skip_space();
        if matches!(cursor.peek(), Some(',' | ']')) {
            return Ok(Column { name, condition: None });
        }
        *cursor = start;
        let mut first: Option<String> = None;
        let condition = Expression::parse(cursor, &mut |cursor| {
            let before = cursor.clone();
            let name = column_name(cursor);
            if name.is_empty() {
                return Err(cursor.unexpected("a column name is missing"));
            }
            if first.get_or_insert_with(|| name.to_owned()) != name {
                return Err(before.malformed("a condition must be about its own column"));
            }
            Comparison::parse(cursor)
        })?;
        Ok(Column { name: first.unwrap_or_default(), condition: Some(condition) })
    }
}

fn column_name<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    cursor.take_while(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-'))
}

/// Fields are separated by space; text in brackets or double quotes is one field, without them. [D]
fn fields_of(line: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let closing = match first {
            '[' => Some(']'),
            '"' => Some('"'),
            _ => None,
        };
        let closed = closing.and_then(|closing| rest[1..].split_once(closing));
        let (field, after) = match closed {
            Some(closed) => closed,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        fields.push(field);
        rest = after.trim_start();
    }
    fields
}

/// The line from a field of it on.
fn rest_from<'l>(line: &'l str, field: &'l str) -> &'l str {
    let start = field.as_ptr() as usize - line.as_ptr() as usize;
    line[start..].trim_end()
}
