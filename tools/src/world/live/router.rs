//! The network of nodes that speak on their standard input and output: the harness itself.
//!
//! Messages are lines. Each goes into the post of the node that it is for, at once or when its link
//! says so, and what lies there is handed over together. They are packets and no connection: what is
//! cut or lost does not come later, and one may overtake another where links are shaped.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::rc::{Rc, Weak};

use futures_util::future::{LocalBoxFuture, select};
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::sides::Sides;
use crate::driver::{Exchange, Receiver, Undelivered};
use crate::service::{self, Service};
use crate::world::link::{Lane, Manner};
use crate::world::{Direction, LinkChange, NodeIndex};

/// What may lie in the post of one node, in bytes. Whoever sends more to a node that reads is a flood.
const POST_MAX: usize = 64 << 20;

/// All nodes whose messages are carried, and what stands between them.
pub(super) struct Router {
    seed: u64,
    began: Instant,
    state: Rc<RefCell<State>>,
    /// Those that were called.
    services: RefCell<BTreeMap<String, Box<dyn Service>>>,
}

#[derive(Default)]
struct State {
    /// Each with those that the topology links it to.
    members: BTreeMap<NodeIndex, BTreeSet<NodeIndex>>,
    posts: BTreeMap<NodeIndex, Weak<Post>>,
    /// What is not as usual.
    lanes: BTreeMap<Direction, Lane>,
    draws: BTreeMap<Direction, fastrand::Rng>,
    cut: BTreeSet<Direction>,
    sides: Sides,
    /// Those that are frozen, and those that have read nothing since they were.
    frozen: BTreeSet<NodeIndex>,
    /// Of those, the ones that are not frozen any more.
    thawing: BTreeSet<NodeIndex>,
}

impl State {
    /// A node reads: if it was frozen, it is not any more.
    fn thawed(&mut self, node: NodeIndex) {
        if self.thawing.remove(&node) {
            self.frozen.remove(&node);
        }
    }

    /// Whether nothing gets through in that direction.
    fn is_silent(&self, direction: Direction) -> bool {
        self.cut.contains(&direction) || self.sides.part(direction)
    }
}

/// What has come for one node, and what is under way to it.
struct Post {
    node: NodeIndex,
    state: Rc<RefCell<State>>,
    ready: RefCell<Vec<u8>>,
    under_way: RefCell<UnderWay>,
    /// What lies here, in bytes.
    weight: Cell<usize>,
    /// Of that, what came from each since the node has read last.
    shares: RefCell<BTreeMap<NodeIndex, usize>>,
    /// Whether the node reads nothing more.
    closed: Cell<bool>,
    /// Told when something has come, or is under way.
    news: Notify,
}

#[derive(Default)]
struct UnderWay {
    /// By when it comes and, of those of one moment, in the order in which they were sent.
    by_arrival: BTreeMap<(Instant, u64), Letter>,
    last: u64,
}

/// A message under way: from whom, and the line.
type Letter = (NodeIndex, Box<[u8]>);

impl Router {
    pub(super) fn new(seed: u64, began: Instant) -> Self {
        Self { seed, began, state: Rc::default(), services: RefCell::default() }
    }

    /// Takes in nodes and the links between them.
    pub(super) fn admit(&self, nodes: &[NodeIndex], links: &[Direction]) {
        let mut state = self.state.borrow_mut();
        for node in nodes {
            state.members.entry(*node).or_default();
        }
        for Direction { from, to } in links {
            for (one, other) in [(from, to), (to, from)] {
                if let Some(neighbours) = state.members.get_mut(one) {
                    neighbours.insert(*other);
                }
            }
        }
    }

    /// Whether the messages of a node are carried here.
    pub(super) fn carries(&self, node: NodeIndex) -> bool {
        self.state.borrow().members.contains_key(&node)
    }

    /// Changes what links do. The reason why not is for people.
    pub(super) fn change(&self, changes: &[LinkChange]) -> Result<(), String> {
        let mut state = self.state.borrow_mut();
        for change in changes {
            match change {
                LinkChange::Cut(direction) => drop(state.cut.insert(*direction)),
                LinkChange::Join(direction) => drop(state.cut.remove(direction)),
                LinkChange::Break(_) => {
                    return Err("nothing can be broken here: messages have no connection".to_owned());
                }
                LinkChange::Shape(direction, shapes) if shapes.is_empty() => {
                    state.lanes.remove(direction);
                }
                LinkChange::Shape(direction, shapes) => {
                    let manner = Manner::shaped(Manner::PLAIN, shapes);
                    state.lanes.entry(*direction).or_insert_with(|| Lane::new(manner)).shape(manner);
                }
            }
        }
        Ok(())
    }

    /// Puts sets of nodes apart, in the place of those before.
    pub(super) fn part(&self, sets: &[Vec<NodeIndex>]) {
        self.state.borrow_mut().sides = Sides::new(sets);
    }

    /// A node is frozen, or is not any more: it is not to blame for not reading.
    pub(super) fn freeze(&self, node: NodeIndex, frozen: bool) {
        let mut state = self.state.borrow_mut();
        if frozen {
            state.frozen.insert(node);
            state.thawing.remove(&node);
        } else if state.frozen.contains(&node) {
            state.thawing.insert(node);
        }
    }
}

impl Exchange for Router {
    fn members(&self) -> Vec<NodeIndex> {
        self.state.borrow().members.keys().copied().collect()
    }

