#!/usr/bin/env bash
# sseclient-py: half an event is reported as an event if the connection ends in its midst.
#
# Versions: sseclient-py 1.9.0 with requests 2.34.2, compared with httpx-sse 0.4.3.
# Expected: an event ends with an empty line, and what stands before the end of the stream without one is discarded,
# as the standard for event streams says. The server sends the event again after a reconnect.
# Observed: what has arrived is reported as a whole event, with its id, so that "balance 1000000" is "balance 1". A
# client that reconnects with this id as Last-Event-ID never gets the rest. httpx-sse discards it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    sseclient-py==1.9.0 requests==2.34.2 httpx-sse==0.4.3 httpx==0.28.1

cat >"$folder/program.py" <<'PROGRAM'
import socket
import threading

import httpx
import httpx_sse
import requests
import sseclient

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
EVENTS = b"id: 1\ndata: balance 100\n\nid: 2\ndata: balance 1000000\n\n"


def serve_once(body):
    """The address of a server that answers one request with `body` and closes the connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        connection = listener.accept()[0]
        connection.recv(65536)
        connection.sendall(HEAD + body)
        connection.close()
        listener.close()

    threading.Thread(target=answer, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def by_sseclient(url):
    return [(event.id, event.data) for event in sseclient.SSEClient(requests.get(url, stream=True)).events()]


def by_httpx(url):
    with httpx.Client() as client, httpx_sse.connect_sse(client, "GET", url) as source:
        return [(event.id, event.data) for event in source.iter_sse()]


cut = EVENTS[:EVENTS.rindex(b"000000")]
for what, body in ("whole stream", EVENTS), ("cut off", cut):
    for name, read in ("sseclient-py", by_sseclient), ("httpx-sse", by_httpx):
        print(f"{what}, {name}:", read(serve_once(body)))
PROGRAM
seen=$("$folder/venv/bin/python" "$folder/program.py")
expected=$(cat <<'EXPECTED'
whole stream, sseclient-py: [('1', 'balance 100'), ('2', 'balance 1000000')]
whole stream, httpx-sse: [('1', 'balance 100'), ('2', 'balance 1000000')]
cut off, sseclient-py: [('1', 'balance 100'), ('2', 'balance 1')]
cut off, httpx-sse: [('1', 'balance 100')]
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
