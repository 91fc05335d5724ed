#!/usr/bin/env bash
# networkx GML: integers of more than 32 bits are read back as text, and truth values as numbers.
#
# Version: networkx 3.6.1.
# Expected: read_gml reads each value as write_gml wrote it, or write_gml refuses the value.
# Observed: 2**31 is written in quotes, because GML's integers have 32 bits, and is read as a string.
# True is written as 1. A bandwidth in bits a second changes its type at 2.1 Gbit/s.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check networkx==3.6.1

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
import networkx

graph = networkx.Graph()
graph.add_edge("a", "b", fast=2**31, slow=2**31 - 1, up=True)
networkx.write_gml(graph, "types.gml")
print(networkx.read_gml("types.gml")["a"]["b"])
PROGRAM
)
expected=$(cat <<'EXPECTED'
{'fast': '2147483648', 'slow': 2147483647, 'up': 1}
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
