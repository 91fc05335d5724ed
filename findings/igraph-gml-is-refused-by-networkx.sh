#!/usr/bin/env bash
# igraph and networkx: networkx does not read igraph's GML, and names of attributes lose characters.
#
# Versions: igraph 1.0.0 for Python, networkx 3.6.1.
# Expected: igraph writes the names of vertices as `label`, which networkx requires by default. It writes
# an attribute `rtt_ms` as `rtt_ms`, or warns that it does not.
# Observed: igraph writes the names as `name`, and networkx.read_gml raises. `rtt_ms` is `rttms` after
# the round trip. If the attribute is called `label`, networkx reads the file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check igraph==1.0.0 networkx==3.6.1

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
import igraph
import networkx

graph = igraph.Graph([(0, 1)])
graph.vs["name"] = ["a", "b"]
graph.es["rtt_ms"] = [20]
graph.write_gml("names.gml")
try:
    networkx.read_gml("names.gml")
except networkx.NetworkXError as error:
    print(error)
print(list(networkx.read_gml("names.gml", label="name").edges(data=True)))
PROGRAM
)
expected=$(cat <<'EXPECTED'
node #0 has no 'label' attribute
[('a', 'b', {'rttms': 20})]
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
