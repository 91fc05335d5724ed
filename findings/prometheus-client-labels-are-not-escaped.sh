#!/usr/bin/env bash
# prometheus-client for Rust: the values of labels are written as they are, also with quotes and line ends in them.
#
# Version: the crate prometheus-client 0.24.1.
# Expected: OpenMetrics says of a label's value that backslash, double quote and line feed are escaped. The library that
# encodes the format does that, so that any text is a value: the name that a person gave a node, a path, a message.
# Observed: none of the three is escaped. A value with a quote makes a line that no parser reads as that label, and one
# with a line feed makes two lines. The other crates of this field (prometheus 0.14) escape all three.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat >Cargo.toml <<'MANIFEST'
[package]
name = "labels"
version = "0.0.0"
edition = "2021"

[dependencies]
prometheus = { version = "=0.14.0", default-features = false }
prometheus-client = "=0.24.1"
MANIFEST
cat >src/main.rs <<'PROGRAM'
use prometheus::Encoder;
use prometheus_client::metrics::{family::Family, gauge::Gauge};

const NAME: &str = "left \"one\"\nright \\ two";

fn main() {
    let family = Family::<[(String, String); 1], Gauge>::default();
    family.get_or_create(&[("name".into(), NAME.into())]).set(1);
    let mut registry = prometheus_client::registry::Registry::default();
    registry.register("node", "A node", family);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    print!("prometheus-client:\n{}", values(&text));

    let gauges = prometheus::GaugeVec::new(prometheus::Opts::new("node", "A node"), &["name"]).unwrap();
    gauges.with_label_values(&[NAME]).set(1.0);
    let registry = prometheus::Registry::new();
    registry.register(Box::new(gauges)).unwrap();
    let mut bytes = Vec::new();
    prometheus::TextEncoder::new().encode(&registry.gather(), &mut bytes).unwrap();
    print!("prometheus:\n{}", values(&String::from_utf8(bytes).unwrap()));
}

/// Returns the lines that are no comments.
fn values(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("  {line}\n")).collect()
}
PROGRAM
seen=$(cargo run --quiet)
expected='prometheus-client:
  node{name="left "one"
  right \ two"} 1
prometheus:
  node{name="left \"one\"\nright \\ two"} 1'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "the behaviour has changed; it was:"; printf '%s\n' "$expected"; exit 1; } >&2
