//! The parser of steps and blocks.

use super::ast::{At, Block, Bound, Effort, LinkSet, NodeOption, Shape, Step, StepKind, Verb, Who};
use super::include;
use super::marks::{GapKind, NameKind};
use super::reader::{Read, Reader};
use super::token;
use crate::text::{Span, nearest};

/// The words that steps begin with, beside the verbs.
const STEPS: [&str; 21] = [
    "try",
    "until",
    "let",
    "expect",
    "network",
    "node",
    "cut",
    "join",
    "break",
    "partition",
    "heal",
    "link",
    "clock",
    "disk",
    "wait",
    "include",
    "together",
    "do",
    "measure",
    "workload",
    "repeat",
];

/// The words of a `link` step.
pub const SHAPES: [&str; 7] = ["delay", "jitter", "exponential", "loss", "rate", "duplicate", "clear"];

/// Returns all words that a step may begin with.
pub fn keywords() -> impl Iterator<Item = &'static str> {
    STEPS.into_iter().chain(["each"]).chain(Verb::ALL.into_iter().map(Verb::word))
}

impl Reader<'_> {
    /// Reads steps up to the end of the file, or of the block that `opening` opened.
    pub(super) fn steps(&mut self, opening: Option<Span>) -> Read<Block> {
        let mut steps = Vec::new();
        loop {
            self.ends();
            match (self.peek(), opening) {
                (None, None) => return Ok(steps),
                (None, Some(opening)) => {
                    let error = self.error(opening, "this `{` is never closed");
                    return Err(error.help("end the block with `}`"));
                }
                (Some('}'), Some(_)) => {
                    let start = self.position();
                    self.eat_char('}');
                    self.mark_gap(GapKind::Close, start);
                    return Ok(steps);
                }
                (Some('}'), None) => {
                    let error = self.error(self.next_word().span, "this `}` closes nothing");
                    return Err(error.help("take it out, or open a block with `{`"));
                }
                _ => match self.step(&mut steps) {
                    Ok(()) => {}
                    Err(mistake) => self.recover(mistake)?,
                },
            }
        }
    }

    /// Reads `{ … }` after `owner`.
    pub(super) fn block(&mut self, owner: &str) -> Read<Block> {
        self.blanks();
        let opening = self.next_word().span;
        let opening = Span { end: opening.start + 1, ..opening };
        if !self.eat_char('{') {
            let error = self.expected(&format!("the block of `{owner}`"));
            return Err(error.help(format!("open it on the same line: `{owner} … {{`")));
        }
        self.mark_gap(GapKind::Open, opening.start);
        self.nested(opening, |reader| reader.steps(Some(opening)))
    }

    /// Reads `who:`, with the word `try` or `until` before it if there is one; reads nothing if it is not there. The
    /// reader tries this before any keyword, so that a node may be called `kill`.
    pub(super) fn addressed(&mut self) -> Option<(Option<&'static str>, Who)> {
        let start = self.position();
        for word in ["try", "until"] {
            if self.keyword(word)
                && self.blanks()
                && let Some(who) = self.who_and_colon()
            {
                return Some((Some(word), who));
            }
            self.back_to(start);
        }
        let who = self.who_and_colon();
        if who.is_none() {
            self.back_to(start);
        }
        who.map(|who| (None, who))
    }

    /// Reads the rest of an ask, behind its nodes.
    fn rest_of_ask(&mut self, word: Option<&'static str>, who: Who) -> Read<StepKind> {
        self.blanks();
        if word != Some("until") {
            let effort = if word.is_some() { Effort::Try } else { Effort::Once };
            return Ok(StepKind::Ask { effort, who, ask: self.ask(|_| false)? });
        }
        let ask = self.ask(|word| word == "within")?;
        match self.bound()? {
            Some(Bound::Within(time)) => Ok(StepKind::Ask { effort: Effort::Until(time), who, ask }),
            _ => Err(self
                .expected("the time in which `until` has to end")
                .help("such as `until a: set x 1 within 10s`")),
        }
    }

    fn who_and_colon(&mut self) -> Option<Who> {
        let who = self.who().ok()?;
        self.needless_blanks();
        self.eat_char(':').then_some(who)
    }

    /// Reads one step; an `include` adds all steps of its file.
    fn step(&mut self, steps: &mut Block) -> Read<()> {
        let start = self.position();
        let mut head = None;
        let kind = if let Some((word, who)) = self.addressed() {
            self.rest_of_ask(word, who)?
        } else {
            let Some(word) = self.token(token::name) else { return Err(self.no_step()) };
            match word.text {
                "include" => return self.include(start, steps),
                "together" => {
                    head = Some(self.since(start));
                    StepKind::Together(self.block("together")?)
                }
                "do" => {
                    head = Some(self.since(start));
                    StepKind::Do(self.block("do")?)
                }
                "measure" => self.measure(start, &mut head)?,
                "workload" => self.workload(start, &mut head)?,
                "repeat" => self.repeat(start, &mut head)?,
                "each" => self.each(start, &mut head)?,
                keyword if keywords().any(|known| known == keyword) => {
                    if !self.blanks() && !self.at_end() {
                        return Err(self.expected(&format!("a blank after `{keyword}`")));
                    }
                    self.plain(start, keyword)?
                }
                unknown => {
                    let unknown = unknown.to_owned();
                    return Err(self.unknown(start, &unknown, word.span));
                }
            }
        };
        let read = self.position();
        self.end()?;
        let whole = Span { start, end: start + self.source().at(Span { start, end: read }).trim_end().len() };
        let at = At { source: self.source().clone(), span: head.unwrap_or(whole) };
        steps.push(Step { at, kind });
        Ok(())
    }

    /// Reads a step without a block.
    fn plain(&mut self, start: usize, keyword: &str) -> Read<StepKind> {
        Ok(match keyword {
            "try" if self.keyword("start") => self.try_start(start, Verb::Start)?,
            "try" if self.keyword("restart") => self.try_start(start, Verb::Restart)?,
            "try" | "until" => {
                let span = Span { start, end: start + keyword.len() };
                let help = if keyword == "try" { "try a: set x 1" } else { "until a: set x 1 within 10s" };
                return Err(self
                    .error(
                        span,
                        if keyword == "try" {
                            "`try` stands before an ask, `start` or `restart`".to_owned()
                        } else {
                            "`until` stands before an ask only".to_owned()
                        },
                    )
                    .help(format!("such as `{help}`")));
            }
            "let" => self.let_step()?,
            "expect" => {
                let (claim, bound) = self.expectation()?;
                StepKind::Expect { claim, bound }
            }
            "network" => StepKind::Network(self.topology()?),
            "node" => self.node()?,
            "cut" => StepKind::Cut(self.separate_links(start)?),
            "join" => StepKind::Join(self.separate_links(start)?),
            "break" => StepKind::Break(self.separate_links(start)?),
            "partition" => self.partition(start)?,
            "heal" => StepKind::Heal,
            "link" => self.link()?,
            "clock" => self.clock()?,
            "disk" => self.disk()?,
            "wait" => StepKind::Wait(self.duration()?),
            word => match Verb::ALL.into_iter().find(|verb| verb.word() == word) {
                Some(verb) => {
                    let who = self.who()?;
                    self.separated(start, ", ")?;
                    StepKind::Signal { verb, who, may_fail: false }
                }
                None => return Err(self.expected("a step")),
            },
        })
    }

    /// Reads the nodes of `try start` and `try restart`.
    fn try_start(&mut self, start: usize, verb: Verb) -> Read<StepKind> {
        if !self.blanks() {
            return Err(self.expected(&format!("a blank after `try {}`", verb.word())));
        }
        let who = self.who()?;
        self.separated(start, ", ")?;
        Ok(StepKind::Signal { verb, who, may_fail: true })
    }

    /// Reads the rest of a `let` step.
    fn let_step(&mut self) -> Read<StepKind> {
        let Some(name) = self.token(token::name) else {
            return Err(self.expected("a name").help("such as `let v = random`"));
        };
        self.mark_name(NameKind::Variable, name.span);
        let name = name.text.to_owned();
        self.blanks();
        if !self.eat_char('=') {
            return Err(self.expected("`=`").help(format!("such as `let {name} = random`")));
        }
        self.blanks();
        let who_start = self.position();
        let who = self.who()?;
        let subject = self.text_since(who_start);
        self.needless_blanks();
        if self.eat_char(':') {
            self.blanks();
            return Ok(StepKind::LetAnswer { name, who, ask: self.ask(|_| false)? });
        }
        if !self.at_end() {
            let (subject, rest) = (subject.to_owned(), self.line());
            let error = self.expected(&format!("`:` or the end of the step after `{subject}`"));
            return Err(error.help(format!("to keep an answer, write `let {name} = {subject}: {rest}`")));
        }
        Ok(StepKind::LetNodes { name, who })
    }

    /// Reads the rest of a `node` step.
    fn node(&mut self) -> Read<StepKind> {
        let who = self.who()?;
        let mut options = Vec::new();
        while !self.at_end() {
            let start = self.position();
            let Some(name) = self.token(token::name) else { return Err(self.expected("an option")) };
            let name = name.text.to_owned();
            if !self.eat_char('=') {
                let error = self.expected(&format!("`=` after `{name}`"));
                return Err(error.help("an option is written `policy=oldest`, without blanks"));
            }
            let value_start = self.position();
            let value = self.word()?;
            if self.position() == value_start {
                let error = self.expected(&format!("a value after `{name}=`"));
                return Err(error.help("without blanks; nothing at all is written `\"\"`"));
            }
            options.push(NodeOption { name, value, span: self.since(start) });
        }
        if options.is_empty() {
            return Err(self.expected("an option").help("such as `policy=oldest` or `data=disk`"));
        }
        Ok(StepKind::Node { who, options })
    }

    fn separate_links(&mut self, start: usize) -> Read<LinkSet> {
        let links = self.links()?;
        self.separated(start, ", ")?;
        Ok(links)
    }

    fn partition(&mut self, start: usize) -> Read<StepKind> {
        let mut sets = Vec::new();
        loop {
            sets.push(self.who()?);
            self.separated(start, if sets.len() == 1 { " | " } else { ", " })?;
            self.blanks();
            if !self.eat_char('|') {
                return Ok(StepKind::Partition(sets));
            }
            self.blanks();
        }
    }

    /// Reads the rest of a `link` step.
    fn link(&mut self) -> Read<StepKind> {
        let links = self.links()?;
        self.blanks();
        if self.keyword("clear") {
            return Ok(StepKind::Link { links, shape: Vec::new() });
        }
        let mut shape: Vec<Shape> = Vec::new();
        while !self.at_end() {
            let Some(word) = self.token(token::name) else { return Err(self.expected("a shape")) };
            self.blanks();
            let one = match word.text {
                "delay" => Shape::Delay(self.duration()?),
                "jitter" => Shape::Jitter(self.duration()?),
                "exponential" => Shape::Exponential(self.duration()?),
                "loss" => Shape::Loss(self.percentage()?),
                "rate" => Shape::Rate(self.bit_rate()?),
                "duplicate" => Shape::Duplicate(self.percentage()?),
                "clear" => {
                    return Err(self.error(word.span, "`clear` stands alone").help("write `link a-b clear`"));
                }
                unknown => {
                    let error = self.error(word.span, format!("unknown shape `{unknown}`"));
                    return Err(match nearest(unknown, SHAPES) {
                        Some(near) => error.did_you_mean(Some(near)),
                        None => error.help("one of delay, jitter, exponential, loss, rate, duplicate, clear"),
                    });
                }
            };
            let same = |other: &Shape| std::mem::discriminant(other) == std::mem::discriminant(&one);
            if shape.iter().any(same) {
                let error = self.error(word.span, format!("`{}` is given twice", word.text));
                return Err(error.help("keep one of the two"));
            }
            shape.push(one);
        }
        if shape.is_empty() {
            let error = self.expected("a shape");
            return Err(error.help("such as `delay 50ms jitter 10ms loss 1% rate 1mbit`, or `clear`"));
        }
        Ok(StepKind::Link { links, shape })
    }

    /// Reads the rest of a `clock` step.
    fn clock(&mut self) -> Read<StepKind> {
        let who = self.who()?;
        self.blanks();
        if !matches!(self.peek(), Some('+' | '-')) {
            return Err(self.expected("`+` or `-`").help("such as `clock a +10s`"));
        }
        Ok(StepKind::Clock { who, offset_ms: self.shift()? })
    }

    /// Reads the rest of a `disk` step.
    fn disk(&mut self) -> Read<StepKind> {
        let who = self.who()?;
        self.blanks();
        let full = self.keyword("full");
        if !full && !self.keyword("free") {
            return Err(self.expected("`full` or `free`").help("such as `disk a full`"));
        }
        Ok(StepKind::Disk { who, full })
    }

    fn include(&mut self, start: usize, steps: &mut Block) -> Read<()> {
        self.blanks();
        if self.peek() != Some('"') {
            let name = token::bare(self.rest()).map_or("", |(_, word)| word);
            let help = if name.is_empty() {
                "such as `include \"load.scn\"`".to_owned()
            } else {
                format!("quote it: `include \"{name}\"`")
            };
            return Err(self.expected("a quoted file name").help(help));
        }
        let word = self.word()?;
        let Some(path) = word.fixed() else {
            let error = self.error(word.span, "a file's name is fixed before anything starts");
            return Err(error.help("only parameters may be filled in here"));
        };
        let span = self.since(start);
        self.mark_name(NameKind::Include, word.span);
        self.end()?;
        include::read(self, &path, span, steps)
    }
}
