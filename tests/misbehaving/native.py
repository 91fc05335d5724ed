"""A node with the part of the native protocol that the harness uses. It misbehaves in one way.

    native.py HOST PORT HOW

HOW is one of these:
  changes    sends `changed` without end, with sequence numbers that go back
  unchanged  sends `changed` without end, with sequence numbers in order but no change
  versions   sends `stored` without end
  never      answers request 999, which was never made
  refuses    refuses `watch`
  garbage    answers with text that is no message
  pages      answers with a page of keys that does not follow the one before
  twice      answers each request twice
  nothing    does not misbehave
"""
import base64, hashlib, itertools, json, os, socket, struct, sys, threading

host, port, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
CHANGE = {"incarnation": 1, "count": 0, "fingerprint": "0" * 32, "peers": 0}


def frame(words):
    text = (words if isinstance(words, str) else json.dumps(words)).encode()
    length = len(text)
    head = bytes([length]) if length < 126 else b"\x7e" + struct.pack(">H", length)
    return b"\x81" + head + text


def changed(sequence):
    return frame({"type": "changed", "sequence": sequence, **CHANGE})


def stored(number):
    return frame({"type": "stored", "key": f"k{number}", "stamp": "1.0", "author": "ab" * 16, "rank": "00" * 60})


def requests(stream):
    """Yields the requests of the client, whose frames are masked."""
    while True:
        head = stream.read(2)
        if len(head) < 2 or head[0] & 15 == 8:
            return
        length = head[1] & 127
        if length == 126:
            length = struct.unpack(">H", stream.read(2))[0]
        mask = stream.read(4)
        yield json.loads(bytes(byte ^ mask[at % 4] for at, byte in enumerate(stream.read(length))))


def answer(socket, asked):
    kind, number = asked["type"], asked["id"]
    watching = {"id": number, "result": {"type": "watching", "sequence": 0, **CHANGE}}
    if kind == "watch" and how == "refuses":
        return socket.sendall(frame({"id": number, "error": {"code": "refused", "message": "not here"}}))
    if kind == "watch":
        socket.sendall(frame(watching))
        if how == "changes":
            some = b"".join(changed(sequence) for sequence in range(1, 3000))
            while True:
                socket.sendall(some)
        if how == "unchanged":
            for first in itertools.count(1, 1000):
                socket.sendall(b"".join(changed(sequence) for sequence in range(first, first + 1000)))
        if how == "versions":
            some = b"".join(stored(number) for number in range(1000))
            while True:
                socket.sendall(some)
        if how == "never":
            socket.sendall(frame({"id": 999, "result": {"type": "count", "count": 7}}))
        return None
    if how == "garbage":
        return socket.sendall(frame("what?"))
    if how == "pages":
        return socket.sendall(frame({"id": number, "result": {"type": "keys", "keys": ["k"], "more": True}}))
    reply = frame({"id": number, "result": {"type": "count", "count": 7}})
    return socket.sendall(reply * (2 if how == "twice" else 1))


def serve(socket):
    stream = socket.makefile("rb")
    key = b""
    while (line := stream.readline().strip()):
        name, _, value = line.partition(b":")
        key = value.strip() if name.lower() == b"sec-websocket-key" else key
    if not key:
        return
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
    socket.sendall(f"HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode())
    try:
        for asked in requests(stream):
            answer(socket, asked)
    except OSError:
        pass


server = socket.create_server((host, port))
while True:
    accepted, _ = server.accept()
    threading.Thread(target=serve, args=(accepted,), daemon=True).start()
