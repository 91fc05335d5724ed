//! Recovery from a mistake: the reader goes on behind it, so that all mistakes are reported at once.

use super::ast::Block;
use super::reader::{Read, Reader};
use crate::text::Diagnostic;

/// The number of mistakes after which the rest is not read. Chosen: so many have one cause, or the text is no
/// scenario.
const MISTAKES_MAX: usize = 100;

impl Reader<'_> {
    /// Stores a mistake and moves to where the next step may begin. Returns the mistake if nothing can be
    /// read behind it.
    pub(super) fn recover(&mut self, mistake: Diagnostic) -> Read<()> {
        let state = &mut *self.state;
        if state.mistakes.len() >= MISTAKES_MAX || self.rest().is_empty() {
            return Err(mistake);
        }
        self.state.mistakes.push(mistake);
        self.skip_step()
    }

    /// Moves to the end of the step, or of the line. If the step has a block, its steps are read for their
    /// own mistakes.
    fn skip_step(&mut self) -> Read<()> {
        let mut quoted = false;
        let mut before = None;
        while let Some(next) = self.peek() {
            match next {
                '\n' => return Ok(()),
                '\\' if quoted => {
                    self.eat_char(next);
                    if self.peek() == Some('\n') {
                        return Ok(());
                    }
                }
                '"' => quoted = !quoted,
                _ if quoted => {}
                ';' | '}' => return Ok(()),
                '#' if before.is_none_or(|before: char| before.is_ascii_whitespace()) => {
                    while self.peek().is_some_and(|next| next != '\n') {
                        self.skip_character();
                    }
                    return Ok(());
                }
                '{' if before == Some('$') => quoted = self.skip_expression(),
                '{' => {
                    let mut opening = self.next_word().span;
                    opening.end = opening.start + 1;
                    self.eat_char('{');
                    return self.nested(opening, |reader| reader.steps(Some(opening))).map(|_: Block| ());
                }
                _ => {}
            }
            before = Some(next);
            self.skip_character();
        }
        Ok(())
    }

    /// Moves over `{…` up to the `}` on the same line. Returns false: no quote is open there.
    fn skip_expression(&mut self) -> bool {
        while self.peek().is_some_and(|next| !matches!(next, '}' | '\n')) {
            self.skip_character();
        }
        false
    }

    fn skip_character(&mut self) {
        if let Some(next) = self.peek() {
            self.eat_char(next);
        }
    }
}
