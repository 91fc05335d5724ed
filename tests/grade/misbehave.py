"""Submissions that do not do what they should: `misbehave.py WAY …`. The tests of `tools grade` start it."""

import os
import subprocess
import sys
import time

WAY = sys.argv[1]

if WAY == "hang":
    time.sleep(600)
elif WAY == "flood":
    while True:
        print("x" * 10_000)
elif WAY == "memory":
    full = [b"x" * (1 << 20) for _ in range(160)]
    time.sleep(600)
elif WAY == "processes":
    for _ in range(40):
        subprocess.Popen(["sleep", "600"])
    time.sleep(600)
elif WAY == "greedy":
    # One process wants more than all together may have, at once.
    full = b"x" * (1 << 30)
elif WAY == "shoot":
    # A submission may reach the harness of its own run where they share the processes of the machine.
    os.kill(os.getppid(), 9)
    time.sleep(600)
elif WAY == "env":
    print(os.environ.get("SECRET", "no secret"), os.environ.get("SHOWN", "not shown"), flush=True)
    sys.exit(1)
