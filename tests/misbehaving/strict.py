"""A node that echoes and exits at any other message, as programs on some libraries do."""
import json, sys

for line in sys.stdin:
    message = json.loads(line)
    body = message["body"]
    if body["type"] not in ("init", "echo"):
        sys.exit(f"no handler for {body['type']}")
    reply = {"type": body["type"] + "_ok", "in_reply_to": body["msg_id"], "echo": body.get("echo")}
    print(json.dumps({"src": message["dest"], "dest": message["src"], "body": reply}), flush=True)
