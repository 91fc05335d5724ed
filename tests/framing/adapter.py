"""A store of its own that speaks the messages of the Maelstrom protocol, as a client library's adapter would."""
import json
import sys

held = {}
own = None
manner = sys.argv[1]


def send(to, **body):
    print(json.dumps({"src": own, "dest": to, "body": body}), flush=True)


for line in sys.stdin:
    message = json.loads(line)
    body = message["body"]
    kind, one, asker = body["type"], body["msg_id"], message["src"]
    if kind == "init":
        own = body["node_id"]
        if manner == "refuses":
            send(asker, type="error", in_reply_to=one, code=13, text="not today")
        else:
            send(asker, type="init_ok", in_reply_to=one)
    elif own is None:
        sys.exit("asked before init")
    elif kind == "read" and body["key"] in held:
        send(asker, type="read_ok", in_reply_to=one, msg_id=one, value=held[body["key"]])
    elif kind == "read":
        send(asker, type="error", in_reply_to=one, code=20, text="no such key")
    elif kind == "write":
        held[body["key"]] = body["value"]
        send(asker, type="write_ok", in_reply_to=one)
        send(asker, type="error", in_reply_to=one, code=1, text="too late")
    elif kind == "fail":
        send(asker, type="error", in_reply_to=one, code=int(body["code"]), text="why")
    elif kind == "strange":
        send(asker, type="strange_ok", in_reply_to=one + 1000)
    elif kind == "prose":
        print("hello", flush=True)
