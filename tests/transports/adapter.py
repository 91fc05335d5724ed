"""An adapter that stays, for tests: it asks the lines server of `lines.js` over one connection each, and answers in the
reverse order of what came together."""
import json
import socket
import sys
import threading

host, port, manner = sys.argv[1], int(sys.argv[2]), (sys.argv + ["plain"])[3]
output = threading.Lock()


def ask(line):
    with socket.create_connection((host, port)) as connection:
        connection.sendall(line.encode() + b"\n")
        return connection.makefile().readline().rstrip("\n")


def answer(**members):
    with output:
        print(json.dumps(members), flush=True)


def serve(request):
    one, command = request["id"], request["command"]
    if command == "get":
        found = ask(f"get {request['key']}")
        if found == "none":
            answer(id=one, error="absent", message=f"no {request['key']}")
        else:
            answer(id=one, value=found)
    elif command == "set":
        ask(f"set {request['key']} {request['value']}")
        answer(id=one)
        if manner == "twice":
            answer(id=one, error="refused")
    elif command == "keys":
        answer(id=one, value=ask("keys").split())
    elif command == "odd":
        answer(id=one, error="unknown", message="nobody knows")
    elif command == "nothing":
        answer(id=one, value=None)
    elif command == "never_asked":
        answer(id=one + 1000)
    elif command == "other":
        answer(id=one, error="timeout")
    elif command == "end":
        print("the adapter gives up", file=sys.stderr)
        sys.stderr.flush()
        import os
        os._exit(3)
    elif command == "prose":
        with output:
            print("this is no answer", flush=True)


for line in sys.stdin:
    request = json.loads(line)
    if request["command"] == "never":
        continue
    threading.Thread(target=serve, args=(request,), daemon=True).start()
