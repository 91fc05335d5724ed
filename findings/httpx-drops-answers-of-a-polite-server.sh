#!/usr/bin/env bash
# httpx and Node.js: a server that closes an HTTP/2 connection in good order still answers, and the client has hung up.
#
# Versions: httpx 0.28.1 (with httpcore 1.0.9 and h2 4.4.1), http2 of Node.js 20.
# Expected: GOAWAY with NO_ERROR names the last request that the server carries out, and the answers up to that one
# still come (RFC 9113, 6.8). Node.js sends it when a session is closed. A client waits for its answer, and opens
# another connection for its next request.
# Observed: httpx raises RemoteProtocolError for the request that is under way, although GOAWAY names it as carried
# out and the answer follows. A client that sends it again has it carried out twice. The client of Node.js gets the
# answer.
set -euo pipefail
[[ $(node --version) == v20.* ]] || { echo 'Node.js 20 is needed'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check httpx==0.28.1 httpcore==1.0.9 h2==4.4.1
cd "$folder"

cat >server.mjs <<'PROGRAM'
import http2 from 'node:http2'

const server = http2.createServer()
let count = 0
server.on('stream', (stream, headers) => {
  if (headers[':path'] === '/count') {
    stream.respond({ ':status': 200 })
    stream.end(`${count}`)
    return
  }
  count += 1
  stream.session.close() // GOAWAY now, and the end of the connection after the last answer
  setTimeout(() => {
    if (stream.destroyed) return // the client has hung up
    stream.respond({ ':status': 200 })
    stream.end(`added, count is ${count}`)
  }, 300)
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
PROGRAM

cat >client.mjs <<'PROGRAM'
import http2 from 'node:http2'

const session = http2.connect(`http://127.0.0.1:${process.argv[2]}`)
session.once('goaway', (code, last) => console.log(`Node.js: GOAWAY with code ${code}, last request ${last}`))
const request = session.request({ ':method': 'POST', ':path': '/add' })
let text = ''
request.on('data', (data) => { text += data })
request.on('end', () => console.log('Node.js:', text))
request.on('error', (error) => console.log('Node.js:', error.code))
request.end()
PROGRAM

cat >program.py <<'PROGRAM'
import subprocess

import httpx


def post(client, url):
    try:
        return client.post(f"{url}/add").text
    except httpx.RemoteProtocolError as error:
        return f"RemoteProtocolError: {error}"


server = subprocess.Popen(["node", "server.mjs"], stdout=subprocess.PIPE, text=True)
try:
    port = server.stdout.readline().strip()
    url = f"http://127.0.0.1:{port}"
    with httpx.Client(http1=False, http2=True) as client:
        print("httpx:", post(client, url))
        print("count:", client.get(f"{url}/count").text)
        print("httpx, again:", post(client, url))
        print("count:", client.get(f"{url}/count").text)
    print(subprocess.run(["node", "client.mjs", port], capture_output=True, text=True, timeout=20).stdout.strip())
finally:
    server.kill()
    server.wait()
PROGRAM
seen=$("$folder/venv/bin/python" program.py)
expected=$(cat <<'EXPECTED'
httpx: RemoteProtocolError: <ConnectionTerminated error_code:0, last_stream_id:1, additional_data:None>
count: 1
httpx, again: RemoteProtocolError: <ConnectionTerminated error_code:0, last_stream_id:3, additional_data:None>
count: 2
Node.js: GOAWAY with code 0, last request 1
Node.js: added, count is 3
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
