#!/usr/bin/env bash
# BIND, Knot and NSD: if the primary comes back with an older zone, two secondaries follow it in the end, and one
# stops answering.
#
# Versions: bind9 9.18.49, knot 3.2.6, nsd 4.6.1 (Debian 12, packages bind9, bind9-dnsutils, knot and nsd).
# Expected: a primary that is restored from a backup has a lower serial number. Its secondaries ignore it, and all do
# the same from then on: they go on with what they have, since the primary does answer, or they expire.
# Observed: all three have the newer zone until its time of expiry (SOA) is over. Then BIND and Knot load the older
# zone, and answer with records that had been replaced. NSD answers SERVFAIL for as long as the number of the primary
# is lower, and is back when it is higher. Clients of one domain get old records or an error, by chance.
set -euo pipefail
PATH=$PATH:/usr/sbin
[[ $(named -V) == 'BIND 9.18.49'* ]] || { echo 'bind9 9.18.49 is needed'; exit 2; }
[[ $(knotd --version) == *'version 3.2.6' ]] || { echo 'knot 3.2.6 is needed'; exit 2; }
[[ $(nsd -v 2>&1) == 'NSD version 4.6.1'* ]] || { echo 'nsd 4.6.1 is needed'; exit 2; }
unshare --user --map-root-user --pid --fork true || { echo 'process namespaces are needed'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >program.py <<'PROGRAM'
import os
import socket
import subprocess
import time

EXPIRY = 6
FOLDER = os.getcwd()


def free_ports(count):
    """Ports that are free for TCP and for UDP."""
    found, sockets = [], []
    while len(found) < count:
        listener = socket.create_server(("127.0.0.1", 0))
        sockets.append(listener)
        port = listener.getsockname()[1]
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sockets.append(datagrams)
        try:
            datagrams.bind(("127.0.0.1", port))
            found.append(port)
        except OSError:
            pass
    for one in sockets:
        one.close()
    return found


PRIMARY, BIND, KNOT, NSD = free_ports(4)

NAMED = """
options {{
    directory "{folder}/{name}"; session-keyfile "{folder}/{name}/key"; pid-file none; listen-on-v6 {{ none; }};
    listen-on port {port} {{ 127.0.0.1; }}; recursion no; dnssec-validation no; notify no;
    allow-transfer {{ any; }};
}};
controls {{ }};
zone "test" {{ {zone} }};
"""

KNOT_CONFIGURATION = f"""
server:
    listen: 127.0.0.1@{KNOT}
    rundir: {FOLDER}/knot
database:
    storage: {FOLDER}/knot
remote:
  - id: primary
    address: 127.0.0.1@{PRIMARY}
zone:
  - domain: test
    storage: {FOLDER}/knot
    file: zone
    master: primary
    refresh-min-interval: 2
    retry-min-interval: 1
    expire-min-interval: 3
"""

NSD_CONFIGURATION = f"""
server:
    ip-address: 127.0.0.1@{NSD}
    username: ""
    chroot: ""
    zonesdir: "{FOLDER}/nsd"
    database: ""
    pidfile: ""
    zonelistfile: "{FOLDER}/nsd/list"
    xfrdfile: "{FOLDER}/nsd/xfrd"
    xfrdir: "{FOLDER}/nsd"
    server-count: 1
remote-control:
    control-enable: no
zone:
    name: test
    zonefile: zone
    request-xfr: 127.0.0.1@{PRIMARY} NOKEY
    min-refresh-time: 1
    min-retry-time: 1
    min-expire-time: 3
"""


def start(*command):
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def named(name, port, zone):
    os.makedirs(name, exist_ok=True)
    with open(f"{name}.conf", "w") as file:
        file.write(NAMED.format(folder=FOLDER, name=name, port=port, zone=zone))
    return start("named", "-f", "-c", f"{FOLDER}/{name}.conf")


def primary(serial, address):
    """A primary whose zone has this number, and one host."""
    os.makedirs("primary", exist_ok=True)
    with open("primary/zone", "w") as file:
        file.write(f"$TTL 60\n@ SOA ns.test. admin.test. {serial} 1 1 {EXPIRY} 60\n@ NS ns.test.\nns A 127.0.0.1\n"
                   f"host A {address}\n")
    return named("primary", PRIMARY, 'type primary; file "zone";')


def answer(port):
    command = ["dig", "+tries=1", "+time=2", "@127.0.0.1", "-p", str(port), "host.test", "A"]
    text = subprocess.run(command, capture_output=True, text=True).stdout
    addresses = [line.split()[-1] for line in text.splitlines() if line.startswith("host.test.")]
    if addresses:
        return addresses[0]
    return text.split("status: ")[1].split(",")[0] if "status: " in text else "none"


def answers():
    return {name: answer(port) for name, port in (("BIND", BIND), ("Knot", KNOT), ("NSD", NSD))}


def show(when, found):
    print(f"{when}:", ", ".join(f"{name} {one}" for name, one in found.items()))


def until(what, condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.2)
    raise SystemExit(f"not within 60 s: {what}; {answers()}")


def all_have(address):
    return lambda: set(answers().values()) == {address}


def stop(one):
    one.terminate()
    one.wait()


for name, text in ("knot", KNOT_CONFIGURATION), ("nsd", NSD_CONFIGURATION):
    os.mkdir(name)
    with open(f"{name}.conf", "w") as file:
        file.write(text)
servers = [primary(100, "192.0.2.100")]
try:
    until("a primary", lambda: answer(PRIMARY) == "192.0.2.100")
    servers.append(named("bind", BIND, f'type secondary; file "zone"; primaries {{ 127.0.0.1 port {PRIMARY}; }};'
                                       "min-refresh-time 1; min-retry-time 1;"))
    servers.append(start("knotd", "-c", f"{FOLDER}/knot.conf"))
    servers.append(start("nsd", "-d", "-c", f"{FOLDER}/nsd.conf"))
    until("the zone at all", all_have("192.0.2.100"))
    show("number 100", answers())

    stop(servers[0])
    servers[0] = primary(50, "192.0.2.50")
    until("the older primary", lambda: answer(PRIMARY) == "192.0.2.50")
    show("the primary answers with number 50", answers())
    until("the end of the zone", lambda: "192.0.2.100" not in answers().values())
    time.sleep(15)
    show("long after the time of expiry", answers())

    stop(servers[0])
    servers[0] = primary(101, "192.0.2.101")
    until("the newest zone at all", all_have("192.0.2.101"))
    show("number 101", answers())
finally:
    for one in servers:
        stop(one)
PROGRAM
# In a namespace of its own, which takes the children of NSD along when it ends.
seen=$(unshare --user --map-root-user --pid --fork --kill-child python3 program.py)
expected=$(cat <<'EXPECTED'
number 100: BIND 192.0.2.100, Knot 192.0.2.100, NSD 192.0.2.100
the primary answers with number 50: BIND 192.0.2.100, Knot 192.0.2.100, NSD 192.0.2.100
long after the time of expiry: BIND 192.0.2.50, Knot 192.0.2.50, NSD SERVFAIL
number 101: BIND 192.0.2.101, Knot 192.0.2.101, NSD 192.0.2.101
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
