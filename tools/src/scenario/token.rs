//! The tokens of a scenario, recognised with nom.
//!
//! A token parser says only what it recognised, or nothing. What cannot stand at a place is said by
//! the grammar, which knows what was meant.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while, take_while_m_n, take_while1};
use nom::character::complete::{anychar, char, digit1, one_of};
use nom::combinator::{map_opt, opt, recognize, value};
use nom::multi::many0_count;
use nom::sequence::preceded;
use nom::{IResult, Parser};

use super::ast::Comparison;

/// What a token parser says when it does not recognise its token: nothing.
pub(super) type Nothing = ();

/// Whether `c` may stand in a name.
pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether `c` separates without ending a line.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

/// Whether a bare word ends before `c`.
fn ends_bare(c: char) -> bool {
    is_blank(c) || matches!(c, '\n' | ';' | '{' | '}')
}

/// Blanks, at least one.
pub(super) fn blanks(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(is_blank).parse(input)
}

/// Blanks, newlines and what else separates steps, at least one.
pub(super) fn ends(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c| is_blank(c) || matches!(c, '\n' | ';')).parse(input)
}

/// Blanks and newlines, at least one.
pub(super) fn space(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c| is_blank(c) || c == '\n').parse(input)
}

/// `#` to the end of the line.
pub(super) fn comment(input: &str) -> IResult<&str, &str, Nothing> {
    recognize((char('#'), take_till(|c| c == '\n'))).parse(input)
}

/// Letters, digits and `_`, at least one.
pub(super) fn name(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(is_name_char).parse(input)
}

/// Up to where a bare word would end, whatever stands in it; at least one character.
pub(super) fn bare(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c| !ends_bare(c)).parse(input)
}

/// Up to where a bare word would end or hold a `$`.
pub(super) fn bare_text(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c| !ends_bare(c) && c != '$').parse(input)
}

/// The text between quotes up to the next character that means something there.
pub(super) fn quoted_text(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c| !matches!(c, '"' | '\\' | '$' | '\n')).parse(input)
}

/// A value of a parameter, as it stands, up to `|`, `;`, a line's end or a blank.
pub(super) fn choice(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c| !is_blank(c) && !matches!(c, '|' | ';' | '\n')).parse(input)
}

/// A number, with a fraction or without.
pub(super) fn number(input: &str) -> IResult<&str, &str, Nothing> {
    recognize((digit1, opt((char('.'), digit1)))).parse(input)
}

/// The unit that touches a number. `%` before something that could be a second operand is the sign
/// of a division.
pub(super) fn unit(input: &str) -> IResult<&str, &str, Nothing> {
    let operand = |c: char| is_name_char(c) || matches!(c, '$' | '(' | '"');
    let (rest, unit) = alt((tag("%"), take_while1(|c: char| c.is_alphabetic()))).parse(input)?;
    if unit == "%" && rest.starts_with(operand) { Err(nom::Err::Error(())) } else { Ok((rest, unit)) }
}

/// A comparison's sign.
pub(super) fn comparison(input: &str) -> IResult<&str, Comparison, Nothing> {
    let [equal, not_equal, at_most, at_least, less, greater] =
        Comparison::ALL.map(|comparison| value(comparison, tag(comparison.sign())));
    alt((equal, not_equal, at_most, at_least, less, greater)).parse(input)
}

/// `->` or `-`.
pub(super) fn arrow(input: &str) -> IResult<&str, &str, Nothing> {
    alt((tag("->"), tag("-"))).parse(input)
}

/// `..`
pub(super) fn dots(input: &str) -> IResult<&str, &str, Nothing> {
    tag("..").parse(input)
}

/// One of `chars`.
pub(super) fn any_of(chars: &'static str) -> impl FnMut(&str) -> IResult<&str, char, Nothing> {
    move |input| one_of(chars).parse(input)
}

/// A regular expression between slashes, on one line; `\/` is a slash inside of it.
pub(super) fn regex(input: &str) -> IResult<&str, &str, Nothing> {
    let plain = take_while1(|c| !matches!(c, '/' | '\\' | '\n'));
    let escaped = recognize((char('\\'), take_while_m_n(1, 1, |c| c != '\n')));
    nom::sequence::delimited(char('/'), recognize(many0_count(alt((plain, escaped)))), char('/')).parse(input)
}

/// An escape of a JSON string, the backslash included.
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

/// Four hexadecimal digits, or two such units that make one character (RFC 8259, section 7).
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

/// What stands to the end of the line, without the blanks around it.
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
