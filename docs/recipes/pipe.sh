#!/usr/bin/env bash
# Runs tap-ayrshare into a target without Meltano, and keeps the state: pipe.sh DIRECTORY
#
# The directory holds tap/ and target/ (a virtual environment each), tap.json and target.json (their settings).
# The run writes state.json there. On SIGTERM or SIGINT the tap ends first, and the target loads what was read.
# Needs flock (util-linux) and pkill (procps).
set -uo pipefail
umask 077
usage="usage: pipe.sh DIRECTORY (with tap/, target/, tap.json and target.json)"
case "$#:${1-}" in
1:-*) echo "$usage" && exit 0 ;;
1:?*) ;;
*) echo "$usage" >&2 && exit 2 ;;
esac
cd "$1" || exit 1

exec 9> lock
flock -n 9 || { echo "pipe.sh: another run is at work in $1" >&2; exit 1; }

# Every line that the target writes is a state of which it has loaded everything. A line that was cut off is none.
keep_state() {
    local line last=
    while IFS= read -r line; do last=$line; done < states.jsonl
    [ -z "$last" ] || { printf '%s\n' "$last" > state.new && mv state.new state.json; } && rm states.jsonl
}

[ ! -e states.jsonl ] || keep_state # a run that was killed could not
set --
[ ! -s state.json ] || set -- --state state.json

(tap/bin/tap-ayrshare --config tap.json "$@" | target/bin/target-postgres --config target.json >> states.jsonl) &
run=$!
trap 'pkill -TERM -P "$run" -f bin/tap-ayrshare' TERM INT
wait "$run"
code=$?
while kill -0 "$run" 2> /dev/null; do
    wait "$run"
    code=$?
done
keep_state
exit "$code"
