#!/usr/bin/env bash
# serf: an agent with a snapshot handles an old event a second time after a crash.
#
# Version: serf 0.9.4 (Debian 12, package serf; `serf version` says 0.8.2-dev).
# Expected: a snapshot spares an agent the events that it has handled before its restart, as the manual says.
# After a crash the events of the last moment may come again, as the file is flushed each half second.
# Observed: it is flushed only when something is written, and not within half a second of the last time. Of two
# events in short succession the second stays in the memory of the process, until another one comes. Killed 5 s
# later, and started anew, the agent handles that event again, though `replay` is off. Terminated (SIGTERM) it
# does not.
set -euo pipefail
[[ $(dpkg-query --show --showformat '${Version}' serf) == 0.9.4* ]] || { echo 'serf 0.9.4 is needed'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >"$folder/program.py" <<'PROGRAM'
import collections
import os
import signal
import socket
import subprocess
import time


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


def handled():
    """The payloads of the events that the handler of b was called for."""
    if not os.path.exists("handled"):
        return []
    with open("handled") as file:
        return file.read().split()


def run(ending):
    os.mkdir(ending.name)
    os.chdir(ending.name)
    gossip_a, rpc_a, gossip_b, rpc_b = free_ports(4)
    agents, first = [], 0

    def start(name, gossip, rpc, *more):
        command = ["serf", "agent", f"-node={name}", f"-bind=127.0.0.1:{gossip}", f"-rpc-addr=127.0.0.1:{rpc}", *more]
        agents.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        until("an agent", lambda: members(rpc))

    def members(rpc):
        command = ["serf", "members", f"-rpc-addr=127.0.0.1:{rpc}", "-status=alive"]
        done = subprocess.run(command, capture_output=True, text=True)
        return sorted(line.split()[0] for line in done.stdout.splitlines())

    def send(payload):
        subprocess.run(["serf", "event", f"-rpc-addr=127.0.0.1:{rpc_b}", "-coalesce=false", "e", payload],
                       check=True, stdout=subprocess.DEVNULL)

    def saved():
        """The clock of the last event in the snapshot."""
        with open("b.snapshot") as file:
            return max([int(line.split()[1]) for line in file if line.startswith("event-clock:")], default=0)

    def start_b(*more):
        handler = "-event-handler=user:e=cat >>handled; echo >>handled"
        start("b", gossip_b, rpc_b, "-snapshot=b.snapshot", handler, *more)
        until("two members", lambda: members(rpc_a) == members(rpc_b) == ["a", "b"])

    try:
        start("a", gossip_a, rpc_a)
        start_b(f"-join=127.0.0.1:{gossip_a}")
        # On a slow machine the two are more than half a second apart: once more then.
        for attempt in range(20):
            time.sleep(2)
            send(f"{attempt}-one")
            until("a first clock", saved)
            first = first or saved()
            send(f"{attempt}-two")
            until("the event", lambda: f"{attempt}-two" in handled())
            time.sleep(5)
            if saved() - first < 2 * attempt + 1:
                break
        agents[-1].send_signal(ending)
        agents[-1].wait()
        print(f"{ending.name}: the last clock is in the snapshot: {saved() - first == 2 * attempt + 1}")
        # It finds a in its snapshot.
        start_b()
        send("last")
        until("the event", lambda: "last" in handled())
        time.sleep(2)
        times = collections.Counter(handled())
        print(f"{ending.name}: handled:", [times[f"{attempt}-{name}"] for name in ("one", "two")])
    finally:
        for one in agents:
            one.kill()
            one.wait()
        os.chdir("..")


run(signal.SIGTERM)
run(signal.SIGKILL)
PROGRAM
seen=$(python3 "$folder/program.py")
expected=$(cat <<'EXPECTED'
SIGTERM: the last clock is in the snapshot: True
SIGTERM: handled: [1, 1]
SIGKILL: the last clock is in the snapshot: False
SIGKILL: handled: [1, 2]
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
