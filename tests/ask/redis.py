#!/usr/bin/env python3
"""Adapter for a Redis server: reads one request of the harness as JSON and prints the answer as JSON."""
import json, subprocess, sys

request = json.load(sys.stdin)
arguments = request["arguments"]


def redis(*words):
    line = ["redis-cli", "-h", request["host"], "-p", str(request["port"]), "--json", *words]
    said = subprocess.run(line, capture_output=True, text=True, timeout=5)
    try:
        return json.loads(said.stdout)
    except ValueError:
        answer(error={"code": "refused", "message": (said.stdout + said.stderr).strip()})


def answer(**said):
    print(json.dumps(said))
    sys.exit()


match request["command"]:
    case "get":
        value = redis("GET", *arguments)
        answer(error={"code": "absent", "message": "no such key"}) if value is None else answer(ok=value)
    case "set":
        answer(ok=redis("SET", *arguments) == "OK")
    case "delete":
        answer(ok=redis("DEL", *arguments) == 1)
    case "keys":
        answer(ok=redis("KEYS", "*"))
    case "count":
        answer(ok=redis("DBSIZE"))
    case "addPeer":
        peer = request["peer"]
        answer(ok=redis("REPLICAOF", peer["host"], str(peer["port"])) == "OK")
    case command:
        answer(error={"code": "unsupported", "message": f"Redis is not asked for {command}"})
