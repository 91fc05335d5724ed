//! What a world declares: plain data that a scenario is checked against.

/// What a world may or may not be able to do, beyond starting nodes, asking them and ending them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// `pause` and `resume`.
    Pause,
    /// `cut`, `join`, `partition`, `heal`.
    Cut,
    /// `break`.
    Break,
    /// `link … delay`, `jitter`, `rate`.
    Shape,
    /// `link … loss`.
    Loss,
    /// `link … duplicate`.
    Duplicate,
    /// `clock`.
    Clock,
    /// `node … data=disk`.
    Disk,
    /// `disk … full`.
    Fill,
    /// `node … exec=`: nodes that are programs of their own.
    Exec,
}

/// What one world can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declaration {
    /// The name in `--world NAME` and in the header `worlds`.
    pub name: &'static str,
    /// Whether its time is virtual: it passes as fast as the machine computes, and a run is the same
    /// on a slow machine, on a busy one, and again.
    pub virtual_time: bool,
    /// Whether all nodes live on one host, and are known by their ports.
    pub one_host: bool,
    /// What only proxies in links do: a network without them cannot do that, and nodes that dial
    /// addresses by themselves go past it.
    pub proxied: &'static [Ability],
    /// What it is able to do.
    pub abilities: &'static [Ability],
}

impl Declaration {
    /// Whether it can do that.
    #[must_use]
    pub fn can(&self, ability: Ability) -> bool {
        self.abilities.contains(&ability)
    }
}

/// The names of all worlds, those still to come included: the header `worlds` may name them.
pub const NAMES: &[&str] = &["process", "sim", "netns", "docker"];

/// Processes of this machine, on loopback.
pub const PROCESS: Declaration = Declaration {
    name: "process",
    virtual_time: false,
    one_host: true,
    proxied: &[Ability::Cut, Ability::Break, Ability::Shape],
    abilities: &[
        Ability::Pause,
        Ability::Cut,
        Ability::Break,
        Ability::Shape,
        Ability::Clock,
        Ability::Disk,
        Ability::Fill,
        Ability::Exec,
    ],
};

/// The same while nothing stands between them: what a network is that was started so.
pub const PROCESS_DIRECT: Declaration = Declaration {
    abilities: &[Ability::Pause, Ability::Clock, Ability::Disk, Ability::Fill, Ability::Exec],
    ..PROCESS
};

/// The nodes' own cores in virtual time.
pub const SIM: Declaration = Declaration {
    name: "sim",
    virtual_time: true,
    one_host: true,
    proxied: &[],
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

/// Processes of this machine, each with a network of its own in the kernel.
pub const NETNS: Declaration = Declaration {
    name: "netns",
    virtual_time: false,
    one_host: false,
    proxied: &[Ability::Shape],
    abilities: &[
        Ability::Pause,
        Ability::Cut,
        Ability::Break,
        Ability::Shape,
        Ability::Loss,
        Ability::Clock,
        Ability::Disk,
        Ability::Fill,
        Ability::Exec,
    ],
};

/// The same without proxies: what a network is that was started so.
pub const NETNS_DIRECT: Declaration = Declaration {
    abilities: &[
        Ability::Pause,
        Ability::Cut,
        Ability::Break,
        Ability::Loss,
        Ability::Clock,
        Ability::Disk,
        Ability::Fill,
        Ability::Exec,
    ],
    ..NETNS
};

/// The worlds of this version.
pub const HERE: &[&Declaration] = &[&PROCESS, &SIM, &NETNS];
