#!/usr/bin/env bash
# networkx GEXF: an attribute `id` of a node replaces the node's name, and nodes that share it merge.
#
# Version: networkx 3.6.1.
# Expected: the node's own name is its id in the file, whatever attributes it has, or write_gexf raises.
# Observed: three nodes, of which two have the same attribute `id`, come back as two nodes. The link
# between the first two becomes a loop at one node. Nothing warns.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check networkx==3.6.1

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
import networkx

graph = networkx.Graph()
graph.add_node("a", id="rack-1")
graph.add_node("b", id="rack-1")
graph.add_edges_from([("a", "b"), ("b", "c")])
networkx.write_gexf(graph, "ids.gexf")
again = networkx.read_gexf("ids.gexf")
print(sorted(graph.nodes), sorted(graph.edges))
print(sorted(again.nodes), sorted(again.edges))
PROGRAM
)
expected=$(cat <<'EXPECTED'
['a', 'b', 'c'] [('a', 'b'), ('b', 'c')]
['c', 'rack-1'] [('rack-1', 'c'), ('rack-1', 'rack-1')]
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
