#!/usr/bin/env bash
# aiocoap and coap (npm): an upload that takes more than one block fails, while downloads of any size work.
#
# Versions: aiocoap 0.4.17 from PyPI as the client, coap 1.5.0 from npm as the server.
# Expected: both have block-wise transfer (RFC 7959), in which each block is a request of its own with a token of its
# own. What fits into one packet works, and so does what does not.
# Observed: the server puts the blocks together that have the same token. aiocoap takes another one for each block, so
# that the last block is refused with 5.00, "Byte offset not the next in line". A reading of 1,000 bytes is stored, and
# one of 2,000 never is. Downloads work at both sizes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check aiocoap==0.4.17
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund coap@1.5.0

cat >server.cjs <<'PROGRAM'
const coap = require('coap')

// Returns as many bytes as the query says, or says how many bytes it was sent.
const server = coap.createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(Buffer.alloc(Number(request.url.split('?')[1]), 'x'))
  } else {
    response.code = '2.04'
    response.end(`${request.payload.length}`)
  }
})
server.listen(0, '127.0.0.1', () => console.log(server._port ?? server._sock.address().port))
PROGRAM

cat >program.py <<'PROGRAM'
import asyncio
import subprocess

import aiocoap


async def run(port):
    client = await aiocoap.Context.create_client_context()
    for size in 1000, 2000, 5000:
        got = await client.request(aiocoap.Message(code=aiocoap.GET, uri=f"coap://127.0.0.1:{port}/?{size}")).response
        print(f"download of {size}: {got.code}, {len(got.payload)} bytes")
        message = aiocoap.Message(code=aiocoap.PUT, uri=f"coap://127.0.0.1:{port}/", payload=b"x" * size)
        got = await client.request(message).response
        print(f"upload of {size}: {got.code}, {got.payload.decode()}")
    await client.shutdown()


server = subprocess.Popen(["node", "server.cjs"], stdout=subprocess.PIPE, text=True)
try:
    asyncio.run(run(server.stdout.readline().strip()))
finally:
    server.kill()
    server.wait()
PROGRAM
seen=$(venv/bin/python program.py)
expected=$(cat <<'EXPECTED'
download of 1000: 2.05 Content, 1000 bytes
upload of 1000: 2.04 Changed, 1000
download of 2000: 2.05 Content, 2000 bytes
upload of 2000: 5.00 Internal Server Error, Byte offset not the next in line...
download of 5000: 2.05 Content, 5000 bytes
upload of 5000: 5.00 Internal Server Error, Byte offset not the next in line...
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
