"""Adapter for RabbitMQ: a queue of texts as a set. Reads requests as JSON lines, writes answers as JSON lines.

usage: python3 rabbitmq.py HOST PORT       commands: add (publish and wait for the confirmation), read (all, left in place)

The queue `set` is durable and, by the policy of the cluster, mirrored at all members.
"""
import json
import sys

import pika

host, port = sys.argv[1:]
LIMIT = pika.ConnectionParameters(
    host, int(port), socket_timeout=4, blocked_connection_timeout=4, stack_timeout=4, connection_attempts=1
)


def add(channel, request):
    channel.confirm_delivery()
    message = pika.BasicProperties(delivery_mode=2)
    channel.basic_publish("", "set", str(request["value"]).encode(), message, mandatory=True)
    return {}


def read(channel, _request):
    values = []
    while True:
        found, _, body = channel.basic_get("set", auto_ack=False)
        if found is None:
            return {"value": values}
        values.append(body.decode())


for line in sys.stdin:
    request = json.loads(line)
    answer = {"id": request["id"]}
    try:
        # The end of the connection puts what was read back into the queue.
        with pika.BlockingConnection(LIMIT) as connection:
            channel = connection.channel()
            channel.queue_declare("set", durable=True)
            answer |= {"add": add, "read": read}[request["command"]](channel, request)
    except (pika.exceptions.AMQPError, OSError) as error:
        code = "unknown" if request["command"] == "add" else "unavailable"
        answer |= {"error": code, "message": repr(error)}
    print(json.dumps(answer), flush=True)
