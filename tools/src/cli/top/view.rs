//! The state of the screen: the network as events tell it, and the choices of the person.

use std::collections::BTreeSet;
use std::time::Duration;

use super::prompt::Prompt;
use crate::cli::control::{NetworkState, Told};
use crate::journal::{JournalEntry, JournalEvent, NodeLife};
use crate::world::Change;

/// The state of the screen.
#[derive(Debug, Default)]
pub(super) struct View {
    /// The network; none before its state has come.
    pub network: Option<NetworkState>,
    /// The time of the last event, since the network began.
    pub now: Duration,
    /// The index of the chosen node.
    pub chosen: usize,
    /// The names of the nodes that the next fault is for; if there are none, it is for the chosen node.
    pub marked: BTreeSet<String>,
    /// The last lines of the chosen node's log.
    pub log: Vec<String>,
    /// The number of lines by which the log is scrolled back.
    pub scrolled: usize,
    /// True if the log is the node's standard error.
    pub problems: bool,
    /// The line that is being typed.
    pub prompt: Option<Prompt>,
    /// The lines that were typed, the last at the end.
    pub typed: Vec<String>,
    /// The steps that the network performs for this screen.
    pub performing: Option<String>,
    /// The reply to the last steps.
    pub reply: Vec<String>,
    /// True if the last steps failed.
    pub failed: bool,
    /// True while the help is shown.
    pub help: bool,
}

impl View {
    /// Replaces the network by its present state. The choice stays with its node.
    pub(super) fn set_network(&mut self, network: NetworkState) {
        let chosen = self.chosen_name().map(str::to_owned);
        let found = network.nodes.iter().position(|node| Some(&node.name) == chosen.as_ref());
        self.chosen = found.unwrap_or(0);
        self.marked.retain(|name| network.nodes.iter().any(|node| node.name == *name));
        self.network = Some(network);
    }

    /// Folds an event, a line of the journal, into the network. Events of later versions are passed over.
    pub(super) fn fold(&mut self, line: &str) {
        let (Ok(entry), Some(network)) = (JournalEntry::parse(line), &mut self.network) else { return };
        self.now = entry.at_us.map_or(self.now, Duration::from_micros);
        match entry.event {
            JournalEvent::Life { node, life } => {
                if let Some(node) = network.nodes.get_mut(node.0) {
                    let (state, told) = of_life(life);
                    state.clone_into(&mut node.state);
                    node.told.take_if(|_| !told);
                }
            }
            JournalEvent::Changed { node, change: Change { digest, peers } } => {
                if let Some(node) = network.nodes.get_mut(node.0) {
                    node.told = Some(Told { digest, peers });
                }
            }
            _ => {}
        }
    }

    /// Returns true if the chosen node ran before the network.
    pub(super) fn ran_before(&self) -> bool {
        self.network
            .as_ref()
            .and_then(|network| network.nodes.get(self.chosen))
            .is_some_and(|node| node.attached)
    }

    /// Returns the name of the chosen node.
    pub(super) fn chosen_name(&self) -> Option<&str> {
        Some(self.network.as_ref()?.nodes.get(self.chosen)?.name.as_str())
    }

    /// Returns the name of the file with the chosen log.
    pub(super) fn log_name(&self) -> Option<String> {
        let ending = if self.problems { "err" } else { "log" };
        self.chosen_name().map(|name| format!("{name}.{ending}"))
    }

    /// Returns the nodes that a fault is for.
    pub(super) fn aimed_at(&self) -> Vec<&str> {
        if self.marked.is_empty() {
            return self.chosen_name().into_iter().collect();
        }
        self.marked.iter().map(String::as_str).collect()
    }

    /// Moves the choice by some nodes.
    pub(super) fn choose(&mut self, by: isize) {
        let last = self.network.as_ref().map_or(0, |network| network.nodes.len().saturating_sub(1));
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
        self.scrolled = 0;
    }

    /// Marks the chosen node, or removes its mark.
    pub(super) fn mark(&mut self) {
        let Some(name) = self.chosen_name().map(str::to_owned) else { return };
        if !self.marked.remove(&name) {
            self.marked.insert(name);
        }
    }

    /// Shows the reply to steps.
    pub(super) fn show_reply(&mut self, output: &[String], error: Option<&str>) {
        let lines = output.iter().flat_map(|line| line.lines()).chain(error.into_iter().flat_map(str::lines));
        self.reply = lines.map(str::to_owned).collect();
        self.failed = error.is_some();
        if self.reply.is_empty() {
            self.reply.push(format!("done: {}", self.performing.as_deref().unwrap_or_default()));
        }
        self.performing = None;
    }
}

/// Returns the state of a node with this life, as `tools ps` names it, and true if its digest still counts. A
/// node that was killed is stopped as well: the state of the network, which follows the step, tells them apart.
fn of_life(life: NodeLife) -> (&'static str, bool) {
    match life {
        NodeLife::Starting => ("starting", false),
        NodeLife::Running => ("running", true),
        NodeLife::Paused => ("paused", true),
        NodeLife::Ending => ("stopping", false),
        NodeLife::Stopped => ("stopped", false),
        NodeLife::Exited => ("exited", false),
        NodeLife::Unknown => ("?", false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::condition::tests::network;

    fn view() -> View {
        let mut view = View::default();
        view.set_network(network(&[("a", "running", "1:x"), ("b", "running", "1:x")], &[("a", "b")]));
        view
    }

    #[test]
    fn events_change_the_network_and_unknown_ones_do_not() {
        let mut view = view();
        view.fold(r#"{"at_us":1500000,"event":"changed","node":1,"digest":"2:y","peers":3}"#);
        assert_eq!(view.now, Duration::from_millis(1_500));
        let told = |view: &View, node: usize| view.network.as_ref().unwrap().nodes[node].told.clone();
        assert_eq!(told(&view, 1), Some(Told { digest: "2:y".to_owned(), peers: 3 }));
        view.fold(r#"{"at_us":1500001,"event":"life","node":1,"life":"stopped"}"#);
        assert_eq!(
            (told(&view, 1), view.network.as_ref().unwrap().nodes[1].state.as_str()),
            (None, "stopped")
        );
        for line in
            ["", "{", "[]", r#"{"event":"never heard of"}"#, r#"{"event":"life","node":99,"life":"x"}"#]
        {
            view.fold(line);
        }
        assert!(told(&view, 0).is_some());
    }

    #[test]
    fn the_choice_stays_with_its_node() {
        let mut view = view();
        view.choose(1);
        view.mark();
        view.set_network(network(&[("b", "running", ""), ("a", "running", "")], &[]));
        assert_eq!((view.chosen_name(), view.aimed_at()), (Some("b"), vec!["b"]));
        view.set_network(network(&[("c", "running", "")], &[]));
        assert_eq!((view.chosen_name(), view.aimed_at()), (Some("c"), vec!["c"]));
        view.choose(isize::MAX);
        view.choose(isize::MIN);
        assert_eq!(view.chosen, 0);
    }
}
