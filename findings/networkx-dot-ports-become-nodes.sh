#!/usr/bin/env bash
# networkx.nx_pydot.read_dot: a node with a port becomes another node.
#
# Versions: networkx 3.6.1 with pydot 4.0.1.
# Expected: in `digraph { a:p -> b; a -> c }` the port is the place where an edge touches its node. There
# are three nodes, and `a` has two edges, as in Graphviz itself.
# Observed: there are four nodes. `a:p` and `a` are two of them, each with one edge, and nothing warns.
# A connected topology falls into two parts.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check networkx==3.6.1 pydot==4.0.1

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
import io
import warnings

import networkx

warnings.simplefilter("ignore")
graph = networkx.nx_pydot.read_dot(io.StringIO("digraph { a:p -> b; a -> c }"))
print(sorted(graph.nodes), sorted(graph.edges(keys=False)))
print("parts:", networkx.number_weakly_connected_components(graph))
PROGRAM
)
expected=$(cat <<'EXPECTED'
['a', 'a:p', 'b', 'c'] [('a', 'c'), ('a:p', 'b')]
parts: 2
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
