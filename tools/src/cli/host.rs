//! A network that runs until somebody ends it, and attends to other terminals meanwhile.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use super::control::{Control, NetworkState, NodeState, Reply, Request, answer};
use super::exit::Exit;
use super::load;
use super::recording::{self, CameOut, Recording};
use crate::report::{self, Style};
use crate::run::{FailureKind, Idle, Options, Record, RunEvent, Session, Verdict};
use crate::scenario::{At, Scenario, Setting, Step, StepKind, check, parse_steps};
use crate::text::{Severity, Source, Span};
use crate::topology::Graph;
use crate::world::live::Live;
use crate::world::process::{self, Links, Ports, Processes};
use crate::world::{Declaration, NETNS, netns};
use crate::world::{NodeIndex, OpId, World as _};

/// A network of processes, and the session that knows it.
pub(super) struct Host {
    pub(super) session: Session,
    pub(super) world: Live,
    pub(super) processes: Rc<Processes>,
    /// What nodes answered since it was last looked at.
    answers: Rc<RefCell<Answers>>,
    /// What was done by hand.
    recording: Recording,
    /// Options of every node, from the command line.
    node_options: BTreeMap<String, String>,
}

/// What the answers of a step are put together from.
#[derive(Default)]
struct Answers {
    /// Only while a step is done by hand: runs of scenarios ask much, and nobody looks.
    noted: bool,
    asked: BTreeMap<OpId, NodeIndex>,
    lines: Vec<(NodeIndex, String)>,
    draws: Vec<Vec<NodeIndex>>,
}

/// The most draws of a step that are taken note of.
const DRAWS: usize = 64;
/// Where nodes of scenarios listen that have a network of their own.
const NETNS_PORT: u16 = 3000;

/// What a host is made of.
pub(super) struct Setup {
    pub(super) logs: PathBuf,
    pub(super) data: PathBuf,
    pub(super) ports: Ports,
    pub(super) options: Options,
    /// Where nodes live.
    pub(super) world: &'static Declaration,
    /// Whether proxies stand in links, for what only they can do to them.
    pub(super) proxies: bool,
}

/// Makes this process fit to be the host of networks of a world. Has to come before there is a second
/// thread. The reason why it cannot is for people.
pub(super) fn prepare(world: &Declaration) -> Result<(), String> {
    if world.name == NETNS.name { netns::prepare() } else { Ok(()) }
}

/// Why a network that was up has ended.
pub(super) enum Ended {
    /// Its time was up.
    Elapsed,
    /// Somebody stopped it from another terminal.
    Stopped,
    /// The person at the terminal ended it.
    Interrupted,
}

impl Host {
    /// A host with no node yet. Every event goes to `record` as well.
    pub(super) fn new(setup: Setup, mut record: impl FnMut(&Record) + 'static) -> io::Result<Self> {
        let seed = setup.options.seed;
        let options = process::Options {
            logs: setup.logs,
            data: setup.data,
            network: network_id()?,
            program: std::env::current_exe()?,
            seed,
        };
        let links = if setup.proxies { Links::Proxied } else { Links::Direct };
        let (world, processes) = if setup.world.name == NETNS.name {
            // Nobody else is there who could have the port.
            let port = if let Ports::From(port) = setup.ports { port } else { NETNS_PORT };
            netns::world(options, port, links)?
        } else {
            process::world(options, setup.ports, links)?
        };
        let answers = Rc::new(RefCell::new(Answers::default()));
        let kept = Rc::clone(&answers);
        let node_options = setup.options.node_options.clone();
        let recording = Recording::new(node_options.clone());
        let session = Session::new(setup.options, move |event| {
            kept.borrow_mut().note(event);
            record(event);
        });
        Ok(Self { session, world, processes, answers, recording, node_options })
    }

    /// Starts a network and wires it.
    pub(super) fn start(&mut self, source: &Source, graph: Graph) -> Verdict {
        self.session.plan("run", source, &BTreeMap::new(), self.world.declaration().name);
        let span = Span { start: 0, end: source.text().trim_end().len() };
        let step = Step { at: At { source: source.clone(), span }, kind: StepKind::Network(graph) };
        let verdict = self.session.perform(&mut self.world, std::slice::from_ref(&step));
        if let StepKind::Network(graph) = &step.kind {
            self.recording.network(source, graph, self.session.now());
        }
        verdict
    }

