//! Whom a step means: chosen when it begins, in order of appearance.

use std::collections::BTreeSet;

use super::desk::Desk;
use super::draw::Draw;
use super::environment::{Binding, Environment};
use super::network::{Life, Network};
use super::record::RunEvent;
use crate::scenario::{Item, Pick, Subject, Verb, Who};
use crate::world::NodeIndex;

/// Whom `all` and `random` mean, by what is to be done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be asked, watched, counted.
    Ask,
    /// To be changed.
    Verb(Verb),
    /// Named, whatever their state.
    Name,
}

impl Purpose {
    fn fits(self, life: Life) -> bool {
        match self {
            Self::Ask | Self::Verb(Verb::Kill | Verb::Pause | Verb::Stop | Verb::Restart) => {
                life == Life::Running
            }
            Self::Verb(Verb::Start) => matches!(life, Life::Stopped | Life::Exited(_)),
            Self::Verb(Verb::Resume) => life == Life::Paused,
            Self::Name => true,
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Ask | Self::Verb(_) if !matches!(self, Self::Verb(Verb::Start | Verb::Resume)) => "running",
            Self::Verb(Verb::Start) => "stopped",
            Self::Verb(Verb::Resume) => "paused",
            _ => "known",
        }
    }
}

/// The nodes that `who` means. Choosing nobody is an error.
pub(super) fn choose(
    desk: &Desk,
    environment: &Environment,
    seed: u64,
    who: &Who,
    purpose: Purpose,
) -> Result<Vec<NodeIndex>, String> {
    let (chosen, drawn) = {
        let state = desk.state();
        let among = |subject: &Subject| -> Result<Vec<NodeIndex>, String> {
            let network = &state.network;
            let fits = |node: &NodeIndex| purpose.fits(network.node(*node).life);
            Ok(match subject {
                Subject::Everyone if purpose.fits(Life::Running) && purpose != Purpose::Name => {
                    network.running().to_vec()
                }
                Subject::Everyone => network.indices().filter(fits).collect(),
                Subject::Of(items) => {
                    resolve(network, environment, items)?.into_iter().filter(fits).collect()
                }
                Subject::But(items) => {
                    let but: BTreeSet<NodeIndex> =
                        resolve(network, environment, items)?.into_iter().collect();
                    network.indices().filter(fits).filter(|node| !but.contains(node)).collect()
                }
            })
        };
        let draw = |from: Vec<NodeIndex>, count: usize| {
            Draw::new(seed, &who.at, &environment.iteration).choose(&from, count)
        };
        match &who.pick {
            Pick::All(subject) => (among(subject)?, false),
            Pick::Random(count, subject) => {
                let from = among(subject)?;
                let count = usize::try_from(*count).unwrap_or(usize::MAX);
                if from.len() < count {
                    let found = from.len();
                    return Err(format!(
                        "cannot draw {count} nodes: {found} {} to choose from",
                        plural(found)
                    ));
                }
                (draw(from, count), true)
            }
            Pick::RandomHalf(subject) => {
                let from = among(subject)?;
                let count = from.len().div_ceil(2);
                (draw(from, count), true)
            }
            Pick::Items(items) => (resolve(&state.network, environment, items)?, false),
        }
    };
    if chosen.is_empty() {
        return Err(format!("this chooses nobody: no such node is {}", purpose.wanted()));
    }
    if drawn {
        let words = who.at.source.at(who.at.span).to_owned();
        desk.record(|| RunEvent::Chosen { who: words, nodes: chosen.clone() });
    }
    Ok(chosen)
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "is there" } else { "are there" }
}

/// The nodes that a list of items names, each once, in the order of the list.
pub(super) fn resolve(
    network: &Network,
    environment: &Environment,
    items: &[Item],
) -> Result<Vec<NodeIndex>, String> {
    let (mut nodes, mut seen) = (Vec::new(), BTreeSet::new());
    let known = |name: &String| network.find(name).ok_or_else(|| format!("there is no node `{name}` yet"));
    for item in items {
        let these = match item {
            Item::Name(name, _) => vec![known(name)?],
            Item::Range(first, last, _) => {
                let (first, last) = (known(first)?, known(last)?);
                if first > last {
                    let (first, last) = (network.name(first), network.name(last));
                    return Err(format!("`{first}..{last}` is empty: `{last}` appeared before `{first}`"));
                }
                (first.0..=last.0).map(NodeIndex).collect()
            }
            Item::First => network.indices().next().into_iter().collect(),
            Item::Last => network.indices().last().into_iter().collect(),
            Item::Rest => Vec::new(),
            Item::Variable(name, _) => match environment.get(name) {
                Some(Binding::Nodes(nodes)) => nodes.clone(),
                Some(Binding::Text(text)) => {
                    text.split_whitespace().map(|name| known(&name.to_owned())).collect::<Result<_, _>>()?
                }
                Some(Binding::Number(number)) => {
                    return Err(format!("`${name}` is {number}, which is no node"));
                }
                None => return Err(format!("`${name}` has no value here")),
            },
        };
        for node in these {
            if seen.insert(node) {
                nodes.push(node);
            }
        }
    }
    Ok(nodes)
}
