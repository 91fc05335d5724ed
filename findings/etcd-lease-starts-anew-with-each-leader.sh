#!/usr/bin/env bash
# etcd: each change of the leader gives each lease its whole time again, though nobody renews it.
#
# Version: etcd 3.4.23 (Debian 12, package etcd-server).
# Expected: a lease of 10 s that nobody renews is over after 10 s, or a moment later if a leader dies. A new
# leader goes on with what is left, all the more if the leadership was handed over in good order.
# Observed: it has its 10 s again. Moved whenever at most 5 s are left, the leadership keeps the lease alive: it
# is there after four moves and more than 15 s. Without further moves it ends.
set -euo pipefail
[[ $(etcd --version) == 'etcd Version: 3.4.23'* ]] || { echo 'etcd 3.4.23 is needed'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >"$folder/program.py" <<'PROGRAM'
import base64
import json
import socket
import subprocess
import time
import urllib.request


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def ask(port, path, **body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v3/{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def until(what, condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"not within 60 s: {what}")


def member(port):
    return ask(port, "maintenance/status")["header"]["member_id"]


def leader(clients):
    """The port of the member that all three take for the leader."""
    said = {ask(port, "maintenance/status").get("leader", "0") for port in clients}
    return next((port for port in clients if said == {member(port)}), None)


def left(port, lease):
    return int(ask(port, "lease/timetolive", ID=lease)["TTL"])


def run():
    ports = free_ports(6)
    clients, peers = ports[:3], ports[3:]
    everyone = ",".join(f"m{i}=http://127.0.0.1:{port}" for i, port in enumerate(peers))
    members = []
    try:
        for i, (client, peer) in enumerate(zip(clients, peers)):
            address, peer_address = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
            command = ["etcd", "--name", f"m{i}", "--data-dir", f"data-{i}", "--initial-cluster", everyone,
                       "--listen-client-urls", address, "--advertise-client-urls", address,
                       "--listen-peer-urls", peer_address, "--initial-advertise-peer-urls", peer_address]
            members.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        first = until("a leader", lambda: leader(clients))
        lease = ask(first, "lease/grant", TTL=10)["ID"]
        granted = time.monotonic()
        key = base64.b64encode(b"lock").decode()
        ask(first, "kv/put", key=key, value=key, lease=lease)
        again = 0
        for _ in range(4):
            now = until("a leader", lambda: leader(clients))
            until("at most 5 s left", lambda: left(now, lease) <= 5)
            follower = next(port for port in clients if port != now)
            ask(now, "maintenance/transfer-leadership", targetID=member(follower))
            until("another leader", lambda: leader(clients) not in (None, now))
            again += left(follower, lease) > 5
        keys = ask(first, "kv/range", key=key).get("count", "0")
        older = time.monotonic() - granted > 15
        print(f"more than 5 s again: {again} times; older than 15 s: {older}; keys: {keys}")
        until("the end of the lease", lambda: ask(first, "kv/range", key=key).get("count", "0") == "0")
        print("without further moves it ends")
    finally:
        for one in members:
            one.kill()
            one.wait()


run()
PROGRAM
seen=$(python3 "$folder/program.py")
expected=$(cat <<'EXPECTED'
more than 5 s again: 4 times; older than 15 s: True; keys: 1
without further moves it ends
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
