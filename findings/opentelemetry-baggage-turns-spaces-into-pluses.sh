#!/usr/bin/env bash
# OpenTelemetry: a space in baggage becomes a plus on its way from Python to JavaScript.
#
# Versions: opentelemetry-api 1.45.2 from PyPI; @opentelemetry/core 2.12.1 and @opentelemetry/api 1.9.1 from npm.
# Expected: baggage has one form on the wire (W3C Baggage), in which a space is %20. What one of the two SDKs writes,
# the other one reads as it was.
# Observed: Python writes the space as `+`, as forms in HTML do, and JavaScript takes that for a plus, as the
# specification says. From JavaScript to Python it stays a space. A value that went from Python by way of JavaScript to
# Python has a plus for good, so that traces and routes by this value fall into two groups.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check opentelemetry-api==1.45.2
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @opentelemetry/core@2.12.1 @opentelemetry/api@1.9.1

cat >hop.cjs <<'PROGRAM'
// Reads baggage from a header, and writes it into the next one, as a service in the midst of a trace does.
const { W3CBaggagePropagator } = require('@opentelemetry/core')
const api = require('@opentelemetry/api')

const propagator = new W3CBaggagePropagator()
const [header, value] = process.argv.slice(2)
let context = propagator.extract(api.ROOT_CONTEXT, { baggage: header }, api.defaultTextMapGetter)
if (value) {
  context = api.propagation.setBaggage(api.ROOT_CONTEXT, api.propagation.createBaggage({ room: { value } }))
}
const next = {}
propagator.inject(context, next, api.defaultTextMapSetter)
console.log(JSON.stringify([api.propagation.getBaggage(context).getEntry('room').value, next.baggage]))
PROGRAM

cat >program.py <<'PROGRAM'
import json
import subprocess

from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator

propagator = W3CBaggagePropagator()


def by_javascript(*arguments):
    command = ["node", "hop.cjs", *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def read(header):
    return baggage.get_baggage("room", propagator.extract({"baggage": header}))


for value in "4%", "big hall":
    headers = {}
    propagator.inject(headers, baggage.set_baggage("room", value))
    there, header = by_javascript(headers["baggage"])
    print(f"{value!r} in Python is {there!r} in JavaScript, and {read(header)!r} in Python again")
    _, header = by_javascript("", value)
    print(f"{value!r} in JavaScript is {read(header)!r} in Python")
PROGRAM
seen=$(venv/bin/python program.py)
expected=$(cat <<'EXPECTED'
'4%' in Python is '4%' in JavaScript, and '4%' in Python again
'4%' in JavaScript is '4%' in Python
'big hall' in Python is 'big+hall' in JavaScript, and 'big+hall' in Python again
'big hall' in JavaScript is 'big hall' in Python
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