    fn call(&self, service: &str, client: &str, body: &Map<String, Value>) -> Option<Map<String, Value>> {
        let seed = self.seed;
        let mut services = self.services.borrow_mut();
        if !services.contains_key(service) {
            services.insert(service.to_owned(), service::named(service, seed)?);
        }
        let request = Value::Object(body.clone());
        let answer = services.get_mut(service)?.answer(client, &request, self.began.elapsed());
        let Value::Object(mut answer) = answer else { return None };
        if let Some(number) = body.get("msg_id") {
            answer.insert("in_reply_to".to_owned(), number.clone());
        }
        Some(answer)
    }

    fn neighbours(&self, node: NodeIndex) -> Vec<NodeIndex> {
        self.state.borrow().members.get(&node).into_iter().flatten().copied().collect()
    }

    fn receiver(&self, node: NodeIndex) -> Rc<dyn Receiver> {
        let post = Rc::new(Post {
            node,
            state: Rc::clone(&self.state),
            ready: RefCell::default(),
            under_way: RefCell::default(),
            weight: Cell::new(0),
            shares: RefCell::default(),
            closed: Cell::new(false),
            news: Notify::new(),
        });
        self.state.borrow_mut().posts.insert(node, Rc::downgrade(&post));
        post
    }

    fn send(&self, from: NodeIndex, to: NodeIndex, line: &[u8]) -> Result<(), Undelivered> {
        let direction = Direction { from, to };
        let mut state = self.state.borrow_mut();
        if state.is_silent(direction) {
            return Ok(());
        }
        let State { members, posts, lanes, draws, frozen, .. } = &mut *state;
        let Some(post) = posts.get(&to).and_then(Weak::upgrade) else {
            return if members.contains_key(&to) { Ok(()) } else { Err(Undelivered::Nobody) };
        };
        if post.closed.get() {
            return Ok(());
        }
        if post.weight.get() + line.len() > POST_MAX {
            // What is sent to a node that does not read because it is, or was just, frozen is as good as
            // lost; and so is what somebody else's flood has no room for.
            let is_flood = !frozen.contains(&to) && post.share(from) >= POST_MAX / 2;
            let waiting = post.weight.get();
            return if is_flood { Err(Undelivered::Flooded { waiting }) } else { Ok(()) };
        }
        let Some(shaped) = lanes.get_mut(&direction) else {
            post.lay(Some(from), line);
            return Ok(());
        };
        let draws = draws.entry(direction).or_insert_with(|| direction.draws(self.seed));
        let arrivals = shaped.packet(self.began.elapsed(), line.len(), |most| draws.u64(0..=most));
        for arrives in arrivals.into_iter().flatten() {
            post.expect(self.began + arrives, from, line);
        }
        Ok(())
    }
}

impl Post {
    /// How much of what lies here is from a node.
    fn share(&self, from: NodeIndex) -> usize {
        let under_way = self.under_way.borrow();
        let late = under_way.by_arrival.values().filter(|(sender, _)| *sender == from);
        let come = self.shares.borrow().get(&from).copied().unwrap_or_default();
        come + late.map(|(_, line)| line.len()).sum::<usize>()
    }

    /// A message has come, from a node or the harness.
    fn lay(&self, from: Option<NodeIndex>, line: &[u8]) {
        if let Some(from) = from {
            *self.shares.borrow_mut().entry(from).or_default() += line.len();
        }
        self.ready.borrow_mut().extend_from_slice(line);
        self.weight.set(self.weight.get() + line.len());
        self.news.notify_one();
    }

    /// A message is to come at that moment.
    fn expect(&self, at: Instant, from: NodeIndex, line: &[u8]) {
        let mut under_way = self.under_way.borrow_mut();
        under_way.last += 1;
        let place = (at, under_way.last);
        let is_next = under_way.by_arrival.first_key_value().is_none_or(|(first, _)| place < *first);
        under_way.by_arrival.insert(place, (from, line.into()));
        self.weight.set(self.weight.get() + line.len());
        if is_next {
            self.news.notify_one();
        }
    }

    /// Lays down what was under way and has come by now; when the next comes.
    fn arrive(&self) -> Option<Instant> {
        let now = Instant::now();
        loop {
            let mut under_way = self.under_way.borrow_mut();
            let next = under_way.by_arrival.first_entry()?;
            let at = next.key().0;
            if at > now {
                return Some(at);
            }
            let (from, line) = next.remove();
            drop(under_way);
            self.weight.set(self.weight.get().saturating_sub(line.len()));
            if !self.state.borrow().is_silent(Direction { from, to: self.node }) {
                self.lay(Some(from), &line);
            }
        }
    }
}

impl Receiver for Post {
    fn next(&self) -> LocalBoxFuture<'_, Vec<u8>> {
        Box::pin(async move {
            loop {
                let next = self.arrive();
                if !self.ready.borrow().is_empty() {
                    let ready = self.ready.take();
                    self.shares.borrow_mut().clear();
                    self.state.borrow_mut().thawed(self.node);
                    self.weight.set(self.weight.get().saturating_sub(ready.len()));
                    return ready;
                }
                match next {
                    Some(at) => {
                        select(pin!(self.news.notified()), pin!(sleep_until(at))).await;
                    }
                    None => self.news.notified().await,
                }
            }
        })
    }

    fn put(&self, line: &[u8]) -> Result<(), Undelivered> {
        let waiting = self.weight.get();
        if self.closed.get() {
            return Ok(());
        }
        if waiting + line.len() > POST_MAX {
            return Err(Undelivered::Flooded { waiting });
        }
        self.lay(None, line);
        Ok(())
    }

    fn close(&self) {
        self.closed.set(true);
        self.ready.take();
        self.under_way.take();
        self.weight.set(0);
    }
}
