//! The nodes that a list of items names.

use std::collections::BTreeSet;

use super::error::SelectionError;
use super::{Binding, Environment};
use crate::run::state::Network;
use crate::scenario::{Item, LEADER};
use crate::world::NodeIndex;

/// Returns the nodes that a list of items names, each once, in the order of the list.
pub(in crate::run) fn resolve(
    network: &Network,
    environment: &Environment,
    items: &[Item],
) -> Result<Vec<NodeIndex>, SelectionError> {
    let (mut nodes, mut seen) = (Vec::new(), BTreeSet::new());
    let known = |name: &String| network.find(name).ok_or_else(|| SelectionError::UnknownNode(name.clone()));
    for item in items {
        let these = match item {
            Item::Name(name, _) => vec![known(name)?],
            Item::Range(first, last, _) => {
                let (first, last) = (known(first)?, known(last)?);
                if first > last {
                    let (first, last) = (network.name(first).to_owned(), network.name(last).to_owned());
                    return Err(SelectionError::EmptyRange { first, last });
                }
                (first.0..=last.0).map(NodeIndex).collect()
            }
            Item::First => network.indices().next().into_iter().collect(),
            Item::Last => network.indices().last().into_iter().collect(),
            Item::Rest => Vec::new(),
            Item::Leader(_) => {
                let leader = network.find(LEADER).or(environment.leader);
                vec![leader.ok_or_else(|| SelectionError::UnknownNode(LEADER.to_owned()))?]
            }
            Item::Variable(name, _) => match environment.get(name) {
                Some(Binding::Nodes(nodes)) => nodes.clone(),
                Some(Binding::Text(text) | Binding::Json(text) | Binding::Untyped(text)) => {
                    text.split_whitespace().map(|name| known(&name.to_owned())).collect::<Result<_, _>>()?
                }
                Some(Binding::Number(number)) => {
                    return Err(SelectionError::NotANode { name: name.clone(), number: *number });
                }
                None => return Err(SelectionError::Unbound(name.clone())),
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
