#!/usr/bin/env bash
# networkx node-link JSON: attributes called `source`, `target` or `id` are lost without a warning.
#
# Version: networkx 3.6.1.
# Expected: node_link_data keeps every attribute, or raises if one has the name of a field of the format.
# It does raise if two of those names are made equal.
# Observed: the fields overwrite the link's attribute `source` and the node's attribute `id`, which are
# gone after the round trip.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check networkx==3.6.1

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
import networkx

graph = networkx.DiGraph()
graph.add_node("a", id="10.0.0.1", rack="r1")
graph.add_edge("a", "b", source="measured", rtt=20)
again = networkx.node_link_graph(networkx.node_link_data(graph))
print(list(graph.nodes(data=True)), list(graph.edges(data=True)))
print(list(again.nodes(data=True)), list(again.edges(data=True)))
PROGRAM
)
expected=$(cat <<'EXPECTED'
[('a', {'id': '10.0.0.1', 'rack': 'r1'}), ('b', {})] [('a', 'b', {'source': 'measured', 'rtt': 20})]
[('a', {'rack': 'r1'}), ('b', {})] [('a', 'b', {'rtt': 20})]
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
