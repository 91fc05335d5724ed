#!/usr/bin/env bash
# networkx.nx_pydot.read_dot: nodes that are declared only in a subgraph are lost.
#
# Versions: networkx 3.6.1 with pydot 4.0.1.
# Expected: `subgraph rack { a b }` declares a and b, as in Graphviz. With `a -- c` there are three nodes.
# Observed: b is missing. a is there because a link outside of the subgraph names it.
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
graph = networkx.nx_pydot.read_dot(io.StringIO("graph { subgraph rack { a b } a -- c }"))
print(sorted(graph.nodes), sorted(graph.edges(keys=False)))
PROGRAM
)
expected=$(cat <<'EXPECTED'
['a', 'c'] [('a', 'c')]
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
