#!/usr/bin/env bash
# WebSocket clients: a peer that leaves in good order without a code has crashed, for some of them.
#
# Versions: ws 8.23.0, websocket 1.0.35 and faye-websocket 0.11.4 from npm; websockets 17.4 and aiohttp 3.14.5 from
# PyPI.
# Expected: `close()` without arguments sends a Close frame without a code, as in browsers, and the other side reports
# 1005. A connection that ends without a Close frame is 1006 (RFC 6455, 7.1.5). Programs look for a peer again
# after a crash, and not after it has left.
# Observed: ws and websockets do that. websocket and aiohttp report 1006 for both, although a Close frame has
# arrived: each peer that leaves is a crash. faye-websocket reports 1000, a code that nobody sent.
set -euo pipefail
[[ $(node --version) == v20.* ]] || { echo 'Node.js 20 is needed'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check websockets==17.4 aiohttp==3.14.5
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ws@8.23.0 websocket@1.0.35 faye-websocket@0.11.4

cat >server.mjs <<'PROGRAM'
import { WebSocketServer } from 'ws'

// Leaves with a Close frame for the path /leave, and without one for /crash.
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
server.on('listening', () => console.log(server.address().port))
server.on('connection', (peer, request) => {
  peer.on('message', () => request.url === '/leave' ? peer.close() : peer.terminate())
})
PROGRAM

cat >clients.cjs <<'PROGRAM'
const [library, url] = process.argv.slice(2)

function report(code) {
  console.log(code)
  process.exit()
}

if (library === 'ws') {
  const peer = new (require('ws'))(url)
  peer.on('open', () => peer.send('go'))
  peer.on('close', report)
} else if (library === 'websocket') {
  const client = new (require('websocket').client)()
  client.on('connect', (peer) => {
    peer.on('close', report)
    peer.sendUTF('go')
  })
  client.connect(url)
} else {
  const peer = new (require('faye-websocket').Client)(url)
  peer.on('open', () => peer.send('go'))
  peer.on('close', (event) => report(event.code))
}
PROGRAM

cat >program.py <<'PROGRAM'
import asyncio
import subprocess

import aiohttp
import websockets


def by_node(library):
    def code(url):
        command = ["node", "clients.cjs", library, url]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    return code


async def by_websockets(url):
    async with websockets.connect(url) as peer:
        await peer.send("go")
        await peer.wait_closed()
        return int(peer.close_code)


async def by_aiohttp(url):
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as peer:
        await peer.send_str("go")
        async for _ in peer:
            pass
        return int(peer.close_code)


libraries = {name: by_node(name) for name in ("ws", "websocket", "faye-websocket")}
libraries["websockets"] = lambda url: asyncio.run(by_websockets(url))
libraries["aiohttp"] = lambda url: asyncio.run(by_aiohttp(url))
server = subprocess.Popen(["node", "server.mjs"], stdout=subprocess.PIPE, text=True)
try:
    port = server.stdout.readline().strip()
    for name, code in libraries.items():
        print(f"{name}: left {code(f'ws://127.0.0.1:{port}/leave')}, crashed {code(f'ws://127.0.0.1:{port}/crash')}")
finally:
    server.kill()
    server.wait()
PROGRAM
seen=$(venv/bin/python program.py)
expected=$(cat <<'EXPECTED'
ws: left 1005, crashed 1006
websocket: left 1006, crashed 1006
faye-websocket: left 1000, crashed 1006
websockets: left 1005, crashed 1006
aiohttp: left 1006, crashed 1006
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