    /// The network as it is.
    pub(super) fn state(&self, ready: Duration) -> NetworkState {
        let network = self.session.network();
        let name = |node| network.name(node).to_owned();
        let nodes = network
            .nodes()
            .map(|(index, node)| {
                let (host, port) = self.processes.address(index).unwrap_or_default();
                let peers = network.links_of(index);
                NodeState {
                    name: node.name().to_owned(),
                    host,
                    port,
                    driver: node.spec.driver.clone(),
                    pid: self.processes.process_id(index),
                    peers: peers
                        .map(|link| name(if link.from == index { link.to } else { link.from }))
                        .collect(),
                    log: self.processes.log_path(node.name()).display().to_string(),
                    state: node.life.to_string(),
                }
            })
            .collect();
        let links = network.links().iter().map(|link| (name(link.from), name(link.to))).collect();
        NetworkState { nodes, links, ready_ms: u64::try_from(ready.as_millis()).unwrap_or(u64::MAX) }
    }

    /// Attends to requests until the network is to end. They are listened for already: whoever is told
    /// that the network is up may ask at once.
    pub(super) fn serve(
        &mut self,
        control: &mut Control,
        ready: Duration,
        lasting: Option<Duration>,
        err: &mut dyn Write,
    ) -> io::Result<Ended> {
        let until = lasting.map(|lasting| self.session.now() + lasting);
        loop {
            match self.session.idle(&mut self.world, until) {
                Idle::Elapsed => return Ok(Ended::Elapsed),
                Idle::Interrupted => return Ok(Ended::Interrupted),
                Idle::Died(node, ending) => {
                    let name = self.session.network().name(node).to_owned();
                    let now = self.session.now();
                    self.recording.done(now, now, &[recording::died(&name)]);
                    writeln!(
                        err,
                        "node `{name}` died unasked: {ending} (`tools start {name}` starts it again)"
                    )?;
                }
                Idle::Misbehaved(node, reason) => {
                    let name = self.session.network().name(node).to_owned();
                    writeln!(err, "node `{name}` broke its protocol: it {reason}")?;
                }
                Idle::Woken => {
                    while let Some((request, stream)) = control.next() {
                        self.recording.missed(control.missed());
                        match request {
                            Request::Ps => answer(stream, &Reply::Network(Box::new(self.state(ready)))),
                            Request::Steps { text } => {
                                let reply = self.steps(&text);
                                let interrupted = reply.code() == Some(Exit::Interrupted.code());
                                answer(stream, &reply);
                                if interrupted {
                                    return Ok(Ended::Interrupted);
                                }
                            }
                            Request::Note { node, words, refused } => self.note(&node, &words, refused),
                            Request::Record => {
                                answer(stream, &Reply::Recording { text: self.recording.text() });
                            }
                            Request::Attend => control.attend(stream),
                            Request::Stop => {
                                answer(stream, &Reply::Stopping);
                                return Ok(Ended::Stopped);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Ends all nodes, in an orderly way unless interrupted; whether it was.
    pub(super) fn end(mut self) -> bool {
        self.session.stop_all(&mut self.world)
    }

    /// Does steps that came from another terminal.
    fn steps(&mut self, text: &str) -> Reply {
        let began = self.session.now();
        let scenario = match self.checked(text) {
            Ok(scenario) => scenario,
            Err(wrong) => {
                return Reply::Steps { output: Vec::new(), error: Some(wrong), code: Exit::Usage.code() };
            }
        };
        let (mut done, mut died) = (Vec::new(), None);
        let reply = self.perform(&scenario, &mut done, &mut died);
        let mut again = recording::again(&done, |node| self.session.network().name(node).to_owned());
        again.extend(died.map(|name| recording::died(&name)));
        self.recording.done(began, self.session.now(), &again);
        reply
    }

    /// Takes note of what a node was asked from elsewhere.
    fn note(&mut self, node: &str, words: &[String], refused: bool) {
        let came_out = if refused { CameOut::Badly } else { CameOut::Well };
        let step = recording::ask(node, words, came_out);
        // What the language has no word for cannot be done again.
        let step = if self.checked(&step).is_ok() { step } else { format!("# This is no step: {step}") };
        let now = self.session.now();
        self.recording.done(now, now, &[step]);
    }

    /// Steps that may be done now. The error is for a person.
    fn checked(&self, text: &str) -> Result<Scenario, String> {
        let source = Source::new("step", text);
        let (scenario, _) =
            parse_steps(&source, &mut load::include).map_err(|diagnostic| diagnostic.to_string())?;
        let existing = self.graph();
        let running = {
            let network = self.session.network();
            network.nodes().map(|(_, node)| (node.name().to_owned(), node.spec.clone())).collect()
        };
        let setting = Setting {
            options: &self.node_options,
            existing: Some(&existing),
            running: &running,
            ..Setting::of(self.world.declaration())
        };
        let errors: Vec<String> = check(&scenario, &setting)
            .into_iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .map(|diagnostic| diagnostic.to_string())
            .collect();
        if errors.is_empty() { Ok(scenario) } else { Err(errors.join("\n")) }
    }

    /// Does steps, and says which of them and how they came out, and whose death ended them.
    fn perform<'s>(
        &mut self,
        scenario: &'s Scenario,
        done: &mut Vec<(&'s Step, CameOut, Vec<Vec<NodeIndex>>)>,
        died: &mut Option<String>,
    ) -> Reply {
        let mut output = Vec::new();
        for step in &scenario.steps {
            *self.answers.borrow_mut() = Answers { noted: true, ..Answers::default() };
            let verdict = self.session.perform(&mut self.world, std::slice::from_ref(step));
            let draws = std::mem::take(&mut self.answers.borrow_mut().draws);
            let came_out = if verdict == Verdict::Passed { CameOut::Well } else { CameOut::Badly };
            done.push((step, came_out, draws));
            if matches!(step.kind, StepKind::Ask { .. } | StepKind::LetAnswer { .. }) {
                output.extend(self.answered());
            }
            let exit = match &verdict {
                Verdict::Passed | Verdict::Skipped(_) => continue,
                Verdict::Failed(_) => Exit::Failed,
                Verdict::Broken(_) => Exit::Environment,
                Verdict::Interrupted => Exit::Interrupted,
            };
            *died = verdict
                .failure()
                .filter(|failure| failure.kind == FailureKind::Died)
                .and_then(|failure| failure.findings.first())
                .map(|finding| finding.node.clone());
            let error = verdict
                .failure()
                .map_or("interrupted".to_owned(), |failure| report::explain(failure, Style::new(false)));
            return Reply::Steps { output, error: Some(error), code: exit.code() };
        }
        Reply::Steps { output, error: None, code: Exit::Held.code() }
    }

    /// The answers of the last step: bare if there is one, else with the node's name.
    fn answered(&self) -> Vec<String> {
        let network = self.session.network();
        let mut answers = self.answers.borrow_mut();
        let mut lines = std::mem::take(&mut answers.lines);
        lines.sort_by_key(|(node, _)| *node);
        match lines.as_slice() {
            [(_, line)] => vec![line.clone()],
            lines => lines.iter().map(|(node, line)| format!("{}: {line}", network.name(*node))).collect(),
        }
    }

    /// The network as a graph, for steps to be checked against.
    fn graph(&self) -> Graph {
        let network = self.session.network();
        Graph::from_names(
            network.nodes().map(|(_, node)| node.name()),
            network.links().iter().map(|link| (link.from.0, link.to.0)),
        )
    }
}

impl Answers {
    fn note(&mut self, record: &Record) {
        if !self.noted {
            return;
        }
        match &record.event {
            RunEvent::Chosen { nodes, .. } if self.draws.len() < DRAWS => self.draws.push(nodes.clone()),
            RunEvent::Ask { op, node, .. } => {
                self.asked.insert(*op, *node);
            }
            RunEvent::Answer { op, value, .. } => self.answered(*op, value.to_string()),
            RunEvent::Refused { op, message, .. } => self.answered(*op, format!("error: {message}")),
            RunEvent::Unknown { op, reason } => self.answered(*op, format!("no answer: {reason}")),
            _ => {}
        }
    }

    fn answered(&mut self, op: OpId, line: String) {
        if let Some(node) = self.asked.remove(&op) {
            self.lines.push((node, line));
        }
    }
}

/// An id that no other run has.
pub(super) fn network_id() -> io::Result<String> {
    Ok(format!("{:016x}", random()?))
}

/// A number that nobody foresees: what ids and seeds are drawn from where none is given.
pub(super) fn random() -> io::Result<u64> {
    getrandom::u64().map_err(io::Error::other)
}

/// Writes every event of a run as a line of `run.jsonl`, in a folder that is there.
pub(super) fn record_to(logs: &Path) -> io::Result<impl FnMut(&Record) + use<>> {
    let mut file = BufWriter::new(File::create(logs.join("run.jsonl"))?);
    Ok(move |record: &Record| {
        // A full disk must not end a run that can still be judged.
        if let Ok(line) = serde_json::to_string(record) {
            let _: io::Result<()> = writeln!(file, "{line}");
        }
        // The record is whole as soon as a report points to it, also while the network is left up.
        if matches!(record.event, RunEvent::Verdict { .. }) {
            let _: io::Result<()> = file.flush();
        }
    })
}
