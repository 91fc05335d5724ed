#!/usr/bin/env bash
# mosquitto: a bridge that connects anew makes two brokers swap their retained messages.
#
# Version: mosquitto 2.0.11 (Debian 12, packages mosquitto and mosquitto-clients).
# Expected: a retained message that is replaced at both brokers while the bridge (`topic # both`) is down: one of
# the two wins at both brokers, the later one perhaps.
# Observed: each broker sends its own message and takes that of the other, so that they have swapped them, and
# they swap again whenever the bridge connects anew, though nobody publishes anything. It is the same with
# `cleansession true`. A message that is published while the bridge is up ends it.
set -euo pipefail
[[ $(mosquitto -h) == 'mosquitto version 2.0.11'* ]] || { echo 'mosquitto 2.0.11 is needed'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >"$folder/program.py" <<'PROGRAM'
import socket
import subprocess
import threading
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


class Link:
    """Carries the bytes of a bridge to the port `target` while it is up, and closes the connection when it is not."""

    def __init__(self, port, target):
        self.port, self.target, self.listener, self.open = port, target, None, []

    def up(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, args=[self.listener], daemon=True).start()

    def down(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in self.open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.open = []

    def accept(self, listener):
        while True:
            try:
                near = listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            self.open += [near, far]
            for one, other in (near, far), (far, near):
                threading.Thread(target=self.carry, args=[one, other], daemon=True).start()

    def carry(self, one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def publish(port, value):
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-t", "k", "-q", "1", "-r", "-m", value]
    subprocess.run(command, check=True)


def retained(port):
    command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-t", "k", "-C", "1", "-W", "2"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def subscriptions():
    """How often the bridge has connected with broker a and subscribed there."""
    with open("a.log") as file:
        return file.read().count("Received SUBSCRIBE from b.bridge")


def run(clean):
    ports = free_ports(3)
    a, b = ports[:2]
    link = Link(ports[2], a)
    bridge = f"""
connection bridge
address 127.0.0.1:{link.port}
remote_clientid b.bridge
topic # both 1
cleansession {clean}
restart_timeout 1
notifications false
"""
    brokers = []
    try:
        for name, port, more in ("a", a, ""), ("b", b, bridge):
            with open(f"{name}.conf", "w") as file:
                file.write(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_dest stderr\nlog_type all\n{more}")
            with open(f"{name}.log", "w") as file:
                brokers.append(subprocess.Popen(["mosquitto", "-c", f"{name}.conf"], stdout=file, stderr=file))
        link.up()
        until("a bridge", lambda: subscriptions() == 1)
        publish(a, "first")
        until("the first message at both", lambda: retained(b) == "first")

        link.down()
        publish(a, "of a")
        publish(b, "of b")
        print(f"cleansession {clean}: apart:", retained(a), "|", retained(b))
        for n in 2, 3, 4:
            before = retained(a), retained(b)
            link.up()
            until("a bridge again", lambda: subscriptions() == n)
            until("a swap", lambda: (retained(b), retained(a)) == before)
            # And so it stays.
            time.sleep(3)
            print(f"connected, try {n - 1}:", retained(a), "|", retained(b))
            if n < 4:
                link.down()
        publish(a, "last")
        until("the last message at both", lambda: retained(a) == retained(b) == "last")
        print("published while connected:", retained(a), "|", retained(b))
    finally:
        for one in brokers:
            one.kill()
            one.wait()

run("false")
run("true")
PROGRAM
seen=$(python3 "$folder/program.py")
expected=$(cat <<'EXPECTED'
cleansession false: apart: of a | of b
connected, try 1: of b | of a
connected, try 2: of a | of b
connected, try 3: of b | of a
published while connected: last | last
cleansession true: apart: of a | of b
connected, try 1: of b | of a
connected, try 2: of a | of b
connected, try 3: of b | of a
published while connected: last | last
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
