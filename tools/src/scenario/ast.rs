//! What a scenario says, after its parameters are fixed.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::text::{Source, Span};
use crate::topology::Graph;

/// A place in one of the files of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The file; with `include` there are several.
    pub source: Source,
    /// The stretch of it.
    pub span: Span,
}

/// One scenario with one choice of its parameters.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The file's name without `.scn`; with several combinations also the choice, as in
    /// `latency[net=ring(26),policy=last]`.
    pub name: String,
    /// The comment that opens the file, its first paragraph as one line.
    pub about: String,
    /// The file.
    pub source: Source,
    /// What stands before the first step.
    pub headers: Headers,
    /// The choice of parameters, by name.
    pub params: BTreeMap<String, String>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// What stands before the first step.
#[derive(Debug, Clone, PartialEq)]
pub struct Headers {
    /// The parameters with all their values.
    pub params: Vec<Param>,
    /// When the whole scenario is ended.
    pub timeout: Duration,
    /// How long the end may wait for convergence.
    pub settle: Duration,
    /// Where it applies; everywhere if empty.
    pub worlds: Vec<String>,
    /// What `--tag` selects by.
    pub tags: Vec<String>,
}

impl Default for Headers {
    fn default() -> Self {
        Self {
            params: Vec::new(),
            timeout: Duration::from_mins(1),
            settle: Duration::from_secs(5),
            worlds: Vec::new(),
            tags: Vec::new(),
        }
    }
}

/// A parameter and its values; each combination of all parameters is one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its values, in order; at least one.
    pub values: Vec<String>,
    /// Where it stands.
    pub span: Span,
}

/// Steps between braces, or a whole file's.
pub type Block = Vec<Step>;

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where it stands: of a step with a block, its head.
    pub at: At,
    /// What it says.
    pub kind: StepKind,
}

impl Step {
    /// Whether it goes on until the steps beside it, in the same `together`, have ended.
    #[must_use]
    pub fn never_ends(&self) -> bool {
        match &self.kind {
            StepKind::Repeat { count, .. } => count.is_none(),
            StepKind::Do(block) | StepKind::Measure { block, .. } => block.iter().any(Self::never_ends),
            _ => false,
        }
    }
}

/// What a step says.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// `who: ask`, or `try who: ask`.
    Ask {
        /// Whether errors and silence are let pass.
        attempt: bool,
        /// Whom.
        who: Who,
        /// What.
        ask: Ask,
    },
    /// `let name = who: ask`.
    LetAnswer {
        /// What the answer is kept as.
        name: String,
        /// Whom; exactly one node.
        who: Who,
        /// What.
        ask: Ask,
    },
    /// `let name = who`.
    LetNodes {
        /// What the choice is kept as.
        name: String,
        /// The choice.
        who: Who,
    },
    /// `expect claim within|for duration`.
    Expect {
        /// What is claimed.
        claim: Claim,
        /// When; now if absent.
        bound: Option<Bound>,
    },
    /// `network topology`.
    Network(Graph),
    /// `node who option…`.
    Node {
        /// Whose options.
        who: Who,
        /// In order.
        options: Vec<NodeOption>,
    },
    /// `kill`, `stop`, `start`, `restart`, `pause`, `resume`.
    Signal {
        /// Which.
        verb: Verb,
        /// Whom.
        who: Who,
    },
    /// `cut links`.
    Cut(LinkSet),
    /// `join links`.
    Join(LinkSet),
    /// `break links`.
    Break(LinkSet),
    /// `partition who | who …`: the sets; `rest` is an [`Item::Rest`].
    Partition(Vec<Who>),
    /// `heal`.
    Heal,
    /// `link links clear` (no shape) or `link links shape…`.
    Link {
        /// Which.
        links: LinkSet,
        /// How; empty clears.
        shape: Vec<Shape>,
    },
    /// `clock who +10s`.
    Clock {
        /// Whose.
        who: Who,
        /// By how many milliseconds: forward if positive.
        offset_ms: i64,
    },
    /// `disk who full`, `disk who free`.
    Disk {
        /// Whose.
        who: Who,
        /// Whether it takes nothing more from now on.
        full: bool,
    },
    /// `wait duration`.
    Wait(Duration),
    /// `together { … }`.
    Together(Block),
    /// `do { … }`.
    Do(Block),
    /// `measure name { … }`.
    Measure {
        /// What the figures are kept as.
        name: String,
        /// What is measured.
        block: Block,
    },
    /// `repeat count at rate as name { … }`.
    Repeat {
        /// How often; without it, inside `together`, until every finite side has ended.
        count: Option<u64>,
        /// How fast; without it one after another.
        rate: Option<Rate>,
        /// What the counter, from 0, is kept as.
        counter: Option<String>,
        /// What is repeated.
        block: Block,
    },
    /// `each name in who { … }`.
    Each {
        /// What the node is kept as.
        name: String,
        /// Whom, in order of appearance.
        who: Who,
        /// What is done for each.
        block: Block,
    },
}

