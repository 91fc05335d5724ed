//! The check of a step `workload`: somebody is there to be asked, and has the commands.

use std::collections::BTreeSet;

use super::checker::Checker;
use crate::scenario::ast::{Load, Step, second_load};
use crate::text::Span;
use crate::workload::runner::Protocol;

impl Checker<'_> {
    /// Checks a `workload` step. The judgement of its answers counts as an expectation.
    pub(super) fn workload_step(&mut self, load: &Load, block: &[Step], span: Span) {
        self.expectations += 1;
        self.within_timeout(load.time, span);
        if self.nodes.now.is_empty() {
            let error = self.error(span, "no node is there to be asked");
            self.report(error.help("begin with a network, such as `network a-b`"));
        }
        let kind = load.kind;
        if kind.reads_the_whole() && self.loads.contains(&kind) {
            let error = self.error(span, second_load(kind));
            self.report(error.help("put it into a scenario of its own"));
        }
        self.loads.push(kind);
        let lacking: BTreeSet<(&str, String)> = self
            .nodes
            .all(&self.nodes.now)
            .filter_map(|(_, facts)| {
                let driver = facts.driver;
                let protocol = Protocol::of(driver.wiring, driver.values_of(None));
                Some((driver.name, protocol.lacking_command(kind, driver)?))
            })
            .collect();
        for (driver, command) in lacking {
            let name = kind.name();
            let message = format!(
                "nodes of the driver `{driver}` have no command `{command}`, which `workload {name}` asks"
            );
            let error = self.error(span, message);
            self.report(error.help("`tools drivers` lists the drivers, and a description may define it"));
        }
        self.scoped(false, |checker| checker.steps(block));
    }
}
