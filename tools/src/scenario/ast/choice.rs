//! Choices of nodes and of links.

use super::place::At;
use crate::text::Span;

/// A choice of nodes, made when its step begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Who {
    /// The method of the choice.
    pub pick: Pick,
    /// The place of the choice, which its draw also depends on.
    pub at: At,
}

/// The method by which nodes are chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum Pick {
    /// Every node that the step can act on.
    All(Subject),
    /// This number of nodes, drawn.
    Random(u64, Subject),
    /// Half of the nodes, rounded up, drawn.
    RandomHalf(Subject),
    /// The listed nodes, in any state.
    Items(Vec<Item>),
}

/// The nodes among which `all` and `random` choose.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Subject {
    /// All nodes, without restriction.
    #[default]
    Everyone,
    /// The nodes listed after `of`.
    Of(Vec<Item>),
    /// All nodes without those listed after `but`.
    But(Vec<Item>),
}

/// One or several nodes in a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// One node, by name.
    Name(String, Span),
    /// `a..m`: both ends included, in order of appearance.
    Range(String, String, Span),
    /// The first node that appeared.
    First,
    /// The last node that appeared.
    Last,
    /// The nodes in no other set of the same `partition`.
    Rest,
    /// The node called `leader`; if there is none, the one that most nodes say leads them.
    Leader(Span),
    /// The nodes that `let` or `each` stored under this name.
    Variable(String, Span),
}

/// The word for the node that leads the others.
pub const LEADER: &str = "leader";

/// A choice of links.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkSet {
    /// All links, those to come included.
    All,
    /// The listed links.
    Ways(Vec<Way>),
}

/// One link, in both directions or in one.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// The end from which the traffic comes.
    pub from: Item,
    /// The end to which the traffic goes.
    pub to: Item,
    /// True if both directions are meant; false if the link was written with `->`.
    pub both: bool,
    /// The place of the link in the text.
    pub span: Span,
}

impl Who {
    /// Returns true if the choice names the leader.
    #[must_use]
    pub fn names_leader(&self) -> bool {
        match &self.pick {
            Pick::Items(items) => items.iter().any(Item::is_leader),
            Pick::All(subject) | Pick::Random(_, subject) | Pick::RandomHalf(subject) => match subject {
                Subject::Everyone => false,
                Subject::Of(items) | Subject::But(items) => items.iter().any(Item::is_leader),
            },
        }
    }
}

impl Item {
    /// Returns true if this is the leader.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        matches!(self, Self::Leader(_))
    }
}

impl LinkSet {
    /// Returns true if an end of a link is the leader.
    #[must_use]
    pub fn names_leader(&self) -> bool {
        match self {
            Self::All => false,
            Self::Ways(ways) => ways.iter().any(|way| way.from.is_leader() || way.to.is_leader()),
        }
    }
}
