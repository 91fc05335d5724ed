#!/usr/bin/env bash
# tap-xunit and tap-junit: a TAP stream that bails out, or ends before its plan, becomes a JUnit report of passed
# tests.
#
# Versions: tap-xunit 2.4.1, tap-junit 5.0.4, from npm.
# Expected: `Bail out!` and a plan that is not kept are failures of the run, as TAP says. A converter reports an
# error or a failure, and ends with another exit code than 0.
# Observed: after `Bail out!` both reports count no failure and no error, and both converters end with 0. For
# a stream with two of its three tests, tap-xunit does the same. tap-junit counts one failure, names no
# failed test, and ends with 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund tap-xunit@2.4.1 tap-junit@5.0.4

printf 'TAP version 13\n1..3\nok 1 - one\nBail out! no database\n' > bail.tap
printf 'TAP version 13\n1..3\nok 1 - one\nok 2 - two\n' > short.tap

# The counts of the whole report, the number of tests with a failure or an error, and the exit code.
summary() {
    local code=0 report counts failed
    report=$("node_modules/.bin/$1" < "$2.tap") || code=$?
    counts=$(grep -oE '(failures|errors)="[0-9]+"' <<< "$report" | sort -u | paste -sd ' ')
    failed=$(grep -cE '<(failure|error)[ />]' <<< "$report" || true)
    echo "$1 $2: $counts, $failed marked, exit code $code"
}
seen=$(for stream in bail short; do summary tap-xunit "$stream"; summary tap-junit "$stream"; done)
expected=$(cat <<'EXPECTED'
tap-xunit bail: errors="0" failures="0", 0 marked, exit code 0
tap-junit bail: failures="0", 0 marked, exit code 0
tap-xunit short: errors="0" failures="0", 0 marked, exit code 0
tap-junit short: failures="1", 0 marked, exit code 0
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
