//! The declaration of a world: plain data that a scenario is checked against.

/// An ability of some worlds, beyond starting nodes, asking them and ending them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// The steps `pause` and `resume`.
    Pause,
    /// The steps `cut`, `join`, `partition` and `heal`.
    Cut,
    /// The step `break`.
    Break,
    /// The steps `link … delay`, `jitter` and `rate`.
    Shape,
    /// The step `link … loss`.
    Loss,
    /// The step `link … duplicate`.
    Duplicate,
    /// The step `clock`.
    Clock,
    /// The option `node … data=disk`.
    Disk,
    /// The step `disk … full`.
    Fill,
    /// The option `node … exec=`: nodes that are programs of their own.
    Exec,
    /// The option `node … at=`: nodes that run already.
    Attach,
}

/// The abilities and properties of one world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declaration {
    /// The name of the world in `--world NAME` and in the header `worlds`.
    pub name: &'static str,
    /// True if the world's time is virtual: it passes as fast as the machine computes. A run is then the same
    /// on a slow machine, on a busy one, and when repeated.
    pub virtual_time: bool,
    /// True if all nodes live on one host and are known by their ports.
    pub one_host: bool,
    /// The abilities that only proxies in links provide. A network without proxies lacks them, and nodes that
    /// dial addresses by themselves bypass them. While such a fault lasts, the runner asks the world for
    /// connections that do (`Operation::Bypasses`).
    pub proxied: &'static [Ability],
    /// The abilities for which the world makes something before its nodes start: proxies, or a way of packets
    /// to the harness.
    pub prepared: &'static [Ability],
    /// The abilities of the world.
    pub abilities: &'static [Ability],
}

impl Declaration {
    /// Returns true if the world has that ability.
    #[must_use]
    pub fn can(&self, ability: Ability) -> bool {
        self.abilities.contains(&ability)
    }
}

/// The names of all worlds, planned ones included: the header `worlds` may name them.
pub const NAMES: &[&str] = &["process", "sim", "netns", "docker"];

/// The world `process`: processes of this machine, on loopback.
pub const PROCESS: Declaration = Declaration {
    name: "process",
    virtual_time: false,
    one_host: true,
    proxied: &[Ability::Cut, Ability::Break, Ability::Shape],
    prepared: &[Ability::Cut, Ability::Break, Ability::Shape],
    abilities: &[
        Ability::Pause,
        Ability::Cut,
        Ability::Break,
        Ability::Shape,
        Ability::Clock,
        Ability::Disk,
        Ability::Fill,
        Ability::Exec,
        Ability::Attach,
    ],
};

/// The world `process` without proxies: the declaration of a network that was started so.
pub const PROCESS_DIRECT: Declaration = Declaration {
    abilities: &[
        Ability::Pause,
        Ability::Clock,
        Ability::Disk,
        Ability::Fill,
        Ability::Exec,
        Ability::Attach,
    ],
    ..PROCESS
};

/// The world `sim`: the nodes' own cores in virtual time.
pub const SIM: Declaration = Declaration {
    name: "sim",
    virtual_time: true,
    one_host: true,
    proxied: &[],
    prepared: &[],
    abilities: &[
        Ability::Pause,
        Ability::Cut,
        Ability::Break,
        Ability::Shape,
        Ability::Loss,
        Ability::Clock,
        Ability::Disk,
        Ability::Fill,
    ],
};

/// The world `netns`: processes of this machine, each with a network of its own in the kernel.
pub const NETNS: Declaration = Declaration {
    name: "netns",
    virtual_time: false,
    one_host: false,
    proxied: &[],
    prepared: &[Ability::Shape, Ability::Loss, Ability::Duplicate],
    abilities: &[
        Ability::Pause,
        Ability::Cut,
        Ability::Break,
        Ability::Shape,
        Ability::Loss,
        Ability::Duplicate,
        Ability::Clock,
        Ability::Disk,
        Ability::Fill,
        Ability::Exec,
    ],
};

/// The worlds that this version implements.
pub const HERE: &[&Declaration] = &[&PROCESS, &SIM, &NETNS];
