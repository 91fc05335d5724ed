//! The steps, comments and blocks of a text, as they stand in it.

use crate::scenario::{Gap, GapKind};

/// Steps and comments between braces, or those of a whole file.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    /// The comment behind the opening brace, on the same line.
    pub(super) comment: Option<&'a str>,
    /// The steps and comments.
    pub(super) entries: Vec<Entry<'a>>,
    /// True if a newline or a comment stands between the braces.
    pub(super) has_lines: bool,
}

/// A step or a comment.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// The newlines between it and what stands before it in its block.
    pub(super) newlines: usize,
    /// The content.
    pub(super) content: Content<'a>,
}

/// The content of an entry.
#[derive(Debug)]
pub(super) enum Content<'a> {
    /// A comment on a line of its own.
    Comment(&'a str),
    /// A step with the comment behind it.
    Step(Vec<Piece<'a>>, Option<&'a str>),
}

/// A piece of a step.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// Text that stays as it is.
    Text(&'a str),
    /// One blank.
    Blank,
    /// A newline behind a comma.
    Newline,
    /// A comment among the lines of the step.
    Comment(&'a str),
    /// A block.
    Block(Block<'a>),
}

/// A token of a text.
#[derive(Debug, Clone, Copy)]
enum Token<'a> {
    Text(&'a str),
    Gap(GapKind, &'a str),
}

/// Returns the content of a file.
pub(super) fn file<'a>(text: &'a str, gaps: &[Gap]) -> Block<'a> {
    let tokens = tokens(text, gaps);
    block(&mut tokens.iter().peekable())
}

/// Returns the text as gaps and the stretches between them. Gaps of no length are among them.
fn tokens<'a>(text: &'a str, gaps: &[Gap]) -> Vec<Token<'a>> {
    let mut tokens = Vec::with_capacity(2 * gaps.len() + 1);
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    for gap in gaps {
        if gap.span.start > at {
            tokens.push(Token::Text(&text[at..gap.span.start]));
        }
        tokens.push(Token::Gap(gap.kind, &text[gap.span.start..gap.span.end]));
        at = at.max(gap.span.end);
    }
    if at < text.len() {
        tokens.push(Token::Text(&text[at..]));
    }
    tokens
}

type Tokens<'t, 'a> = std::iter::Peekable<std::slice::Iter<'t, Token<'a>>>;

/// Reads the entries up to the closing brace, or to the end of the text.
fn block<'a>(tokens: &mut Tokens<'_, 'a>) -> Block<'a> {
    let mut block = Block::default();
    let mut newlines = 0;
    while let Some(token) = tokens.peek().copied() {
        match token {
            Token::Gap(GapKind::Close, _) => {
                tokens.next();
                break;
            }
            Token::Gap(GapKind::Comment, comment) => {
                tokens.next();
                block.has_lines = true;
                block.add_comment(comment.trim_end(), newlines);
                newlines = 0;
            }
            Token::Gap(GapKind::Blank | GapKind::Tight | GapKind::Soft | GapKind::Ends, gap) => {
                tokens.next();
                newlines += gap.matches('\n').count();
                block.has_lines |= newlines > 0;
            }
            Token::Text(_) | Token::Gap(GapKind::Open, _) => {
                let step = step(tokens);
                block.entries.push(Entry { newlines, content: Content::Step(step, None) });
                newlines = 0;
            }
        }
    }
    block
}

impl<'a> Block<'a> {
    /// Adds a comment: behind what stands on the same line, or on a line of its own.
    fn add_comment(&mut self, comment: &'a str, newlines: usize) {
        match self.entries.last_mut() {
            Some(Entry { content: Content::Step(_, behind @ None), .. }) if newlines == 0 => {
                *behind = Some(comment);
            }
            None if newlines == 0 && self.comment.is_none() => self.comment = Some(comment),
            _ => self.entries.push(Entry { newlines, content: Content::Comment(comment) }),
        }
    }
}

/// Reads a step, up to the gap that ends it.
fn step<'a>(tokens: &mut Tokens<'_, 'a>) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    loop {
        // The gaps before the next text: the newlines and comments of a list, or blanks.
        let mut gaps = Vec::new();
        let mut ahead = tokens.clone();
        while let Some(Token::Gap(kind, gap)) = ahead.peek() {
            if matches!(kind, GapKind::Ends | GapKind::Open | GapKind::Close) {
                break;
            }
            gaps.push((*kind, *gap));
            ahead.next();
        }
        match ahead.peek().copied() {
            // The gaps belong to the end of the step; a comment among them is the block's.
            None | Some(Token::Gap(GapKind::Ends | GapKind::Close, _)) => return pieces,
            Some(Token::Gap(_, _)) => {
                add_gaps(&mut pieces, &gaps);
                ahead.next();
                *tokens = ahead;
                pieces.push(Piece::Block(block(tokens)));
            }
            Some(Token::Text(text)) => {
                add_gaps(&mut pieces, &gaps);
                pieces.push(Piece::Text(text));
                ahead.next();
                *tokens = ahead;
            }
        }
    }
}

fn add_gaps<'a>(pieces: &mut Vec<Piece<'a>>, gaps: &[(GapKind, &'a str)]) {
    let (mut is_tight, mut newline) = (gaps.is_empty(), false);
    for (kind, gap) in gaps {
        match kind {
            GapKind::Comment => {
                pieces.push(Piece::Comment(gap.trim_end()));
                newline = false;
            }
            GapKind::Tight => is_tight = true,
            _ if gap.contains('\n') && !newline => {
                pieces.push(Piece::Newline);
                newline = true;
            }
            _ => {}
        }
    }
    if !is_tight && !matches!(pieces.last(), None | Some(Piece::Newline)) {
        pieces.push(Piece::Blank);
    }
}
