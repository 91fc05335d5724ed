//! The figures of a node in the text format `OpenMetrics`, which Prometheus reads.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// The type of the content.
pub(super) const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The figures that are of the present. All others count since the start.
const PRESENT: [&str; 8] =
    ["versions", "keys", "peers", "pending", "outbox_weight", "outbox_weight_max", "missing", "trees"];

/// Returns the figures as text.
pub(super) fn text(
    figures: &BTreeMap<Cow<'static, str>, u64>,
    uptime_s: u64,
    labels: Vec<(&'static str, String)>,
) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("kv_node");
    let labels: Vec<_> = labels.into_iter().map(|(label, value)| (label, escaped(&value))).collect();
    registry.register("node", "This node", Info::new(labels));
    for (name, figure) in figures {
        let help = format!("The figure {name} of the command stats");
        if PRESENT.contains(&&**name) {
            let gauge = Gauge::<i64>::default();
            gauge.set(i64::try_from(*figure).unwrap_or(i64::MAX));
            registry.register(name.clone(), help, gauge);
        } else {
            let counter = Counter::<u64, AtomicU64>::default();
            counter.inc_by(*figure);
            registry.register(name.clone(), help, counter);
        }
    }
    let uptime = Gauge::<i64>::default();
    uptime.set(i64::try_from(uptime_s).unwrap_or(i64::MAX));
    registry.register("uptime_seconds", "The seconds since the start", uptime);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

/// Returns the value of a label as the format has it. The library (0.24.1) writes it as it is given.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_counters_and_gauges() {
        let figures = BTreeMap::from([("keys".into(), 3), ("payloads_sent".into(), 12)]);
        let text = text(&figures, 7, vec![("name", "a \"b\"\n".to_owned())]).unwrap();
        for line in [
            "# TYPE kv_node_keys gauge",
            "kv_node_keys 3",
            "# TYPE kv_node_payloads_sent counter",
            "kv_node_payloads_sent_total 12",
            "kv_node_uptime_seconds 7",
            "kv_node_node_info{name=\"a \\\"b\\\"\\n\"} 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
        }
    }
}
