#!/usr/bin/env bash
# mosquitto and aedes: a second subscription at QoS 0 takes away the guarantee of the first one.
#
# Versions: mosquitto 2.0.11 (Debian 12, package mosquitto), aedes 1.2.0 from npm, with paho-mqtt 2.2.0 from PyPI.
# Expected: a message that matches several subscriptions of a client is sent with the highest QoS of these (MQTT 3.1.1,
# 3.3.5). A client with a session that dies before it acknowledges a message of QoS 1 gets it again.
# Observed: it depends on the form of the topics, and the two brokers do not agree. mosquitto takes QoS 0 of `a/+` and
# ignores QoS 1 of `a/#`; aedes takes QoS 0 of `a/#` and ignores QoS 1 of `a/+`. The message is sent once, without a
# guarantee, and is lost with the client, although its publisher has an acknowledgement. The order of the
# subscriptions does not matter.
set -euo pipefail
[[ $(mosquitto -h) == 'mosquitto version 2.0.11'* ]] || { echo 'mosquitto 2.0.11 is needed'; exit 2; }
[[ $(node --version) == v20.* ]] || { echo 'Node.js 20 is needed'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check paho-mqtt==2.2.0
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund aedes@1.2.0

cat >aedes.mjs <<'PROGRAM'
import { createServer } from 'node:net'
import { Aedes } from 'aedes'

const broker = await Aedes.createBroker()
const server = createServer(broker.handle)
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
PROGRAM

cat >program.py <<'PROGRAM'
import socket
import subprocess
import time

import paho.mqtt.client as mqtt


def until(what, condition):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise SystemExit(f"not within 30 s: {what}")


class Client:
    def __init__(self, port, name, acknowledges=True):
        self.received, self.connected, self.granted = [], False, 0
        self.mqtt = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, clean_session=False,
                                manual_ack=not acknowledges)
        self.mqtt.on_connect = lambda *_: setattr(self, "connected", True)
        self.mqtt.on_subscribe = lambda *_: setattr(self, "granted", self.granted + 1)
        self.mqtt.on_message = lambda _, __, message: self.received.append((message.payload.decode(), message.qos))
        self.mqtt.reconnect_delay_set(600, 600)
        self.mqtt.connect("127.0.0.1", port)
        self.mqtt.loop_start()
        until("a connection", lambda: self.connected)

    def subscribe(self, topic, qos):
        before = self.granted
        self.mqtt.subscribe(topic, qos)
        until("a subscription", lambda: self.granted > before)

    def publish(self, topic, text):
        until("an acknowledgement", self.mqtt.publish(topic, text, 1).is_published)

    def got(self, text):
        return [qos for one, qos in self.received if one == text]

    def die(self):
        """Closes the connection without a word to the broker."""
        self.mqtt.loop_stop()
        self.mqtt.socket().shutdown(socket.SHUT_RDWR)
        self.mqtt.socket().close()

    def leave(self):
        self.mqtt.disconnect()
        self.mqtt.loop_stop()


def run(broker, port):
    publisher = Client(port, "publisher")
    cases = [("a/+", 1), ("a/#", 1)], [("a/+", 1), ("a/#", 0)], [("a/#", 1), ("a/+", 0)]
    for number, subscriptions in enumerate(cases):
        client = Client(port, f"client-{number}", acknowledges=False)
        for topic, qos in subscriptions:
            client.subscribe(topic, qos)
        publisher.publish("a/b", "lost?")
        until("the message", lambda: client.got("lost?"))
        client.die()
        again = Client(port, f"client-{number}")
        publisher.publish("a/b", "later")
        until("the later message", lambda: again.got("later"))
        time.sleep(1)
        text = ", ".join(f"{topic} QoS {qos}" for topic, qos in subscriptions)
        print(f"{broker}: {text}: sent with QoS {max(client.got('lost?'))},",
              "again after the client's death" if again.got("lost?") else "lost with the client")
        again.leave()
    publisher.leave()


def mosquitto():
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    with open("mosquitto.conf", "w") as file:
        file.write(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    broker = subprocess.Popen(["mosquitto", "-c", "mosquitto.conf"], stderr=subprocess.DEVNULL)

    def listens():
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        except OSError:
            return False

    until("a broker", listens)
    return broker, port


def aedes():
    broker = subprocess.Popen(["node", "aedes.mjs"], stdout=subprocess.PIPE, text=True)
    return broker, int(broker.stdout.readline())


for start in mosquitto, aedes:
    broker, port = start()
    try:
        run(start.__name__, port)
    finally:
        broker.kill()
        broker.wait()
PROGRAM
seen=$(venv/bin/python program.py)
expected=$(cat <<'EXPECTED'
mosquitto: a/+ QoS 1, a/# QoS 1: sent with QoS 1, again after the client's death
mosquitto: a/+ QoS 1, a/# QoS 0: sent with QoS 1, again after the client's death
mosquitto: a/# QoS 1, a/+ QoS 0: sent with QoS 0, lost with the client
aedes: a/+ QoS 1, a/# QoS 1: sent with QoS 1, again after the client's death
aedes: a/+ QoS 1, a/# QoS 0: sent with QoS 0, lost with the client
aedes: a/# QoS 1, a/+ QoS 0: sent with QoS 1, again after the client's death
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
