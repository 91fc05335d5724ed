#!/usr/bin/env python3
"""Adapter that stays for a node of MariaDB Galera: python3 galera.py HOST PORT

It reads requests as lines of JSON, and writes answers as lines of JSON. Needs pymysql. The keys are rows of the table
test.kv. Each request has a connection of its own while it lasts; connections are used again. A read is that of any
client: by default Galera answers from the node alone.
"""
import json
import sys
import threading

import pymysql
from pymysql.constants import CLIENT

HOST, PORT = sys.argv[1], int(sys.argv[2])
LOCK = threading.Lock()
IDLE = []

# What the server says before it begins, or after it has rolled back: 1047 this node has no majority around it (or a
# statement was sent too early), 1205 and 1213 the transaction lost against another one.
REFUSALS = {1047: "unavailable", 1205: "refused", 1213: "refused"}


class Failure(Exception):
    """An answer that is an error: its code and a message."""


def connect():
    with LOCK:
        if IDLE:
            return IDLE.pop()
    try:
        return pymysql.connect(
            host=HOST, port=PORT, user="root", autocommit=True, connect_timeout=4, client_flag=CLIENT.FOUND_ROWS
        )
    except pymysql.MySQLError as error:
        raise Failure("unavailable", str(error)) from error


def ask(statement, *arguments):
    """Returns the rows, or how many were found to be changed."""
    connection = connect()
    try:
        with connection.cursor() as cursor:
            changed = cursor.execute(statement, arguments)
            answer = list(cursor.fetchall()) if cursor.description else changed
    except pymysql.MySQLError as error:
        connection.close()
        raise Failure(REFUSALS.get(error.args[0], "unknown"), f"{error.args[0]}: {error.args[-1]}") from error
    with LOCK:
        IDLE.append(connection)
    return answer


def first(rows):
    if not rows:
        raise Failure("absent", "no such row")
    return rows[0][-1]


def carry_out(request):
    key = str(request.get("key"))
    match request["command"]:
        case "get":
            return first(ask("SELECT v FROM test.kv WHERE k = %s", key))
        case "set":
            ask("INSERT INTO test.kv VALUES (%s, %s) ON DUPLICATE KEY UPDATE v = VALUES(v)", key, str(request["value"]))
        case "cas":
            old, new = str(request["from"]), str(request["to"])
            if not ask("UPDATE test.kv SET v = %s WHERE k = %s AND v = %s", new, key, old):
                raise Failure("precondition_failed", "the row is absent, or has another value")
        case "delete":
            if not ask("DELETE FROM test.kv WHERE k = %s", key):
                raise Failure("absent", "no such row")
        case "keys":
            return [row[0] for row in ask("SELECT k FROM test.kv")]
        case "status":  # such as wsrep_cluster_size
            return first(ask("SHOW GLOBAL STATUS LIKE %s", str(request["name"])))
        case command:
            raise Failure("refused", f"no command {command}")


def answer(request):
    said = {"id": request["id"]}
    try:
        value = carry_out(request)
        said |= {} if value is None else {"value": value}
    except Failure as failure:
        said |= dict(zip(("error", "message"), failure.args))
    with LOCK:
        print(json.dumps(said), flush=True)


for line in sys.stdin:
    threading.Thread(target=answer, args=[json.loads(line)], daemon=True).start()
