//! The parser of choices of nodes and links.

use super::ast::{At, Item, LEADER, LinkSet, Pick, Subject, Way, Who};
use super::marks::NameKind;
use super::reader::{Read, Reader};
use super::token;
use crate::text::Span;

/// Words that choose nodes by themselves, and so may not stand in a list.
const ALONE: [&str; 3] = ["all", "any", "random"];

/// The help where a choice of nodes is missing.
const EXAMPLE: &str = "such as `a`, `a, b` or `all`";

impl Reader<'_> {
    /// Reads a choice of nodes: `all`, `random 3 of a..m`, `a, c`.
    pub(super) fn who(&mut self) -> Read<Who> {
        let start = self.position();
        let pick = if self.keyword("all") {
            Pick::All(self.subject()?)
        } else if self.keyword("random") {
            self.random()?
        } else {
            Pick::Items(self.items()?)
        };
        Ok(Who { pick, at: At { source: self.source().clone(), span: self.since(start) } })
    }

    fn random(&mut self) -> Read<Pick> {
        let start = self.position();
        if self.blanks() {
            if self.keyword("half") {
                return Ok(Pick::RandomHalf(self.drawn_from()?));
            }
            if matches!(self.peek(), Some('0'..='9' | '$')) {
                let count_start = self.position();
                let count = self.whole("a number of nodes")?;
                if count == 0 {
                    let error = self.error(self.since(count_start), "this chooses nobody");
                    return Err(error.help("write a number from 1 on, as in `random 1`"));
                }
                return Ok(Pick::Random(count, self.drawn_from()?));
            }
        }
        self.back_to(start);
        Ok(Pick::Random(1, self.drawn_from()?))
    }

    /// Reads the subject of a draw. `all` may stand before it, as in `random all but $w`.
    fn drawn_from(&mut self) -> Read<Subject> {
        let start = self.position();
        if !(self.blanks() && self.keyword("all")) {
            self.back_to(start);
        }
        self.subject()
    }

    /// Reads `of …`, `but …`, or nothing.
    fn subject(&mut self) -> Read<Subject> {
        let start = self.position();
        if self.blanks() {
            let of = self.keyword("of");
            if of || self.keyword("but") {
                if !self.blanks() {
                    return Err(self.expected("nodes").help(EXAMPLE));
                }
                let items = self.items()?;
                return Ok(if of { Subject::Of(items) } else { Subject::But(items) });
            }
        }
        self.back_to(start);
        Ok(Subject::Everyone)
    }

    /// Reads a list of nodes, such as `a, c..e, $v`.
    fn items(&mut self) -> Read<Vec<Item>> {
        let mut items = Vec::new();
        loop {
            self.item(&mut items)?;
            if !self.comma() {
                return Ok(items);
            }
        }
    }

    /// Reads one item; a parameter may stand for several.
    fn item(&mut self, items: &mut Vec<Item>) -> Read<()> {
        let start = self.position();
        if self.peek() == Some('$') {
            let token = self.dollar()?;
            if self.is_param(token.text) {
                #[expect(
                    clippy::redundant_closure_for_method_calls,
                    reason = "the method alone is not general over lifetimes"
                )]
                items.extend(self.in_param(&token, "nodes", |reader| reader.items())?);
            } else {
                items.push(Item::Variable(token.text.to_owned(), token.span));
            }
            return Ok(());
        }
        let Some(name) = self.token(token::name) else {
            return Err(self.expected("a node").help(EXAMPLE));
        };
        if ALONE.contains(&name.text) {
            let error = self.error(name.span, format!("`{}` stands alone, not in a list", name.text));
            return Err(match name.text {
                "any" => error.help("`any` stands after `expect`, before the nodes"),
                _ => error.help("leave out the rest of the list, or the word"),
            });
        }
        let ranges = self.eat(token::dots).is_some();
        items.push(match name.text {
            "first" if !ranges => Item::First,
            "last" if !ranges => Item::Last,
            "rest" if !ranges => Item::Rest,
            LEADER if !ranges => Item::Leader(name.span),
            from if ranges => {
                let Some(to) = self.token(token::name) else {
                    return Err(self.expected("the last node of the range").help("such as `a..m`"));
                };
                self.mark_name(NameKind::Node, name.span);
                self.mark_name(NameKind::Node, to.span);
                Item::Range(from.to_owned(), to.text.to_owned(), self.since(start))
            }
            name_alone => {
                self.mark_name(NameKind::Node, name.span);
                Item::Name(name_alone.to_owned(), name.span)
            }
        });
        Ok(())
    }

    /// Reads a choice of links: `all`, or `a-b, c->d`.
    pub(super) fn links(&mut self) -> Read<LinkSet> {
        let start = self.position();
        if self.keyword("all") {
            if !matches!(self.peek(), Some('-')) {
                return Ok(LinkSet::All);
            }
            self.back_to(start);
        }
        let mut ways = Vec::new();
        loop {
            ways.push(self.way()?);
            if !self.comma() {
                return Ok(LinkSet::Ways(ways));
            }
        }
    }

    fn way(&mut self) -> Read<Way> {
        let start = self.position();
        let from = self.link_end("a link")?;
        let Some(arrow) = self.eat(token::arrow) else {
            return Err(self
                .expected("`-` or `->`")
                .help("a link is written `a-b`, one direction of it `a->b`"));
        };
        let to = self.link_end("the other end of the link")?;
        if self.peek() == Some('-') {
            let ends = self.text_since(start).split(['-', '>']).next_back().unwrap_or_default().to_owned();
            let error = self.error(self.next_word().span, "links are named one by one here");
            return Err(error.help(format!("write `{}, {ends}-…`", self.text_since(start))));
        }
        Ok(Way { from, to, both: arrow == "-", span: self.since(start) })
    }

    fn link_end(&mut self, what: &str) -> Read<Item> {
        let start = self.position();
        let mut items = Vec::new();
        match self.peek() {
            Some('$') => self.item(&mut items)?,
            _ => match self.token(token::name) {
                Some(name) => items.push(match name.text {
                    "first" => Item::First,
                    "last" => Item::Last,
                    "rest" => Item::Rest,
                    LEADER => Item::Leader(name.span),
                    _ => {
                        self.mark_name(NameKind::Node, name.span);
                        Item::Name(name.text.to_owned(), name.span)
                    }
                }),
                None => return Err(self.expected(what).help("a link is written `a-b`")),
            },
        }
        let span: Span = self.since(start);
        if let (
            Some(item @ (Item::Name(..) | Item::First | Item::Last | Item::Leader(_) | Item::Variable(..))),
            true,
        ) = (items.pop(), items.is_empty())
        {
            return Ok(item);
        }
        let error = self.error(span, "a link's end is one node");
        Err(error.help("name one node at each end, as in `a-b`"))
    }
}
