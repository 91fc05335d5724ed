//! The line that is being typed.

/// The longest line, in characters. Chosen: longer steps belong into a file.
const LENGTH_MAX: usize = 4_096;

/// A line that is being typed, with its cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Prompt {
    before: String,
    after: String,
}

impl Prompt {
    /// Returns a line with this text, and the cursor between its two parts.
    pub(super) fn with(before: impl Into<String>, after: impl Into<String>) -> Self {
        Self { before: before.into(), after: after.into() }
    }

    /// Returns the text before the cursor.
    pub(super) fn before(&self) -> &str {
        &self.before
    }

    /// Returns the text from the cursor on.
    pub(super) fn after(&self) -> &str {
        &self.after
    }

    /// Returns the whole line.
    pub(super) fn text(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// Inserts a character at the cursor.
    pub(super) fn insert(&mut self, character: char) {
        if self.before.chars().count() + self.after.chars().count() < LENGTH_MAX {
            self.before.push(character);
        }
    }

    /// Removes the character before the cursor.
    pub(super) fn remove_before(&mut self) {
        self.before.pop();
    }

    /// Removes the character at the cursor.
    pub(super) fn remove_at(&mut self) {
        let mut rest = self.after.chars();
        rest.next();
        self.after = rest.as_str().to_owned();
    }

    /// Removes the word before the cursor.
    pub(super) fn remove_word(&mut self) {
        let kept = self.before.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1);
        self.before.truncate(kept);
    }

    /// Moves the cursor one character to the left.
    pub(super) fn left(&mut self) {
        if let Some(character) = self.before.pop() {
            self.after.insert(0, character);
        }
    }

    /// Moves the cursor one character to the right.
    pub(super) fn right(&mut self) {
        let mut rest = self.after.chars();
        if let Some(character) = rest.next() {
            self.before.push(character);
            self.after = rest.as_str().to_owned();
        }
    }

    /// Moves the cursor to the begin of the line.
    pub(super) fn home(&mut self) {
        self.after.insert_str(0, &std::mem::take(&mut self.before));
    }

    /// Moves the cursor to the end of the line.
    pub(super) fn end(&mut self) {
        self.before.push_str(&std::mem::take(&mut self.after));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_edited_at_its_cursor() {
        let mut prompt = Prompt::with("partition é", " | rest");
        prompt.insert('b');
        prompt.left();
        prompt.left();
        prompt.remove_at();
        assert_eq!((prompt.before(), prompt.after()), ("partition ", "b | rest"));
        prompt.right();
        prompt.remove_before();
        prompt.remove_word();
        assert_eq!(prompt.text(), " | rest");
        prompt.end();
        prompt.right();
        prompt.home();
        prompt.left();
        assert_eq!((prompt.before(), prompt.after()), ("", " | rest"));
        (0..2 * LENGTH_MAX).for_each(|_| prompt.insert('x'));
        assert_eq!(prompt.text().len(), LENGTH_MAX);
    }
}
