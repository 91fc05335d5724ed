#!/usr/bin/env python3
"""A replicated store whose nodes send each other the addresses at which they listen.

    node.py PORT MANNER [HOST]

MANNER is one of these:
  given  dials the given addresses and no others
  told   also dials the addresses that other nodes sent, and replicates over those connections alone
  brief  for each write, dials the addresses that other nodes sent, and sends it over those connections

Requests of the adapter and messages of nodes are lines of JSON at the same port.
"""
import json
import socket
import sys
import threading
import time

port, manner = int(sys.argv[1]), sys.argv[2]
host = "127.0.0.1" if len(sys.argv) < 4 else sys.argv[3]
store, links, told, lock = {}, set(), set(), threading.RLock()


def say(stream, **words):
    with lock:
        try:
            stream.sendall((json.dumps(words) + "\n").encode())
        except OSError:
            links.discard(stream)


def merge(pairs):
    """Stores the first value of each key. Returns the pairs that were new."""
    with lock:
        new = {key: value for key, value in pairs.items() if key not in store}
        store.update(new)
    return new


def spread(pairs):
    with lock:
        streams, ports = list(links), list(told)
    for stream in streams:
        say(stream, merge=pairs)
    for address in ports if manner == "brief" else []:
        with socket.create_connection(address) as stream:
            say(stream, merge=pairs, bye=True)
            stream.makefile().readline()


def meet(address):
    """Remembers the address of another node, and dials it in the manner `told`."""
    with lock:
        is_new = address not in told
        told.add(address)
    if is_new and manner == "told":
        threading.Thread(target=keep_dialling, args=(address, False), daemon=True).start()


def keep_dialling(address, given):
    while True:
        try:
            stream = socket.create_connection(address)
        except OSError:
            time.sleep(0.02)
            continue
        if given:
            say(stream, hello=[host, port])
        speak(stream, given)
        time.sleep(0.02)


def speak(stream, given):
    if manner == "given" or not given:
        with lock:
            links.add(stream)
            say(stream, merge=store)
    try:
        for line in stream.makefile():
            hear(stream, json.loads(line))
    except (OSError, ValueError):
        pass
    with lock:
        links.discard(stream)
    stream.close()


def hear(stream, words):
    if "merge" in words:
        new = merge(words["merge"])
        if words.get("bye"):
            say(stream, ok=True)
        elif new:
            spread(new)
    elif "hello" in words or "welcome" in words:
        if "hello" in words:
            say(stream, welcome=[host, port])
            if manner == "given":
                with lock:
                    links.add(stream)
                    say(stream, merge=store)
        if manner != "given":
            meet(tuple(words.get("hello") or words["welcome"]))
    elif "command" in words:
        say(stream, **answer(words["command"], words["arguments"], words.get("peer")))


def answer(command, arguments, peer):
    if command == "get":
        value = store.get(arguments[0])
        return {"error": {"code": "absent"}} if value is None else {"ok": value}
    if command == "set":
        merge({arguments[0]: arguments[1]})
        spread({arguments[0]: arguments[1]})
        return {"ok": True}
    if command == "keys":
        return {"ok": sorted(store)}
    if command == "addPeer":
        address = (peer["host"], peer["port"])
        threading.Thread(target=keep_dialling, args=(address, True), daemon=True).start()
        return {"ok": True}
    return {"error": {"code": "unsupported"}}


server = socket.create_server((host, port))
while True:
    accepted, _ = server.accept()
    threading.Thread(target=speak, args=(accepted, True), daemon=True).start()
