#!/bin/sh
# Runs Meltano so that stopping it costs no more than the requests in flight:
#
#     stop-tap-first.sh meltano run tap-ayrshare target-postgres
#
# On SIGTERM or SIGINT it ends the tap instead of Meltano. The target then loads what was read, and Meltano saves the
# state and exits with 1. Needs setsid (util-linux) and pkill (procps).
setsid "$@" &
run=$!
stop=
trap 'stop=1' TERM INT HUP
while kill -0 "$run" 2>/dev/null; do
    [ -z "$stop" ] || pkill -TERM -s "$run" -f bin/tap-ayrshare
    sleep 1
done
wait "$run"
