//! Whether nodes hold the same versions, and how they differ when they do not.

use std::collections::{BTreeMap, BTreeSet};

use super::failure::Finding;
use super::judge::Observed;
use super::network::{Life, Network};
use super::session::Run;
use crate::world::{NodeIndex, Value};

/// The most keys that a report of differences lists.
const KEYS_SHOWN: usize = 20;

/// That in each component every running node holds the same versions.
pub(super) struct Convergence {
    /// Only these; all if absent.
    among: Option<Vec<NodeIndex>>,
}

impl Convergence {
    pub(super) fn of_all() -> Self {
        Self { among: None }
    }

    pub(super) fn of(nodes: Vec<NodeIndex>) -> Self {
        Self { among: Some(nodes) }
    }

    /// Whether it holds, by what the nodes last told. A write is told before it is acknowledged, so
    /// that what was acknowledged before now is in there.
    pub(super) fn holds(&self, network: &Network) -> bool {
        self.components(network).iter().all(|component| {
            let mut digests =
                component.iter().map(|node| network.node(*node).state.as_ref().map(|state| &state.digest));
            match digests.next() {
                Some(first) => first.is_some() && digests.all(|digest| digest == first),
                None => true,
            }
        })
    }

    fn components(&self, network: &Network) -> Vec<Vec<NodeIndex>> {
        let mut components = network.components();
        if let Some(among) = &self.among {
            for component in &mut components {
                component.retain(|node| among.contains(node));
            }
        }
        components
    }
}

impl Run {
    /// What each node of a component that differs holds, and how they differ, key by key.
    pub(super) async fn divergence(&self, convergence: &Convergence) -> (Vec<Finding>, Vec<String>) {
        let (components, mut findings) = {
            let state = self.desk.state();
            let components = convergence.components(&state.network);
            let mut findings = Vec::new();
            for component in &components {
                let digest =
                    |node: NodeIndex| state.network.node(node).state.as_ref().map(|told| &told.digest);
                let common = most_common(component.iter().map(|node| digest(*node)));
                for &node in component {
                    let entry = state.network.node(node);
                    findings.push(Finding {
                        node: entry.name().to_owned(),
                        held: digest(node)
                            .map_or("has told nothing".to_owned(), |digest| format!("digest {digest}")),
                        fits: component.len() < 2 || digest(node) == common,
                        since: Some(entry.since),
                    });
                }
            }
            (components, findings)
        };
        if findings.iter().all(|finding| finding.fits) {
            findings.clear();
        }
        let mut differences = Vec::new();
        for component in components {
            differences.extend(self.differences(&component).await);
        }
        (findings, differences)
    }

    /// How the nodes of one component differ, key by key. One node stands for all of its digest.
    async fn differences(&self, component: &[NodeIndex]) -> Vec<String> {
        let groups: BTreeMap<String, Vec<NodeIndex>> = {
            let state = self.desk.state();
            let mut groups: BTreeMap<String, Vec<NodeIndex>> = BTreeMap::new();
            for &node in component {
                if state.network.node(node).life == Life::Running {
                    let digest = state.network.node(node).state.as_ref().map(|told| told.digest.clone());
                    groups.entry(digest.unwrap_or_default()).or_default().push(node);
                }
            }
            groups
        };
        if groups.len() < 2 {
            return Vec::new();
        }
        let groups: Vec<Vec<NodeIndex>> = groups.into_values().collect();
        let mut keys: Vec<BTreeSet<String>> = Vec::new();
        for group in &groups {
            let asked = self.ask(group[0], &["keys".to_owned()]).await;
            keys.push(match asked.observed {
                Observed::Answered(answer) => match answer.value {
                    Value::List(keys) => keys.into_iter().collect(),
                    Value::Text(key) => BTreeSet::from([key]),
                    Value::Done => BTreeSet::new(),
                },
                Observed::Refused { .. } | Observed::Silent(_) => BTreeSet::new(),
            });
        }
        let all: BTreeSet<&String> = keys.iter().flatten().collect();
        let mut lines = Vec::new();
        for key in all {
            let mut held: BTreeMap<String, Vec<NodeIndex>> = BTreeMap::new();
            for group in &groups {
                let get = self.ask(group[0], &["get".to_owned(), key.clone()]).await.observed;
                let stamp = self.ask(group[0], &["stamp".to_owned(), key.clone()]).await.observed;
                let what = match (get, stamp) {
                    (Observed::Answered(value), Observed::Answered(stamp)) => {
                        format!("{} (stamp {})", value.value, stamp.value)
                    }
                    (Observed::Refused { .. }, Observed::Answered(stamp)) => {
                        format!("deleted (stamp {})", stamp.value)
                    }
                    _ => "nothing".to_owned(),
                };
                held.entry(what).or_default().extend(group);
            }
            if held.len() < 2 {
                continue;
            }
            if lines.len() == KEYS_SHOWN {
                lines.push("… and more keys".to_owned());
                break;
            }
            let state = self.desk.state();
            let sides: Vec<String> = held
                .into_iter()
                .map(|(what, nodes)| format!("{}: {what}", state.network.names(&nodes)))
                .collect();
            lines.push(format!("`{key}` is {}", sides.join("; ")));
        }
        lines
    }
}

/// What occurs most often; of equals, the first.
fn most_common<T: PartialEq + Default>(items: impl Iterator<Item = T>) -> T {
    let mut counted: Vec<(T, usize)> = Vec::new();
    for item in items {
        match counted.iter_mut().find(|(known, _)| *known == item) {
            Some((_, count)) => *count += 1,
            None => counted.push((item, 1)),
        }
    }
    let most = counted.iter().map(|(_, count)| *count).max().unwrap_or(0);
    counted.into_iter().find(|(_, count)| *count == most).map(|(item, _)| item).unwrap_or_default()
}
