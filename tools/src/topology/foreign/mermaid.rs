//! The reader of Mermaid's flowcharts: `graph LR`, then `a --> b & c`, with shapes and texts of links. Parts
//! that only change the looks (styles, classes, groups, invisible links) are skipped.
//!
//! The language: <https://mermaid.js.org/syntax/flowchart.html>.

use super::super::draft::Draft;
use super::super::problem::Problem;
use super::super::render::MERMAID_KEYWORDS;
use crate::text::Span;

const FORMAT: &str = "Mermaid flowchart";

/// The first words of lines that link nothing.
const SKIPPED: [&str; 9] =
    ["style", "classDef", "class", "click", "linkStyle", "direction", "subgraph", "end", "accTitle:"];

/// Returns true if the first line with content is the head of a flowchart.
pub(super) fn is_mermaid(text: &str) -> bool {
    lines(text).next().is_some_and(|(_, line)| head(line).is_some())
}

/// Returns the text behind the head on its line: `graph LR`, `flowchart`, `graph TD;`.
fn head(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("flowchart-elk").or_else(|| line.strip_prefix("flowchart"));
    let is_flowchart = rest.is_some();
    let rest = rest.or_else(|| line.strip_prefix("graph"))?;
    let (space, rest) = rest.split_at(rest.len() - rest.trim_start().len());
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    let is_direction = ["TB", "TD", "BT", "RL", "LR"].contains(&word) && !space.is_empty();
    let ends = after.is_empty() || after.starts_with([';', ' ', '\t']);
    if is_direction && ends {
        return Some(after);
    }
    (is_flowchart && (rest.is_empty() || rest.starts_with(';'))).then_some(rest)
}

/// Returns the lines with content, each with the position where it begins. Comments are left out, and so is
/// the front matter before the head, between two `---`.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    let mut in_front = false;
    let mut said = false;
    text.split('\n').filter_map(move |line| {
        let begin = start + (line.len() - line.trim_start().len());
        start += line.len() + 1;
        let line = line.trim();
        if line == "---" && (in_front || !said) {
            in_front = !in_front;
            return None;
        }
        if in_front || line.is_empty() || line.starts_with("%%") || line.starts_with("```") {
            return None;
        }
        said = true;
        Some((begin, line))
    })
}

/// Reads the whole text.
pub(super) fn read(text: &str, at: usize) -> Result<Draft, Problem> {
    let mut draft = Draft::default();
    for (number, (start, line)) in lines(text).enumerate() {
        let rest = if number == 0 { head(line).unwrap_or_default() } else { line };
        let mut reader = Reader { rest, end: at + start + line.len(), draft: &mut draft };
        reader.line()?;
    }
    Ok(draft)
}

struct Reader<'t> {
    rest: &'t str,
    /// The position of the line's end.
    end: usize,
    draft: &'t mut Draft,
}

impl<'t> Reader<'t> {
    fn here(&self) -> usize {
        self.end - self.rest.len()
    }

