#!/usr/bin/env python3
"""Adapter that passes a request to a node and prints the answer."""
import json
import socket
import sys

request = json.load(sys.stdin)
with socket.create_connection((request["host"], request["port"])) as stream:
    stream.sendall((json.dumps(request) + "\n").encode())
    for line in stream.makefile():
        if "ok" in json.loads(line) or "error" in json.loads(line):
            print(line, end="")
            break
