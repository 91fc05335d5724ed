#!/usr/bin/env bash
# networkx and igraph: a GraphML graph inside of a node loses all nodes that no outer link names.
#
# Versions: networkx 3.6.1, igraph 1.0.0 for Python.
# Expected: nested graphs, which the GraphML primer describes, are flattened to four nodes and two links.
# Or they are refused with an error, as networkx refuses hyperedges.
# Observed: both readers return three nodes and one link, without a warning. `rack::y` and its link are
# missing. `rack::x` is there because an outer link names it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check networkx==3.6.1 igraph==1.0.0

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
import igraph
import networkx

text = '''<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">
  <node id="rack"><graph id="rack:" edgedefault="undirected">
    <node id="rack::x"/><node id="rack::y"/><edge source="rack::x" target="rack::y"/>
  </graph></node>
  <node id="b"/><edge source="rack::x" target="b"/>
</graph></graphml>'''
graph = networkx.parse_graphml(text)
print("networkx", sorted(graph.nodes), [sorted(edge) for edge in graph.edges])
with open("nested.graphml", "w") as file:
    file.write(text)
graph = igraph.Graph.Read_GraphML("nested.graphml")
names = graph.vs["id"]
print("igraph", sorted(names), [sorted(names[end] for end in edge) for edge in graph.get_edgelist()])
PROGRAM
)
expected=$(cat <<'EXPECTED'
networkx ['b', 'rack', 'rack::x'] [['b', 'rack::x']]
igraph ['b', 'rack', 'rack::x'] [['b', 'rack::x']]
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
