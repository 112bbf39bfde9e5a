#!/bin/sh
# `meltano run`, ended with SIGTERM, drops the state that the target writes while it ends. Needs Meltano on the PATH.
set -eu
cd "$(mktemp -d)"

cat > meltano.yml << 'YAML'
project_id: lost-state
default_environment: dev
send_anonymous_usage_stats: false
environments: [{name: dev}]
plugins:
  extractors:
  - {name: tap-example, namespace: tap_example, executable: ./tap.py}
  loaders:
  - {name: target-example, namespace: target_example, executable: ./target.py}
YAML

cat > tap.py << 'PYTHON'
#!/usr/bin/env python3
import time

print('{"type": "SCHEMA", "stream": "example", "schema": {"properties": {"id": {}}}, "key_properties": ["id"]}')
print('{"type": "RECORD", "stream": "example", "record": {"id": 1}}')
print('{"type": "STATE", "value": {"bookmarks": {"example": {"id": 1}}}}', flush=True)
time.sleep(60)
PYTHON

cat > target.py << 'PYTHON'
#!/usr/bin/env python3
import json
import pathlib
import signal
import sys

state = None


def end(*_):
    print(json.dumps(state), flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "STATE":
        state = message["value"]
        pathlib.Path("loaded").touch()
PYTHON

chmod +x tap.py target.py
meltano run tap-example target-example > run.log 2>&1 &
while [ ! -e loaded ]; do
    kill -0 $! || { cat run.log; exit 1; }
    sleep 0.2
done
kill -TERM $!
wait $! || true
# {} as released; {"singer_state": {"bookmarks": {"example": {"id": 1}}}} is expected.
meltano state get dev:tap-example-to-target-example
