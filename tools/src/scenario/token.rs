//! The tokens of a scenario, recognised with nom.
//!
//! A token parser returns what it recognised, mostly as text, or fails without a reason. The grammar reports
//! errors, since it knows which tokens may stand at a place.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while, take_while_m_n, take_while1};
use nom::character::complete::{anychar, char, digit1, one_of};
use nom::combinator::{map_opt, opt, recognize, value};
use nom::multi::many0_count;
use nom::sequence::preceded;
use nom::{IResult, Parser};

use super::ast::Comparison;
use crate::text::value;

/// The error of a token parser that does not recognise its token: it has no content.
pub(super) type Nothing = ();

/// Returns true if `c` may stand in a name.
pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Returns true if `c` separates words without ending a line.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

/// Returns true if a bare word ends before `c`.
fn ends_bare(c: char) -> bool {
    is_blank(c) || matches!(c, '\n' | ';' | '{' | '}')
}

/// Recognises blanks, at least one.
pub(super) fn blanks(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(is_blank).parse(input)
}

/// Recognises blanks, newlines and `;`, which separate steps; at least one.
pub(super) fn ends(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c| is_blank(c) || matches!(c, '\n' | ';')).parse(input)
}

/// Recognises blanks and newlines, at least one.
pub(super) fn space(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c| is_blank(c) || c == '\n').parse(input)
}

/// Recognises a comment: `#` to the end of the line.
pub(super) fn comment(input: &str) -> IResult<&str, &str, Nothing> {
    recognize((char('#'), take_till(|c| c == '\n'))).parse(input)
}

/// Recognises letters, digits and `_`, at least one.
pub(super) fn name(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(is_name_char).parse(input)
}

/// Recognises the characters up to the end of a bare word, of any kind; at least one.
pub(super) fn bare(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c| !ends_bare(c)).parse(input)
}

/// Recognises the characters of a bare word up to its end or to a `$`; at least one.
pub(super) fn bare_text(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c| !ends_bare(c) && c != '$').parse(input)
}

/// Returns the length of a list or an object that comes next, up to its closing bracket on the same line.
/// Returns `None` if none comes, if a word goes on after it, or if it is no JSON and holds no expression.
pub(super) fn bracketed(input: &str) -> Option<usize> {
    if !input.starts_with(['[', '{']) {
        return None;
    }
    let (mut open, mut in_text, mut escaped) = (Vec::new(), false, false);
    for (place, c) in input.char_indices() {
        match c {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            _ if in_text => {}
            '[' => open.push(']'),
            '{' => open.push('}'),
            ']' | '}' if open.pop() != Some(c) => return None,
            _ => {}
        }
        if open.is_empty() && !in_text {
            let end = place + c.len_utf8();
            let ends = input[end..].chars().next().is_none_or(ends_bare);
            // A value with expressions is checked when they have been evaluated.
            let is_value = || input[..end].contains('$') || value::is_json(&input[..end]);
            return (ends && is_value()).then_some(end);
        }
    }
    None
}

/// Recognises the text between quotes up to the next character with a meaning of its own there.
pub(super) fn quoted_text(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c| !matches!(c, '"' | '\\' | '$' | '\n')).parse(input)
}

/// Recognises one word of a parameter's value, up to `|`, `;`, a line's end or a blank.
pub(super) fn choice(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c| !is_blank(c) && !matches!(c, '|' | ';' | '\n')).parse(input)
}

/// Recognises a number, with or without a fraction.
pub(super) fn number(input: &str) -> IResult<&str, &str, Nothing> {
    recognize((digit1, opt((char('.'), digit1)))).parse(input)
}

/// Recognises the unit that touches a number. A `%` that an operand follows is the operator of a remainder,
/// and no unit.
pub(super) fn unit(input: &str) -> IResult<&str, &str, Nothing> {
    let operand = |c: char| is_name_char(c) || matches!(c, '$' | '(' | '"');
    let (rest, unit) = alt((tag("%"), take_while1(|c: char| c.is_alphabetic()))).parse(input)?;
    if unit == "%" && rest.starts_with(operand) { Err(nom::Err::Error(())) } else { Ok((rest, unit)) }
}

/// Recognises the sign of a comparison.
pub(super) fn comparison(input: &str) -> IResult<&str, Comparison, Nothing> {
    let [equal, not_equal, at_most, at_least, less, greater] =
        Comparison::ALL.map(|comparison| value(comparison, tag(comparison.sign())));
    alt((equal, not_equal, at_most, at_least, less, greater)).parse(input)
}

/// Recognises `->` or `-`.
pub(super) fn arrow(input: &str) -> IResult<&str, &str, Nothing> {
    alt((tag("->"), tag("-"))).parse(input)
}

