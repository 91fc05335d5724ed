//! The parser of arithmetic over figures.

use super::ast::{Expr, Fact, NAMED, Operator};
use super::marks::NameKind;
use super::reader::{Read, Reader};
use super::token;
use crate::text::Span;

/// The most operations in a row. Chosen: more than a person writes, and few, since trees are walked, and
/// dropped, on the stack.
const OPERATIONS_MAX: usize = 100;

/// Returns the expression of a variable: `$name`.
pub(super) fn variable(name: &str, span: Span) -> Expr {
    Expr::Fact(Fact::Variable(name.to_owned()), span)
}

/// Returns the expression of a name without a dollar: a figure that every scenario has, or else a variable.
pub(super) fn named(name: &str, span: Span) -> Expr {
    if NAMED.contains(&name) { Expr::Fact(Fact::Named(name.to_owned()), span) } else { variable(name, span) }
}

impl Reader<'_> {
    /// Reads terms that are added and subtracted.
    pub(super) fn expr(&mut self) -> Read<Expr> {
        let mut left = self.term()?;
        let (start, mut operations) = (self.position(), 0);
        while let Some(sign) = self.operator("+-") {
            self.bounded(start, &mut operations)?;
            let operator = if sign == '+' { Operator::Add } else { Operator::Subtract };
            left = Expr::Binary(Box::new(left), operator, Box::new(self.term()?));
        }
        Ok(left)
    }

    fn term(&mut self) -> Read<Expr> {
        let mut left = self.fact()?;
        let (start, mut operations) = (self.position(), 0);
        while let Some(sign) = self.operator("*/%") {
            self.bounded(start, &mut operations)?;
            let operator = match sign {
                '*' => Operator::Multiply,
                '/' => Operator::Divide,
                _ => Operator::Remainder,
            };
            left = Expr::Binary(Box::new(left), operator, Box::new(self.fact()?));
        }
        Ok(left)
    }

    /// Counts one operation more, and reports an error if there are too many.
    fn bounded(&self, start: usize, operations: &mut usize) -> Read<()> {
        *operations += 1;
        if *operations > OPERATIONS_MAX {
            let message = format!("more than {OPERATIONS_MAX} operations in a row");
            return Err(self.error(self.since(start), message).help("put some of them into parentheses"));
        }
        Ok(())
    }

    /// Reads one of the signs, and the blanks around it.
    fn operator(&mut self, signs: &'static str) -> Option<char> {
        let start = self.position();
        self.blanks();
        let sign = self.eat(token::any_of(signs));
        if sign.is_none() {
            self.back_to(start);
        } else {
            self.blanks();
        }
        sign
    }

    fn fact(&mut self) -> Read<Expr> {
        let start = self.position();
        match self.peek() {
            Some('(') => {
                let opening = self.next_word().span;
                self.eat_char('(');
                self.nested(Span { start, end: start + 1 }, |reader| {
                    reader.needless_blanks();
                    let inner = reader.expr()?;
                    reader.needless_blanks();
                    if reader.eat_char(')') {
                        Ok(inner)
                    } else if matches!(reader.peek(), None | Some('\n')) {
                        Err(reader
                            .error(Span { end: opening.start + 1, ..opening }, "this `(` is never closed")
                            .help("close it with `)`"))
                    } else {
                        Err(reader.expected("an operator or `)`"))
                    }
                })
            }
            Some('"') => {
                let mut parts = Vec::new();
                self.quoted(&mut parts, false)?;
                let text = super::ast::Word { parts, quoted: true, span: Span::default() }
                    .fixed()
                    .unwrap_or_default();
                Ok(Expr::Fact(Fact::Text(text), self.since(start)))
            }
            Some('$') => {
                let token = self.dollar()?;
                Ok(match self.param(token.text) {
                    Some(_) => Expr::Fact(self.param_fact(&token), token.span),
                    None => variable(token.text, token.span),
                })
            }
            Some('0'..='9') => self.number(start),
            _ => {
                let Some(name) = self.token(token::name) else {
                    return Err(self
                        .expected("a number, a figure or a name")
                        .help("such as `2`, `m.updates` or `$i`"));
                };
                if self.eat_char('.') {
                    self.mark_name(NameKind::Measure, name.span);
                    let Some(figure) = self.eat(token::name) else {
                        return Err(self
                            .expected("a figure")
                            .help(format!("such as `{}.payloads`", name.text)));
                    };
                    let fact = Fact::Measured(name.text.to_owned(), figure.to_owned());
                    return Ok(Expr::Fact(fact, self.since(start)));
                }
                if !NAMED.contains(&name.text) {
                    self.mark_name(NameKind::Use, name.span);
                }
                if self.param(name.text).is_some() {
                    return Ok(Expr::Fact(self.param_fact(&name), name.span));
                }
                Ok(named(name.text, name.span))
            }
        }
    }

    fn number(&mut self, start: usize) -> Read<Expr> {
        let Some(quantity) = self.quantity() else { return Err(self.expected("a number")) };
        let value = quantity.value(self)?;
        Ok(Expr::Fact(Fact::Number(value), self.since(start)))
    }

    /// Returns the value of a parameter: a number if its text is one, else its text.
    fn param_fact(&mut self, token: &super::reader::Token<'_>) -> Fact {
        let value = self.params.get(token.text).map_or("", String::as_str);
        if !value.starts_with(|c: char| c.is_ascii_digit()) {
            return Fact::Text(value.to_owned());
        }
        let number = self.in_param(token, "a number", |reader| {
            let Some(quantity) = reader.quantity() else { return Err(reader.expected("a number")) };
            quantity.value(reader)
        });
        number.map_or_else(|_| Fact::Text(value.to_owned()), Fact::Number)
    }
}