    fn unreadable(&self) -> Problem {
        let start = self.here();
        let len = self.rest.chars().next().map_or(0, char::len_utf8);
        Problem::malformed(FORMAT, "here stands neither a node nor a link", Span { start, end: start + len })
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Reads the statements of a line.
    fn line(&mut self) -> Result<(), Problem> {
        loop {
            self.rest = self.rest.trim_start_matches([';', ' ', '\t']);
            let word = self.rest.split([' ', '\t', ';']).next().unwrap_or_default();
            if word.is_empty() || SKIPPED.contains(&word) || word.starts_with("accDescr") {
                return Ok(());
            }
            let mut left = self.group()?;
            loop {
                self.blanks();
                let Some(is_visible) = self.sign() else { break };
                let right = self.group()?;
                for &(from, from_span) in left.iter().filter(|_| is_visible) {
                    for &(to, to_span) in &right {
                        self.draft.link(from, to, from_span.to(to_span))?;
                    }
                }
                left = right;
            }
            if !self.rest.is_empty() && !self.rest.starts_with(';') {
                return Err(self.unreadable());
            }
        }
    }

    /// Reads nodes joined by `&`, such as `a & b`, and returns each with its place in the text.
    fn group(&mut self) -> Result<Vec<(usize, Span)>, Problem> {
        let mut nodes = Vec::new();
        loop {
            self.blanks();
            let start = self.here();
            nodes.push((self.node()?, Span { start, end: self.here() }));
            self.blanks();
            match self.rest.strip_prefix('&') {
                Some(rest) => self.rest = rest,
                None => return Ok(nodes),
            }
        }
    }

    /// Reads a node: `a`, `a["text"]`, `a:::class`.
    fn node(&mut self) -> Result<usize, Problem> {
        let name = self.name();
        if name.is_empty() {
            return Err(self.unreadable());
        }
        let start = self.here();
        self.rest = &self.rest[name.len()..];
        let span = Span { start, end: self.here() };
        if let Some(rest) = self.rest.strip_prefix("@{") {
            self.rest = rest.split_once('}').map_or("", |(_, rest)| rest);
        }
        let label = self.shape()?;
        if let Some(rest) = self.rest.strip_prefix(":::") {
            self.rest = rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        }
        // A reserved word stands under another name, with itself as the label.
        let meant = label.filter(|label| {
            MERMAID_KEYWORDS.contains(&label.to_ascii_lowercase().as_str())
                && name.trim_end_matches('_') == *label
        });
        let node = self.draft.node(meant.unwrap_or(name), span)?;
        if let Some(label) = label {
            self.draft.label(node, label);
        }
        Ok(node)
    }

    /// Returns the name that comes next: up to a blank, a shape, or the sign of a link.
    fn name(&self) -> &'t str {
        let bytes = self.rest.as_bytes();
        let is_sign = |at: usize| {
            let two = bytes.get(at..at + 2);
            matches!(two, Some(b"--" | b"-." | b"==" | b"~~" | b"->"))
        };
        let ends = |(at, c): (usize, char)| {
            let stops = c.is_whitespace() || "[](){}<>|&;:\"@,".contains(c) || is_sign(at);
            stops.then_some(at)
        };
        let end = self.rest.char_indices().find_map(ends).unwrap_or(self.rest.len());
        &self.rest[..end]
    }

    /// Reads the brackets around a node's text, if there are any, and returns the text.
    fn shape(&mut self) -> Result<Option<&'t str>, Problem> {
        if !self.rest.starts_with(['[', '(', '{', '>']) {
            return Ok(None);
        }
        let (mut depth, mut quoted) = (0_usize, false);
        for (at, c) in self.rest.char_indices() {
            match c {
                '"' => quoted = !quoted,
                _ if quoted => {}
                '[' | '(' | '{' => depth += 1,
                '>' if at == 0 => depth += 1,
                ']' | ')' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                let (shape, rest) = self.rest.split_at(at + c.len_utf8());
                self.rest = rest;
                let text = shape.trim_matches(|c| "[](){}>/\\".contains(c)).trim();
                return Ok(Some(
                    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text),
                ));
            }
        }
        Err(self.unreadable())
    }

    /// Reads the sign of a link with its text, if one comes next. Returns true if the link is visible.
    fn sign(&mut self) -> Option<bool> {
        let named = self.rest.split_once('@').filter(|(id, after)| {
            id.chars().all(|c| c.is_alphanumeric() || c == '_') && after.starts_with(['-', '=', '~', '<'])
        });
        let rest = named.map_or(self.rest, |(_, after)| after);
        let headless = rest.strip_prefix(['<', 'o', 'x']).filter(|rest| rest.starts_with(['-', '=']));
        let rest = headless.unwrap_or(rest);
        let (run, after) = run(rest)?;
        if run.starts_with('~') {
            self.rest = after;
            return Some(false);
        }
        let after = match after.strip_prefix(['>', 'o', 'x']) {
            Some(rest) => rest,
            None if matches!(run, "--" | "==" | "-.") => closing(after, &run[..1])?,
            None => after,
        };
        let after = after.trim_start();
        self.rest = match after.strip_prefix('|').and_then(|text| text.split_once('|')) {
            Some((_, rest)) => rest,
            None => after,
        };
        Some(true)
    }
}

/// Splits the text behind the characters that a link is drawn with, which are at least two.
fn run(text: &str) -> Option<(&str, &str)> {
    let first = text.chars().next().filter(|c| "-=~".contains(*c))?;
    let end = text.find(|c| c != first && !(first == '-' && c == '.')).unwrap_or(text.len());
    (end >= 2).then(|| text.split_at(end))
}

/// Returns the text behind the second half of `-- text -->`.
fn closing<'t>(text: &'t str, first: &str) -> Option<&'t str> {
    let sign = ["--", ".-", "=="].into_iter().filter(|sign| (first == "=") == (*sign == "=="));
    let at = sign.filter_map(|sign| text.find(sign)).min()?;
    let rest = text[at..].trim_start_matches(['-', '=', '.']);
    Some(rest.strip_prefix(['>', 'o', 'x']).unwrap_or(rest))
}
