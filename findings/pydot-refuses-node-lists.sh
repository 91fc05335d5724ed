#!/usr/bin/env bash
# pydot: lists of nodes and negative numerals are not read.
#
# Version: pydot 4.0.1.
# Expected: pydot reads each graph that the Graphviz programs accept. Examples are `a, b -> c` (a list of
# nodes at an end of an edge) and `-1 -- b` (an id of the DOT language may be a negative numeral).
# Observed: both give a message on standard output, and the result is None instead of an error.
# Graphviz 2.43 reads both, the first as the edges a -> c and b -> c.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pydot==4.0.1

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
import contextlib
import io

import pydot

for text in ("digraph { a, b -> c }", "graph { -1 -- b }", "graph { 1 -- b }"):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        graphs = pydot.graph_from_dot_data(text)
    print(text, "is", graphs and len(graphs), "and", "Expected" if "Expected" in said.getvalue() else "nothing", "is said")
PROGRAM
)
expected=$(cat <<'EXPECTED'
digraph { a, b -> c } is None and Expected is said
graph { -1 -- b } is None and Expected is said
graph { 1 -- b } is 1 and nothing is said
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
