#!/usr/bin/env bash
# aiocoap and coap (npm): an observer whose server starts anew waits for ever, with an old value.
#
# Versions: aiocoap 0.4.17 from PyPI, coap 1.5.0 from npm.
# Expected: a notification is fresh for its Max-Age. If no other one comes, the observer registers again (RFC 7641,
# 3.3.1), or tells the program that it no longer observes.
# Observed: neither client does. A server that is killed and started again has no observers; the client gets no value,
# no end and no error, for five times the Max-Age, although the server answers a request of the same client.
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

// Sends its observers a value each half second, with a Max-Age of 2 s.
const [port, value] = process.argv.slice(2)
const server = coap.createServer((request, response) => {
  if (request.headers.Observe !== 0) return response.end(value)
  response.setOption('Max-Age', 2)
  response.write(value)
  const timer = setInterval(() => response.write(value), 500)
  response.on('finish', () => clearInterval(timer))
})
server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
PROGRAM

cat >observer.cjs <<'PROGRAM'
const coap = require('coap')

// Writes a line for each event of the observation. Asks once when it is told to.
const request = { host: '127.0.0.1', port: Number(process.argv[2]), pathname: '/' }
const observation = coap.request({ ...request, observe: true })
observation.on('response', (response) => {
  response.on('data', (data) => console.log(`${data}`))
  response.on('end', () => console.log('end'))
  response.on('error', () => console.log('error'))
})
observation.on('error', () => console.log('error'))
observation.end()
process.stdin.on('data', () => {
  const once = coap.request(request)
  once.on('response', (response) => console.log(`answer: ${response.payload}`))
  once.end()
})
PROGRAM

cat >observer.py <<'PROGRAM'
import asyncio
import sys

import aiocoap


async def run(uri):
    client = await aiocoap.Context.create_client_context()
    request = client.request(aiocoap.Message(code=aiocoap.GET, uri=uri, observe=0))
    print((await request.response).payload.decode(), flush=True)

    async def follow():
        try:
            async for message in request.observation:
                print(message.payload.decode(), flush=True)
            print("end", flush=True)
        except aiocoap.error.Error:
            print("error", flush=True)

    task = asyncio.create_task(follow())
    await asyncio.to_thread(sys.stdin.readline)
    answer = await client.request(aiocoap.Message(code=aiocoap.GET, uri=uri)).response
    print("answer:", answer.payload.decode(), flush=True)
    await task


asyncio.run(run(f"coap://127.0.0.1:{sys.argv[1]}/"))
PROGRAM

cat >program.py <<'PROGRAM'
import socket
import subprocess
import sys
import threading
import time


def start(*command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def until(what, condition):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise SystemExit(f"not within 30 s: {what}")


def follow(observer, lines):
    for line in observer.stdout:
        lines.append(line.strip())


def run(name, *command):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port = str(one.getsockname()[1])
    running, lines = [start("node", "server.cjs", port, "old")], []
    try:
        running[0].stdout.readline()
        observer = start(*command, port)
        running.append(observer)
        threading.Thread(target=follow, args=[observer, lines], daemon=True).start()
        until("some notifications", lambda: lines.count("old") > 3)
        running[0].kill()
        running[0].wait()
        running[0] = start("node", "server.cjs", port, "new")
        running[0].stdout.readline()
        before = len(lines)
        time.sleep(10)
        print(f"{name}: events after the restart: {len(lines) - before}, last value: {lines[-1]}")
        observer.stdin.write("ask\n")
        observer.stdin.flush()
        until("an answer", lambda: lines[-1].startswith("answer"))
        print(f"{name}: {lines[-1]}")
    finally:
        for one in running:
            one.kill()
            one.wait()


run("aiocoap", sys.executable, "observer.py")
run("coap", "node", "observer.cjs")
PROGRAM
seen=$(venv/bin/python program.py)
expected=$(cat <<'EXPECTED'
aiocoap: events after the restart: 0, last value: old
aiocoap: answer: new
coap: events after the restart: 0, last value: old
coap: answer: new
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
