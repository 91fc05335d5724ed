#!/usr/bin/env bash
# vectorclock and @thi.ng/vclock: a clock is concurrent with itself.
#
# Versions: vectorclock 0.0.0, @thi.ng/vclock 0.1.10.
# Expected: isConcurrent is true for clocks that differ and of which neither is before the other, as in
# Lamport's paper. Only then a program shows a conflict to a person.
# Observed: both return true for a clock and its copy, because their comparison returns 0 for equal and
# for concurrent clocks. vectorclock's isIdentical is false if one clock has a 0 and the other no entry.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund vectorclock@0.0.0 @thi.ng/vclock@0.1.10

cat >"$folder/program.mjs" <<'PROGRAM'
import vectorclock from 'vectorclock'
import * as vclock from '@thi.ng/vclock'

const [one, copy, other] = [{ a: 1 }, { a: 1 }, { b: 1 }]
console.log('vectorclock:', vectorclock.isConcurrent(one, copy), vectorclock.isConcurrent(one, other))
console.log('@thi.ng/vclock:', vclock.isConcurrent(one, copy), vclock.isConcurrent(one, other))
console.log('identical, with a zero:', vectorclock.isIdentical(one, { a: 1, b: 0 }))
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
vectorclock: true true
@thi.ng/vclock: true true
identical, with a zero: false
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
