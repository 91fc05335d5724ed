"""A node of the Maelstrom protocol for the workload echo. The node with one id misbehaves in one way.

    node.py HOW WHO

WHO is the id of that node, such as n1. HOW is a word in the cases below, or `nothing`.
"""
import json, os, signal, subprocess, sys, time

how, who = sys.argv[1:3]
me, others = None, []
number = 0


def send(dest, body):
    global number
    number += 1
    body["msg_id"] = number
    sys.stdout.write(json.dumps({"src": me, "dest": dest, "body": body}) + "\n")
    sys.stdout.flush()


def reply(message, **body):
    send(message["src"], {"in_reply_to": message["body"]["msg_id"], **body})


def bad(what):
    return me == who and how == what


for line in sys.stdin:
    message = json.loads(line)
    body = message["body"]
    match body["type"]:
        case "init" if how == "mute" and body["node_id"] == who:
            os.close(1)
            time.sleep(1000)
        case "init" if how == "unended" and body["node_id"] == who:
            answer = {"type": "init_ok", "msg_id": 1, "in_reply_to": body["msg_id"]}
            sys.stdout.write(json.dumps({"src": who, "dest": message["src"], "body": answer}))
            sys.stdout.flush()
        case "init":
            me, others = body["node_id"], body["node_ids"]
            reply(message, type="init_ok")
            if bad("forks"):
                # A child in a session of its own, with a child in yet another session.
                subprocess.Popen(["sh", "-c", "setsid sleep 1234 & sleep 1235"], start_new_session=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            if bad("deaf"):
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
        case "topology":
            reply(message, type="topology_ok")
        case "echo" if bad("text"):
            print("hello from a node that likes to print", flush=True)
        case "echo" if bad("wrong"):
            send(message["src"], {"type": "echo_ok", "echo": body["echo"], "in_reply_to": 999})
        case "echo" if bad("twice"):
            reply(message, type="echo_ok", echo=body["echo"])
            reply(message, type="echo_ok", echo=body["echo"])
        case "echo" if bad("float"):
            send(message["src"], {"type": "echo_ok", "echo": body["echo"], "in_reply_to": float(body["msg_id"])})
        case "echo" if bad("surrogate"):
            reply(message, type="echo_ok", echo="\ud800")
        case "echo" if bad("deep"):
            nested = []
            for _ in range(500):
                nested = [nested]
            reply(message, type="echo_ok", echo=nested)
        case "echo" if bad("silent"):
            pass
        case "echo" if bad("other"):
            reply(message, type="read_ok", value=1)
        case "echo" if bad("nobody"):
            send("n77", {"type": "hello"})
        case "echo" if bad("posing"):
            me = "n0"
            reply(message, type="echo_ok", echo=body["echo"])
        case "echo" if bad("stranger"):
            me = "n77"
            reply(message, type="echo_ok", echo=body["echo"])
        case "echo" if bad("endless"):
            while True:
                sys.stdout.write("x" * 65536)
        case "echo" if bad("dies"):
            print("this is where it ends", file=sys.stderr)
            os._exit(7)
        case "echo" if bad("flood"):
            reply(message, type="echo_ok", echo=body["echo"])
            # The first node must stop to read before the flood, so that messages pile up.
            send(others[0], {"type": "doze"})
            while True:
                send(others[0], {"type": "flood", "text": "x" * 65536})
        case "doze":
            time.sleep(1000)
        case "echo":
            reply(message, type="echo_ok", echo=body["echo"])
