#!/usr/bin/env bash
# pylibmc, uhashring and hashring: three rings called Ketama agree, unless the servers have the default port.
#
# Versions: pylibmc 1.6.3 (libmemcached 1.0.16), uhashring 2.5 from PyPI; hashring 3.2.0 from npm.
# Expected: Ketama is one way to place keys, so that clients of several languages share a set of memcached servers. It
# takes `ketama_weighted` in pylibmc, as plain `ketama` differs anyway. Then all send a key to the same server.
# Observed: so they do on port 11311. On 11211, memcached's own port, libmemcached leaves the port out of a server's
# name and the others do not: pylibmc looks for seven of ten keys on another server. One client's write or delete
# never reaches what the others read. If uhashring is given the names without the port it agrees on 11211, and no
# longer on 11311.
set -euo pipefail
[[ $(node --version) == v20.* ]] || { echo 'Node.js 20 is needed'; exit 2; }
unshare --user --map-root-user --net true || { echo 'network namespaces are needed'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pylibmc==1.6.3 uhashring==2.5
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund hashring@3.2.0

cat >ring.cjs <<'PROGRAM'
const HashRing = require('hashring')

const [servers, keys] = JSON.parse(process.argv[2])
const ring = new HashRing(servers)
console.log(JSON.stringify(keys.map((key) => ring.get(key))))
PROGRAM

cat >program.py <<'PROGRAM'
import json
import socketserver
import subprocess
import threading

import pylibmc
import uhashring

HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
KEYS = [f"key-{i}" for i in range(600)]
asked = {}


class Cache(socketserver.StreamRequestHandler):
    """A memcached server that holds nothing and writes down where each key was looked for."""

    def handle(self):
        while line := self.rfile.readline():
            command, *keys = line.decode().split()
            if command == "get":
                asked.update((key, self.server.server_address[0]) for key in keys)
                self.wfile.write(b"END\r\n")
            else:
                self.wfile.write(b"ERROR\r\n")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def by_pylibmc(servers):
    asked.clear()
    client = pylibmc.Client(servers, behaviors={"ketama_weighted": True})
    for key in KEYS:
        client.get(key)
    return [asked[key] for key in KEYS]


def by_uhashring(servers):
    ring = uhashring.HashRing(nodes=servers, hash_fn="ketama")
    return [ring.get_node(key).split(":")[0] for key in KEYS]


def by_hashring(servers):
    command = ["node", "ring.cjs", json.dumps([servers, KEYS])]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return [server.split(":")[0] for server in found]


print("libmemcached", pylibmc.libmemcached_version)
for port in 11311, 11211:
    for host in HOSTS:
        threading.Thread(target=Server((host, port), Cache).serve_forever, daemon=True).start()
    servers = [f"{host}:{port}" for host in HOSTS]
    place = by_pylibmc(servers)
    for name, other in (("uhashring", by_uhashring(servers)), ("hashring", by_hashring(servers)),
                        ("uhashring without the port", by_uhashring(HOSTS))):
        same = sum(one == two for one, two in zip(place, other))
        print(f"port {port}, {name}: {same} of {len(KEYS)} keys where pylibmc has them")
PROGRAM
seen=$(unshare --user --map-root-user --net sh -c 'ip link set lo up && exec venv/bin/python program.py')
expected=$(cat <<'EXPECTED'
libmemcached 1.0.16
port 11311, uhashring: 600 of 600 keys where pylibmc has them
port 11311, hashring: 600 of 600 keys where pylibmc has them
port 11311, uhashring without the port: 192 of 600 keys where pylibmc has them
port 11211, uhashring: 177 of 600 keys where pylibmc has them
port 11211, hashring: 177 of 600 keys where pylibmc has them
port 11211, uhashring without the port: 600 of 600 keys where pylibmc has them
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
