#!/usr/bin/env python3
"""A node that sends its peers datagrams and connections of its own, and says what it heard of them.

    probe.py HOST PORT PROBE NAME=ADDRESS,...

Requests come by HTTP at PORT. Datagrams and connections between nodes come to PROBE.
"""
import json
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

host, port, probe = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
peers = dict(word.split("=") for word in sys.argv[4].split(","))
names = {address: name for name, address in peers.items()}
heard, echoes, lock = {}, {}, threading.Condition()
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
datagrams.bind((host, probe))
listener = socket.create_server((host, probe), backlog=16)


def hear():
    while True:
        text, address = datagrams.recvfrom(65536)
        kind, number = text.split()[:2]
        with lock:
            if kind == b"number":
                heard.setdefault(names[address[0]], []).append((int(number), time.monotonic()))
            elif kind == b"echo":
                echoes[number] = time.monotonic()
            lock.notify_all()
        if kind == b"ask":
            datagrams.sendto(b"echo " + number, address)


def answer():
    while True:
        stream, _ = listener.accept()
        threading.Thread(target=echo, args=(stream,), daemon=True).start()


def echo(stream):
    with stream:
        while data := stream.recv(65536):
            stream.sendall(data)


def ms(since):
    return int((time.monotonic() - since) * 1000)


def send(to, count, size):
    """Sends numbered datagrams of so many bytes, as fast as it can."""
    for number in range(int(count)):
        datagrams.sendto(b"number %d " % number + bytes(int(size)), (peers[to], probe))


def ping(to):
    """Returns the milliseconds until a datagram was answered, or `none` after a second's silence."""
    began, number = time.monotonic(), b"%d" % time.monotonic_ns()
    datagrams.sendto(b"ask " + number, (peers[to], probe))
    with lock:
        there = lock.wait_for(lambda: number in echoes, timeout=1)
    return ms(began) if there else "none"


def dial(to, size):
    """Returns the milliseconds in which a new connection carried so many bytes there and back."""
    began, size = time.monotonic(), int(size)
    with socket.create_connection((peers[to], probe)) as stream:
        threading.Thread(target=stream.sendall, args=(bytes(size),), daemon=True).start()
        while size > 0:
            size -= len(stream.recv(65536))
    return ms(began)


def numbers(of):
    """Returns the numbers heard from a peer, in the order of their arrival."""
    with lock:
        return " ".join(str(number) for number, _ in heard.get(of, []))


def count(of):
    with lock:
        return len(heard.get(of, []))


def span(of):
    """Returns the milliseconds from the first datagram of a peer to the last."""
    with lock:
        times = [at for _, at in heard.get(of, [])]
    return int((times[-1] - times[0]) * 1000)


class Requests(BaseHTTPRequestHandler):
    def do_GET(self):
        _, command, *words = self.path.split("/")
        result = {"send": send, "ping": ping, "dial": dial, "numbers": numbers, "count": count, "span": span}[
            command
        ](*words)
        body = json.dumps({"result": result}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


for work in (hear, answer):
    threading.Thread(target=work, daemon=True).start()
ThreadingHTTPServer((host, port), Requests).serve_forever()
