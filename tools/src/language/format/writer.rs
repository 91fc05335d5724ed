//! The writer of tidy lines.

use super::tree::{Block, Content, Entry, Piece};

/// The column of comments behind steps, from 0. Chosen: most steps are shorter, and a comment of sixty
/// characters still fits in a hundred columns.
pub const COMMENT_COLUMN: usize = 34;

/// The blanks of one level of blocks.
const LEVEL: usize = 2;

/// Returns the text of a file, each line with this end.
pub(super) fn written(file: &Block<'_>, end: &str) -> String {
    let mut writer = Writer { text: String::new(), line: String::new(), level: 0, end };
    if let Some(comment) = file.comment {
        writer.comment(comment);
    }
    writer.entries(&file.entries, file.comment.is_some());
    writer.end_line();
    writer.text
}

struct Writer<'e> {
    /// The lines that are complete.
    text: String,
    /// The line that is being written.
    line: String,
    /// The level of the next line.
    level: usize,
    end: &'e str,
}

impl Writer<'_> {
    /// Ends the line, unless it is empty.
    fn end_line(&mut self) {
        if !self.line.is_empty() {
            self.text.push_str(self.line.trim_end());
            self.text.push_str(self.end);
            self.line.clear();
        }
    }

    /// Adds text to the line, which may begin with it.
    fn push(&mut self, text: &str) {
        if self.line.is_empty() {
            self.line.push_str(&" ".repeat(LEVEL * self.level));
        }
        self.line.push_str(text);
    }

    /// Adds a comment, and ends the line behind it.
    fn comment(&mut self, comment: &str) {
        if !self.line.is_empty() {
            let length = self.line.trim_end().chars().count();
            self.line.truncate(self.line.trim_end().len());
            let blanks = COMMENT_COLUMN.saturating_sub(length).max(2);
            self.line.push_str(&" ".repeat(blanks));
        }
        self.push(comment);
        self.end_line();
    }

    /// Writes entries; `follows` is true if a line of the same block stands before them.
    fn entries(&mut self, entries: &[Entry<'_>], follows: bool) {
        let mut before: Option<&Entry<'_>> = None;
        for entry in entries {
            let joins =
                entry.newlines == 0 && before.is_some_and(|before| is_short(before) && is_short(entry));
            if joins {
                self.line.push_str("; ");
            } else {
                self.end_line();
                if entry.newlines > 1 && (follows || before.is_some()) {
                    self.text.push_str(self.end);
                }
            }
            match &entry.content {
                Content::Comment(comment) => self.comment(comment),
                Content::Step(pieces, comment) => {
                    self.step(pieces);
                    if let Some(comment) = comment {
                        self.comment(comment);
                    }
                }
            }
            before = Some(entry);
        }
    }

    /// Writes the steps of a block that has one line.
    fn short_entries(&mut self, entries: &[Entry<'_>]) {
        for (index, entry) in entries.iter().enumerate() {
            if index > 0 {
                self.line.push_str("; ");
            }
            if let Content::Step(pieces, _) = &entry.content {
                self.step(pieces);
            }
        }
    }

    fn step(&mut self, pieces: &[Piece<'_>]) {
        let level = self.level;
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.push(text),
                Piece::Blank => self.line.push(' '),
                Piece::Newline => {
                    self.end_line();
                    self.level = level + 1;
                }
                Piece::Comment(comment) => {
                    self.comment(comment);
                    self.level = level + 1;
                }
                Piece::Block(block) => {
                    self.level = level;
                    self.block(block);
                }
            }
        }
        self.level = level;
    }

    fn block(&mut self, block: &Block<'_>) {
        if block.entries.is_empty() && block.comment.is_none() {
            self.push("{}");
            return;
        }
        if !is_long(block) {
            self.push("{ ");
            self.short_entries(&block.entries);
            self.push(" }");
            return;
        }
        self.push("{");
        if let Some(comment) = block.comment {
            self.comment(comment);
        }
        self.end_line();
        self.level += 1;
        self.entries(&block.entries, false);
        self.end_line();
        self.level -= 1;
        self.push("}");
    }
}

/// Returns true if a block takes several lines.
fn is_long(block: &Block<'_>) -> bool {
    block.has_lines || !block.entries.iter().all(is_short)
}

/// Returns true if an entry takes a part of a line only, so that another may stand beside it.
fn is_short(entry: &Entry<'_>) -> bool {
    match &entry.content {
        Content::Comment(_) => false,
        Content::Step(pieces, _) => pieces.iter().all(|piece| match piece {
            Piece::Text(_) | Piece::Blank => true,
            Piece::Newline | Piece::Comment(_) => false,
            Piece::Block(block) => !is_long(block) || (block.entries.is_empty() && block.comment.is_none()),
        }),
    }
}
