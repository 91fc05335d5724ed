//! The descriptions of drivers that are part of the program.

/// A description that is part of the program.
#[derive(Debug)]
pub(super) struct Preset {
    /// The name of the driver.
    pub(super) name: &'static str,
    /// The description.
    pub(super) text: &'static str,
    /// The files that it names, each with its text.
    pub(super) files: &'static [(&'static str, &'static str)],
}

/// All of them, in the order of their names.
pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "automerge",
        text: include_str!("../../drivers/automerge.toml"),
        files: &[("automerge.cjs", include_str!("../../drivers/automerge.cjs"))],
    },
    Preset {
        name: "chapter",
        text: include_str!("../../drivers/chapter.toml"),
        files: &[("chapter.cjs", include_str!("../../drivers/chapter.cjs"))],
    },
    Preset { name: "etcd", text: include_str!("../../drivers/etcd.toml"), files: &[] },
    Preset {
        name: "galera",
        text: include_str!("../../drivers/galera.toml"),
        files: &[
            ("galera.py", include_str!("../../drivers/galera.py")),
            ("galera_copy.sh", include_str!("../../drivers/galera_copy.sh")),
        ],
    },
    Preset {
        name: "gun",
        text: include_str!("../../drivers/gun.toml"),
        files: &[("gun.cjs", include_str!("../../drivers/gun.cjs"))],
    },
    Preset {
        name: "kademlia",
        text: include_str!("../../drivers/kademlia.toml"),
        files: &[("kademlia_node.py", include_str!("../../drivers/kademlia_node.py"))],
    },
    Preset {
        name: "mnesia",
        text: include_str!("../../drivers/mnesia.toml"),
        files: &[("mnesia_node.erl", include_str!("../../drivers/mnesia_node.erl"))],
    },
    Preset { name: "mosquitto", text: include_str!("../../drivers/mosquitto.toml"), files: &[] },
    Preset {
        name: "nats",
        text: include_str!("../../drivers/nats.toml"),
        files: &[("nats_kv.py", include_str!("../../drivers/nats_kv.py"))],
    },
    Preset { name: "ovsdb", text: include_str!("../../drivers/ovsdb.toml"), files: &[] },
    Preset {
        name: "pysyncobj",
        text: include_str!("../../drivers/pysyncobj.toml"),
        files: &[("pysyncobj_node.py", include_str!("../../drivers/pysyncobj_node.py"))],
    },
    Preset {
        name: "rabbitmq",
        text: include_str!("../../drivers/rabbitmq.toml"),
        files: &[("rabbitmq.py", include_str!("../../drivers/rabbitmq.py"))],
    },
    Preset { name: "redis", text: include_str!("../../drivers/redis.toml"), files: &[] },
    Preset { name: "serf", text: include_str!("../../drivers/serf.toml"), files: &[] },
    Preset { name: "slapd", text: include_str!("../../drivers/slapd.toml"), files: &[] },
    Preset {
        name: "tarantool",
        text: include_str!("../../drivers/tarantool.toml"),
        files: &[("tarantool_node.lua", include_str!("../../drivers/tarantool_node.lua"))],
    },
    Preset {
        name: "ywebsocket",
        text: include_str!("../../drivers/ywebsocket.toml"),
        files: &[("ywebsocket.cjs", include_str!("../../drivers/ywebsocket.cjs"))],
    },
    Preset {
        name: "zookeeper",
        text: include_str!("../../drivers/zookeeper.toml"),
        files: &[("zookeeper.py", include_str!("../../drivers/zookeeper.py"))],
    },
];

/// Returns the description of the driver with this name.
pub(super) fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