/// Recognises the sign `..`.
pub(super) fn dots(input: &str) -> IResult<&str, &str, Nothing> {
    tag("..").parse(input)
}

/// Recognises one of `chars`.
pub(super) fn any_of(chars: &'static str) -> impl FnMut(&str) -> IResult<&str, char, Nothing> {
    move |input| one_of(chars).parse(input)
}

/// Recognises a regular expression between slashes, on one line; `\/` is a slash inside of it.
pub(super) fn regex(input: &str) -> IResult<&str, &str, Nothing> {
    let plain = take_while1(|c| !matches!(c, '/' | '\\' | '\n'));
    let escaped = recognize((char('\\'), take_while_m_n(1, 1, |c| c != '\n')));
    nom::sequence::delimited(char('/'), recognize(many0_count(alt((plain, escaped)))), char('/')).parse(input)
}

/// Recognises an escape of a JSON string, the backslash included, and returns its character.
pub(super) fn escape(input: &str) -> IResult<&str, char, Nothing> {
    preceded(char('\\'), alt((preceded(char('u'), unicode), map_opt(anychar, simple_escape)))).parse(input)
}

fn simple_escape(c: char) -> Option<char> {
    Some(match c {
        '"' | '\\' | '/' => c,
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        _ => return None,
    })
}

/// Recognises four hexadecimal digits, or two such units that make one character (RFC 8259, section 7).
fn unicode(input: &str) -> IResult<&str, char, Nothing> {
    let (rest, high) = code_unit(input)?;
    if let Some(c) = char::from_u32(high) {
        return Ok((rest, c));
    }
    map_opt(preceded(tag("\\u"), code_unit), |low| {
        let pair = (0xD800..0xDC00).contains(&high) && (0xDC00..0xE000).contains(&low);
        pair.then(|| 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)).and_then(char::from_u32)
    })
    .parse(rest)
}

fn code_unit(input: &str) -> IResult<&str, u32, Nothing> {
    map_opt(take_while_m_n(4, 4, |c: char| c.is_ascii_hexdigit()), |digits| {
        u32::from_str_radix(digits, 16).ok()
    })
    .parse(input)
}

/// Recognises the text to the end of the line, and returns it without the blanks around it.
pub(super) fn line(input: &str) -> IResult<&str, &str, Nothing> {
    take_while(|c| c != '\n').map(str::trim).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_json() {
        assert_eq!(escape("\\n"), Ok(("", '\n')));
        assert_eq!(escape("\\u00e9x"), Ok(("x", 'é')));
        assert_eq!(escape("\\ud83d\\ude00"), Ok(("", '😀')));
        assert!(escape("\\ud83d").is_err());
        assert!(escape("\\ud83d\\u0041").is_err());
        assert!(escape("\\q").is_err());
        assert!(escape("\\u00").is_err());
    }

    #[test]
    fn a_percent_sign_is_a_unit_unless_an_operand_touches_it() {
        assert_eq!(unit("%"), Ok(("", "%")));
        assert_eq!(unit("% 3"), Ok((" 3", "%")));
        assert!(unit("%3").is_err());
        assert!(unit("%$i").is_err());
        assert_eq!(unit("ms)"), Ok((")", "ms")));
    }

    #[test]
    fn a_list_or_an_object_is_one_word_up_to_its_bracket() {
        for (input, length) in [
            ("[1, 2] within 5s", Some(6)),
            ("{\"a\": [\"}]\", {}]}", Some(17)),
            ("[\"\\\"]\"]; x", Some(7)),
            ("[1, 2", None),
            ("[1]x", None),
            ("{ a: set x 1 }x", None),
            ("[1}", None),
            ("[a, b]", None),
            ("{ wait 1s }", None),
            ("[$x, 1]", Some(7)),
            ("x[1]", None),
            ("\"[1]\"", None),
        ] {
            assert_eq!(bracketed(input), length, "{input}");
        }
    }

    #[test]
    fn longer_signs_are_read_first() {
        assert_eq!(comparison("<= 5"), Ok((" 5", Comparison::AtMost)));
        assert_eq!(comparison("<5"), Ok(("5", Comparison::Less)));
        assert!(comparison("= 5").is_err());
    }

    #[test]
    fn a_regular_expression_ends_at_the_first_slash_that_is_not_escaped() {
        assert_eq!(regex("/a b;{2}/ x"), Ok((" x", "a b;{2}")));
        assert_eq!(regex("/a\\/b/"), Ok(("", "a\\/b")));
        assert_eq!(regex("//"), Ok(("", "")));
        assert!(regex("/a").is_err());
        assert!(regex("/a\\\n/").is_err());
    }
}