impl StepKind {
    /// The steps inside of it.
    #[must_use]
    pub fn block(&self) -> Option<&Block> {
        match self {
            Self::Together(block)
            | Self::Do(block)
            | Self::Measure { block, .. }
            | Self::Repeat { block, .. }
            | Self::Each { block, .. } => Some(block),
            _ => None,
        }
    }

    /// The word that such a step begins with, or `ask`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ask { .. } => "ask",
            Self::LetAnswer { .. } | Self::LetNodes { .. } => "let",
            Self::Expect { .. } => "expect",
            Self::Network(_) => "network",
            Self::Node { .. } => "node",
            Self::Signal { verb, .. } => verb.word(),
            Self::Cut(_) => "cut",
            Self::Join(_) => "join",
            Self::Break(_) => "break",
            Self::Partition(_) => "partition",
            Self::Heal => "heal",
            Self::Link { .. } => "link",
            Self::Clock { .. } => "clock",
            Self::Disk { .. } => "disk",
            Self::Wait(_) => "wait",
            Self::Together(_) => "together",
            Self::Do(_) => "do",
            Self::Measure { .. } => "measure",
            Self::Repeat { .. } => "repeat",
            Self::Each { .. } => "each",
        }
    }
}

/// What is done to a node's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// SIGKILL, or what comes closest.
    Kill,
    /// An orderly end.
    Stop,
    /// A new start, with the same data and links.
    Start,
    /// Stop, then start.
    Restart,
    /// Frozen.
    Pause,
    /// Thawed.
    Resume,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Kill, Self::Stop, Self::Start, Self::Restart, Self::Pause, Self::Resume];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

/// A choice of nodes, made when its step begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Who {
    /// How it chooses.
    pub pick: Pick,
    /// Where it stands: also what its draw depends on.
    pub at: At,
}

/// How nodes are chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum Pick {
    /// Every node that the step can act on.
    All(Subject),
    /// So many of them, drawn.
    Random(u64, Subject),
    /// Half of them, rounded up, drawn.
    RandomHalf(Subject),
    /// These, whatever their state.
    Items(Vec<Item>),
}

/// Among whom `all` and `random` choose.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Subject {
    /// All nodes.
    #[default]
    Everyone,
    /// `of` these.
    Of(Vec<Item>),
    /// All `but` these.
    But(Vec<Item>),
}

/// One or several nodes in a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A node.
    Name(String, Span),
    /// `a..m`: both ends included, in order of appearance.
    Range(String, String, Span),
    /// The first node that appeared.
    First,
    /// The last node that appeared.
    Last,
    /// The nodes in no other set of the same `partition`.
    Rest,
    /// What `let` or `each` keeps under this name.
    Variable(String, Span),
}

/// What is asked of a node: a command and its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The words: at least the command, which holds no expression.
    pub words: Vec<Word>,
    /// All of it.
    pub span: Span,
}

/// One word, with what must be filled in when it is needed.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Put together, they are the word.
    pub parts: Vec<Part>,
    /// Where it stands.
    pub span: Span,
}

impl Word {
    /// The word, if nothing in it must be filled in.
    #[must_use]
    pub fn fixed(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Expr(_) => None,
            })
            .collect()
    }
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// `$x` or `${…}`.
    Expr(Expr),
}

