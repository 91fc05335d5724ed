#!/usr/bin/env bash
# ovsdb-server: one write stops all reads of a member that is without the others.
#
# Version: ovsdb-server 3.1.0 (Debian 12, package openvswitch-switch), a cluster of three.
# Expected: a member that has lost the majority cannot write. Reads there are answered with what it has (the
# manual says that each member answers reads by itself), or refused. A write that waits does not concern them.
# Observed: it depends on the moment of the write. If it comes before the leader has noticed that it is alone, it
# gets no answer, and from then on no read does, over whatever connection, until the others are back. If it comes
# after that, it gets no answer either, and all reads are answered.
set -euo pipefail
[[ $(ovsdb-server --version) == 'ovsdb-server (Open vSwitch) 3.1.0'* ]] || { echo 'version 3.1.0 is needed'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >"$folder/program.py" <<'PROGRAM'
import json
import os
import signal
import socket
import subprocess
import time

SCHEMA = {"name": "kv", "version": "1.0.0", "tables": {"pair": {"isRoot": True, "columns": {
    "key": {"type": "string"}, "value": {"type": "string"}}}}}


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def until(what, condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise SystemExit(f"not within 60 s: {what}")


def transact(name, seconds, operation):
    """The answer of the member, each time over a connection of its own, or None if there is none in time."""
    command = ["ovsdb-client", f"--timeout={seconds}", "transact", f"unix:{os.getcwd()}/{name}.sock"]
    done = subprocess.run(command + [json.dumps(["kv", operation])], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def write(name, value, seconds=10):
    return transact(name, seconds, {"op": "insert", "table": "pair", "row": {"key": "k", "value": value}})


def read(name, seconds=10):
    answer = transact(name, seconds, {"op": "select", "table": "pair", "where": [], "columns": ["value"]})
    return answer and sorted(row["value"] for row in answer[0]["rows"])


def role(name):
    done = subprocess.run(["ovs-appctl", "-t", f"{os.getcwd()}/{name}.ctl", "cluster/status", "kv"],
                          capture_output=True, text=True)
    return next((line.split()[1] for line in done.stdout.splitlines() if line.startswith("Role:")), None)


def run(title, noticed):
    os.mkdir(title)
    os.chdir(title)
    ports = dict(zip("abc", free_ports(3)))
    with open("kv.schema", "w") as file:
        json.dump(SCHEMA, file)
    members = {}
    try:
        for name, port in ports.items():
            own, first = f"tcp:127.0.0.1:{port}", f"tcp:127.0.0.1:{ports['a']}"
            if name == "a":
                command = ["ovsdb-tool", "create-cluster", "a.db", "kv.schema", own]
            else:
                command = ["ovsdb-tool", "join-cluster", f"{name}.db", "kv", own, first]
            subprocess.run(command, check=True)
            members[name] = subprocess.Popen(
                ["ovsdb-server", f"--remote=punix:{os.getcwd()}/{name}.sock", f"--unixctl={os.getcwd()}/{name}.ctl",
                 "-vconsole:off", "-vsyslog:off", "-vfile:off", f"{name}.db"])
            until("a member", lambda: role(name) == ("leader" if name == "a" else "follower"))
        until("a write", lambda: write("a", "1"))
        until("the value at all", lambda: all(read(name) == ["1"] for name in "abc"))

        for name in "bc":
            members[name].send_signal(signal.SIGSTOP)
        if noticed:
            until("a leader that steps down", lambda: role("a") != "leader")
        print(f"{title}: a write:", write("a", "2", 3))
        until("a leader that steps down", lambda: role("a") != "leader")
        print(f"{title}: reads:", [read("a", 5) for _ in range(3)])
        for name in "bc":
            members[name].send_signal(signal.SIGCONT)
        until("a read", lambda: read("a"))
        print(f"{title}: a read is answered when the others are back")
    finally:
        for one in members.values():
            one.kill()
            one.wait()
        os.chdir("..")


run("before", noticed=False)
run("after", noticed=True)
PROGRAM
seen=$(python3 "$folder/program.py")
expected=$(cat <<'EXPECTED'
before: a write: None
before: reads: [None, None, None]
before: a read is answered when the others are back
after: a write: None
after: reads: [['1'], ['1'], ['1']]
after: a read is answered when the others are back
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
