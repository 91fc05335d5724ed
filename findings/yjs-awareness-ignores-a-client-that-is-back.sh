#!/usr/bin/env bash
# y-protocols (of Yjs): a client that connects anew and says where it is stays unseen.
#
# Versions: y-protocols 1.0.7 with yjs 13.6.33.
# Expected: a server removes the awareness state of a client whose connection is closed, with the function that
# the package has for it. The client connects anew and sends its state, which it still has. It is seen again.
# Observed: the server ignores the message, without an error. A removal leaves the clock of the client where it
# was, and a state is taken only with a greater one. The client is seen when it sets its state again, which it
# does by itself only each 15 s or so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund yjs@13.6.33 y-protocols@1.0.7

cat >"$folder/program.mjs" <<'PROGRAM'
import * as Y from 'yjs'
import * as awareness from 'y-protocols/awareness'

const client = new awareness.Awareness(new Y.Doc())
const server = new awareness.Awareness(new Y.Doc())
const connect = () =>
  awareness.applyAwarenessUpdate(server, awareness.encodeAwarenessUpdate(client, [client.clientID]), 'connection')
const disconnect = () => awareness.removeAwarenessStates(server, [client.clientID], 'connection')
const show = (when) => console.log(when + ':', JSON.stringify(server.getStates().get(client.clientID) ?? 'unseen'))

client.setLocalState({ cursor: 1 })
connect()
show('connected')
disconnect()
show('disconnected')
connect()
show('connected anew')
client.setLocalState(client.getLocalState())
connect()
show('set again')
client.destroy()
server.destroy()
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
connected: {"cursor":1}
disconnected: "unseen"
connected anew: "unseen"
set again: {"cursor":1}
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