/// What an expectation claims.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// `[any] who: ask predicate`.
    Ask {
        /// Whether one node is enough.
        any: bool,
        /// Whom.
        who: Who,
        /// What.
        ask: Ask,
        /// What the answer must satisfy; without one, that there is an answer.
        predicate: Option<Predicate>,
    },
    /// `converged [who]`; everyone without.
    Converged(Option<Who>),
    /// `expr cmp expr`.
    Figures {
        /// The left side.
        left: Expr,
        /// How they compare.
        comparison: Comparison,
        /// The right side.
        right: Expr,
    },
}

/// When an expectation must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// At some moment before this has passed.
    Within(Duration),
    /// All the time for this long.
    For(Duration),
}

/// What an answer must satisfy.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// `== V…` and its like; several words are a list.
    Compare(Comparison, Vec<Word>),
    /// `fails [code]`.
    Fails(Option<String>),
    /// `agree`: all answers are equal.
    Agree,
    /// `[not] in A B`.
    In {
        /// Turned round.
        not: bool,
        /// Any of these.
        words: Vec<Word>,
    },
    /// `[not] contains V`.
    Contains {
        /// Turned round.
        not: bool,
        /// This text, or this member of a list.
        word: Word,
    },
    /// `[not] matches /RE/`: the expression, known to be valid.
    Matches {
        /// Turned round.
        not: bool,
        /// Without its slashes.
        regex: String,
    },
    /// `[not] is empty`.
    Empty {
        /// Turned round.
        not: bool,
    },
}

/// `== != < <= > >=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// All of them, longer signs first.
    pub const ALL: [Self; 6] =
        [Self::Equal, Self::NotEqual, Self::AtMost, Self::AtLeast, Self::Less, Self::Greater];

    /// The sign.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Whether it holds of an ordering.
    #[must_use]
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

/// Arithmetic over figures.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// One figure.
    Fact(Fact, Span),
    /// Two, joined.
    Binary(Box<Expr>, Operator, Box<Expr>),
}

/// One figure or text in an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A number; a duration in seconds, a percentage as a fraction, a rate in bits a second.
    Number(f64),
    /// A quoted text.
    Text(String),
    /// `$name`: what `let`, `as` or `each` keeps.
    Variable(String),
    /// `nodes`, `links` or `diameter`.
    Named(String),
    /// `m.payloads`: a figure of `measure m`.
    Measured(String, String),
}

/// `+ - * / %`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// The figures of a `measure`, by the names that scenarios use.
pub const MEASURED: &[&str] = &[
    "ok",
    "refused",
    "unknown",
    "updates",
    "payloads",
    "messages",
    "bytes",
    "ack_p50",
    "ack_p99",
    "ack_max",
    "spread_p50",
    "spread_p99",
    "spread_max",
    "duration",
];

/// The figures that are always there.
pub const NAMED: &[&str] = &["nodes", "links", "diameter"];

/// One option of a node.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeOption {
    /// One of [`NodeOption::NAMES`].
    pub name: String,
    /// What it is set to.
    pub value: Word,
    /// All of it.
    pub span: Span,
}

impl NodeOption {
    /// The options that there are.
    pub const NAMES: &[&str] =
        &["driver", "exec", "workload", "policy", "data", "clock", "adapter", "ready", "args"];
}

/// A choice of links.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkSet {
    /// All, those to come included.
    All,
    /// These.
    Ways(Vec<Way>),
}

/// One link, both ways or one.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// From here,
    pub from: Item,
    /// to here,
    pub to: Item,
    /// and, unless it was written `->`, back.
    pub both: bool,
    /// Where it stands.
    pub span: Span,
}

/// What a link does to traffic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// Holds it back.
    Delay(Duration),
    /// Holds it back by up to this more, drawn.
    Jitter(Duration),
    /// Loses this share: 0 to 1.
    Loss(f64),
    /// Lets through this many bits a second.
    Rate(u64),
    /// Brings this share twice: 0 to 1.
    Duplicate(f64),
}

/// How fast a `repeat` goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many,
    pub count: u64,
    /// each of these.
    pub unit: RateUnit,
}

/// The unit of a [`Rate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateUnit {
    /// `/s`
    Second,
    /// `/m`
    Minute,
}
