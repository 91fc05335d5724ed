#!/usr/bin/env bash
# kazoo: a lock says that it is held after another process has it, and cannot be had again when it is free.
#
# Versions: kazoo 2.11.0 from PyPI, ZooKeeper 3.8.0 (Debian 12, package zookeeper).
# Expected: a process that stands still for longer than its session has lost its locks. Once it is connected again,
# `is_acquired` is false, and acquire() waits for the lock like that of any other process.
# Observed: `is_acquired` stays true, although the process is connected with a new session and another one is the only
# contender. When that one releases the lock, acquire() does not take it: it waits until its timeout, for a lock that
# nobody has. release() says true, for what it did not have, and only after it acquire() works again.
set -euo pipefail
version=$(dpkg-query --show --showformat '${Version}' zookeeper || true)
[[ $version == 3.8.0* ]] || { echo 'ZooKeeper 3.8.0 is needed'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check kazoo==2.11.0
cd "$folder"

cat >program.py <<'PROGRAM'
import logging
import signal
import socket
import subprocess
import sys
import time

from kazoo.client import KazooClient, KazooState

logging.disable()
SERVER = ["java", "-Xmx128m", "-cp", "/usr/share/java/zookeeper.jar",
          "org.apache.zookeeper.server.quorum.QuorumPeerMain", "zoo.cfg"]


def connect(port):
    client = KazooClient(f"127.0.0.1:{port}", timeout=4)
    client.start(timeout=60)
    return client


def owner(port):
    """The process that is frozen; it answers each line of its input with one of its output."""
    client = connect(port)
    lock = client.Lock("/lock", "first")
    lock.acquire(timeout=30)
    session = client.client_id[0]

    def state():
        deadline = time.monotonic() + 30
        while client.state != KazooState.CONNECTED or not client.client_id or client.client_id[0] == session:
            if time.monotonic() > deadline:
                raise SystemExit("no new session within 30 s")
            time.sleep(0.1)
        return f"connected with a new session, is_acquired {lock.is_acquired}, contenders {lock.contenders()}"

    def acquire():
        return f"acquire: {lock.acquire(timeout=5)}, contenders {lock.contenders()}"

    def release():
        return f"release: {lock.release()}"

    print("acquired", flush=True)
    for line in sys.stdin:
        print({"state": state, "acquire": acquire, "release": release}[line.strip()](), flush=True)


def run():
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    with open("zoo.cfg", "w") as file:
        file.write(f"dataDir=data\nclientPort={port}\nclientPortAddress=127.0.0.1\ntickTime=1000\n"
                   "admin.enableServer=false\n")
    running = [subprocess.Popen(SERVER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)]
    try:
        client = connect(port)
        first = subprocess.Popen([sys.executable, __file__, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 text=True)
        running.append(first)
        first.stdout.readline()

        def ask(what):
            first.stdin.write(f"{what}\n")
            first.stdin.flush()
            print("first:", first.stdout.readline().strip())

        first.send_signal(signal.SIGSTOP)
        lock = client.Lock("/lock", "second")
        print("second: acquire:", lock.acquire(timeout=60), "while the first is frozen")
        first.send_signal(signal.SIGCONT)
        ask("state")
        print("second: release:", lock.release(), "contenders:", lock.contenders())
        ask("acquire")
        ask("release")
        ask("acquire")
        client.stop()
        client.close()
    finally:
        for one in running:
            one.kill()
            one.wait()


if len(sys.argv) > 1:
    owner(sys.argv[1])
else:
    run()
PROGRAM
seen=$(venv/bin/python program.py)
expected=$(cat <<'EXPECTED'
second: acquire: True while the first is frozen
first: connected with a new session, is_acquired True, contenders ['second']
second: release: True contenders: []
first: acquire: False, contenders []
first: release: True
first: acquire: True, contenders ['first']
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
