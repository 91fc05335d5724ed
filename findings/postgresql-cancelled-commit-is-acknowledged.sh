#!/usr/bin/env bash
# PostgreSQL: a commit that waits for its standby is not ended by statement_timeout, and is acknowledged once cancelled.
#
# Version: PostgreSQL 15 (Debian 12, package postgresql-15).
# Expected: with synchronous_standby_names a commit waits for its standby. If that one is gone, statement_timeout ends
# the statement with an error, and so does pg_cancel_backend: the outcome is unknown, and the client looks.
# Observed: statement_timeout no longer runs when the commit begins, and the statement waits until a standby comes.
# Cancelled, it ends with a warning and success ("INSERT 0 1"), although no standby has the row, and the row is there
# for all. A program that cancels slow statements gets acknowledged writes that a failover loses.
set -euo pipefail
programs=/usr/lib/postgresql/15/bin
[[ $("$programs/postgres" --version) == 'postgres (PostgreSQL) 15.'* ]] || { echo 'PostgreSQL 15 is needed'; exit 2; }
folder=$(mktemp -d)
# The server refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
    chown nobody "$folder"
    as=(setpriv --reuid nobody --regid nogroup --clear-groups)
fi
server=
trap '[ -z "$server" ] || { kill -INT "$server"; wait "$server" || true; }; rm -rf "$folder"' EXIT
cd "$folder"
"${as[@]}" "$programs/initdb" --pgdata "$folder/data" --username u --auth trust --no-sync >/dev/null
# No port: a socket in the folder.
cat >>"$folder/data/postgresql.conf" <<EOF
listen_addresses = ''
unix_socket_directories = '$folder'
EOF
"${as[@]}" "$programs/postgres" -D "$folder/data" >"$folder/log" 2>&1 &
server=$!

sql() { psql --no-psqlrc --host "$folder" --username u --dbname postgres --no-align --tuples-only "$@" 2>&1; }
for _ in {1..300}; do sql --command 'select' >/dev/null && break; sleep 0.1; done
waits() { sql --command "select count(*) from pg_stat_activity where wait_event = 'SyncRep'"; }
until_waits() { for _ in {1..300}; do [ "$(waits)" = 1 ] && return; sleep 0.1; done; echo 'no commit waits'; exit 1; }
end() { sql --command "select $1(pid) from pg_stat_activity where wait_event = 'SyncRep'" >/dev/null; }
run() {
    sql --quiet --command 'create table t (k int)' --command "alter system set synchronous_standby_names = 'standby'" \
        --command 'select pg_reload_conf()' >/dev/null
    [ "$(sql --command "select pg_sleep(0.5)" --command 'show synchronous_standby_names' | tail -n 1)" = standby ]

    sql --command 'set statement_timeout = 500' --command 'insert into t values (1)' >"$folder/first" &
    until_waits
    sleep 3
    echo "statement_timeout of 0.5 s, waiting after 3 s: $(waits)"
    end pg_terminate_backend
    wait $! || true

    { sql --command 'insert into t values (2)' && echo 'exit code 0'; } >"$folder/second" &
    until_waits
    echo "rows that others see meanwhile: $(sql --command 'select count(*) from t where k = 2')"
    end pg_cancel_backend
    wait $!
    grep -E '^(WARNING|ERROR|INSERT|exit)' "$folder/second"
    echo "rows that others see afterwards: $(sql --command 'select count(*) from t where k = 2')"
}
seen=$(run)
expected=$(cat <<'EXPECTED'
statement_timeout of 0.5 s, waiting after 3 s: 1
rows that others see meanwhile: 0
WARNING:  canceling wait for synchronous replication due to user request
INSERT 0 1
exit code 0
rows that others see afterwards: 1
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
