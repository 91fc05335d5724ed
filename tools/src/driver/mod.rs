//! How nodes are spoken to: one file a protocol.
//!
//! A driver says how to start a node, how to ask it, how to wire it, and declares what it can do,
//! so that a plan which asks for more is refused before anything starts.

mod ask;
mod byc;
mod declaration;
mod maelstrom;
pub(crate) mod native;
mod pending;

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::world::{Change, NodeIndex, NodeSpec, OpId, Outcome};

pub use ask::{Asked, ready};
pub use byc::Byc;
pub use declaration::{
    ALL, ASK, Answer, Argument, BYC, Bound, Command, Content, Declaration, MAELSTROM, NATIVE, NATIVE_BOUNDS,
    NATIVE_STATS, OF_THE_WORLD, READ_WORKLOADS, ROUTED_STATS, Readiness, WORKLOADS, Wiring,
};
pub use maelstrom::Maelstrom;
pub use native::{AskError, Native, Said, ask, command, watch};
pub use node::net::{Arguments as NodeArguments, run as run_node};

/// The variable by which the guard knows the processes of a run, those included that left their group.
pub(crate) const RUN_VARIABLE: &str = "TOOLS_RUN";

/// Speaks one protocol to nodes in real time.
pub trait Driver {
    /// What its nodes can do.
    fn declaration(&self) -> &'static Declaration;

    /// How a node of that kind is started at a place.
    fn command_line(&self, spec: &NodeSpec, place: &Place) -> Result<CommandLine, String>;

    /// Speaks to a node that was started and serves requests, until that ends; the result says why.
    /// What is told arrives in the order in which the node said it. Every request that was taken ends,
    /// also where the future is dropped before it is done.
    fn serve(&self, meeting: Meeting) -> LocalBoxFuture<'static, String>;
}

/// A node that was started, and all that is needed to speak to it.
pub struct Meeting {
    /// Which.
    pub node: NodeIndex,
    /// How it was started.
    pub spec: Rc<NodeSpec>,
    /// Where it lives.
    pub place: Rc<Place>,
    /// Whose address is whose.
    pub directory: Rc<dyn Directory>,
    /// Where messages are handed over that the harness carries.
    pub exchange: Rc<dyn Exchange>,
    /// What the node is to be asked.
    pub requests: Rc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Request>>>,
    /// Takes what is told of it.
    pub tell: Rc<dyn Fn(Told)>,
    /// Its standard input and output, where it speaks by those and nobody has taken them yet.
    pub stdio: Option<Stdio>,
}

/// The other ends of the standard input and output of a node that speaks by them.
#[derive(Debug)]
pub struct Stdio {
    /// What is written here the node reads.
    pub input: pipe::Sender,
    /// What the node writes is read here.
    pub output: pipe::Receiver,
}

/// Where a node is to live.
#[derive(Debug, Clone)]
pub struct Place {
    /// The host it listens on.
    pub host: String,
    /// The port it listens on.
    pub port: u16,
    /// The network id that its neighbours must share.
    pub network: String,
    /// The program that carries our own node.
    pub program: PathBuf,
    /// The folder of its data, if it is to keep any.
    pub data: PathBuf,
}

impl Place {
    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How it is known to be ready.
    pub ready: Ready,
}

/// How a program that was started is known to be ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// It writes so to its standard input, and ends when that does: our own node.
    Told,
    /// Something answers at its port.
    Port,
    /// A line of its log, or of its problems, matches this regular expression.
    Log(String),
    /// It serves the page of this path, by HTTP at its port.
    Page(String),
    /// It answers what it is asked on its standard input, on its standard output: both are pipes, and
    /// the driver's.
    Spoken,
}

/// Whose address is whose.
pub trait Directory {
    /// Where a node dials another. The reason why it cannot is for people.
    fn address(&self, from: NodeIndex, to: &str) -> Result<String, String>;

    /// Whose address that is.
    fn name(&self, address: &str) -> Option<String>;

    /// The driver of the node of that name.
    fn driver(&self, name: &str) -> Option<String>;

    /// How the node chooses among versions, if that is known: of a foreign program it is not.
    fn policy(&self, node: NodeIndex) -> Option<String>;

    /// A node is to tell of every version it stores, for as long as it lives.
    fn watch(&self, node: NodeIndex);

    /// Whether the node at that address is to tell of every version: a new connection to it asks so.
    fn is_watched(&self, address: &str) -> bool;
}

/// Carries messages between nodes whose network is the harness itself.
pub trait Exchange {
    /// The nodes whose messages are carried, in order of appearance.
    fn members(&self) -> Vec<NodeIndex>;

