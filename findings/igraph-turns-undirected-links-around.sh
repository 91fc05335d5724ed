#!/usr/bin/env bash
# igraph: the ends of an undirected link are written with the greater index first, in whatever order
# they were given.
#
# Version: igraph 1.0.0 for Python.
# Expected: a graph of the links (0, 1) and (1, 2) is written as `0 -- 1`, `1 -- 2`, the order in which
# igraph itself lists them. A reader for which the first end dials then gets the intended direction.
# Observed: get_edgelist returns (0, 1), (1, 2), but the DOT and the GML file both have each link
# reversed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check igraph==1.0.0

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
import re

import igraph

graph = igraph.Graph([(0, 1), (1, 2)])
print(graph.get_edgelist())
graph.write_dot("links.dot")
print(re.findall(r"(\d+) -- (\d+)", open("links.dot").read()))
graph.write_gml("links.gml")
print(re.findall(r"source (\d+)\s+target (\d+)", open("links.gml").read()))
PROGRAM
)
expected=$(cat <<'EXPECTED'
[(0, 1), (1, 2)]
[('1', '0'), ('2', '1')]
[('1', '0'), ('2', '1')]
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