    /// What a service answers a client's message, as the body of its reply; none if nobody is called so.
    fn call(&self, service: &str, client: &str, body: &Map<String, Value>) -> Option<Map<String, Value>>;

    /// Those that the topology links to one of them, in order of appearance.
    fn neighbours(&self, node: NodeIndex) -> Vec<NodeIndex>;

    /// A node begins to take what comes for it: nothing has come yet. It does until the receiver is
    /// dropped.
    fn receiver(&self, node: NodeIndex) -> Rc<dyn Receiver>;

    /// Carries a line, its end included, from one node to another, as the link between them says: it may
    /// come late, never, or twice. To a node that takes nothing it is lost.
    fn send(&self, from: NodeIndex, to: NodeIndex, line: &[u8]) -> Result<(), Undelivered>;
}

/// Why a message is not carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undelivered {
    /// There is no such node.
    Nobody,
    /// The node has so much to read already that nothing more is carried to it.
    Flooded {
        /// How much, in bytes.
        waiting: usize,
    },
}

/// What comes for one node.
pub trait Receiver {
    /// Whole lines, all that have come; waits for some.
    fn next(&self) -> LocalBoxFuture<'_, Vec<u8>>;

    /// A line of the harness's own for the node, its end included: it comes at once.
    fn put(&self, line: &[u8]) -> Result<(), Undelivered>;

    /// The node reads nothing more: what is sent to it from now on is lost.
    fn close(&self);
}

/// Something to ask a node.
#[derive(Debug)]
pub struct Request {
    /// The operation that it belongs to.
    pub id: OpId,
    /// The node that is asked.
    pub node: NodeIndex,
    /// What.
    pub what: What,
    /// When the answer no longer counts.
    pub deadline: Instant,
    /// How long that is from when it was asked, for messages.
    pub patience: Duration,
}

/// What is asked.
#[derive(Debug)]
pub enum What {
    /// A command of the driver's, nodes by name.
    Words(Vec<String>),
    /// To link itself to the node of that name.
    Wire(String),
    /// To tell of every version it stores.
    Watch,
}

/// What a driver tells of a node.
#[derive(Debug)]
pub enum Told {
    /// It has been reached: requests can be served.
    Reached,
    /// A request ended.
    Ended(OpId, Outcome),
    /// Its state changed.
    Changed(Change),
    /// It stored a version of a key, of this rank.
    Stored(String, String),
    /// It broke the protocol that it is to speak, in this way.
    Broke(String),
}

/// The driver of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<Rc<dyn Driver>> {
    match name {
        _ if name == NATIVE.name => Some(Rc::new(Native)),
        _ if name == MAELSTROM.name => Some(Rc::new(Maelstrom)),
        _ if name == ASK.name => Some(Rc::new(Asked)),
        _ if name == BYC.name => Some(Rc::new(Byc)),
        _ => None,
    }
}

/// How a node chooses among versions, where its driver says: as it is told to, or as its kind does.
pub(crate) fn policy_of(spec: &NodeSpec) -> Option<&str> {
    let of_its_kind = || by_name(&spec.driver)?.declaration().policies.first().copied();
    spec.policy.as_deref().or_else(of_its_kind)
}

/// A command line that a person wrote, with `{name}`, `{host}`, `{port}` and `{data}` filled in.
pub(crate) fn fill_in(
    exec: &str,
    spec: &NodeSpec,
    place: &Place,
    ready: Ready,
) -> Result<CommandLine, String> {
    if spec.clock_ms != 0 {
        return Err(format!("the clock of `{exec}` cannot be shifted: only that of our own node can"));
    }
    if spec.disk_full {
        return Err(format!("the disk of `{exec}` cannot be filled: only that of our own node can"));
    }
    if spec.disk && !exec.contains("{data}") {
        return Err(format!(
            "`{exec}` does not say where `{{data}}`, the folder that it is to keep data in, goes"
        ));
    }
    let words = shlex::split(exec).ok_or_else(|| format!("`{exec}` has a quote that is not closed"))?;
    let fill = |word: &String| {
        word.replace("{name}", &spec.name)
            .replace("{host}", &place.host)
            .replace("{port}", &place.port.to_string())
            .replace("{data}", &place.data.to_string_lossy())
    };
    let mut words = words.iter().map(fill);
    let program = words.next().ok_or("the program to run is empty: `--exec \"PROGRAM ARGS\"`")?;
    let arguments = words.chain(spec.args.iter().cloned()).collect();
    Ok(CommandLine { program: program.into(), arguments, ready })
}
