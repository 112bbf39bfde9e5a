"""orchestration/kubernetes: the CronJob is valid, and its pods' command reads every profile, side by side."""

import json
import re
import signal
import subprocess
import sys
import time

import pytest
import yaml

from tests.orchestration.conftest import EMPTY, FILES, SHARDS
from tests.support import NOW, ROOT

CRONJOB = FILES / "kubernetes" / "cronjob.yaml"


@pytest.mark.parametrize("version", ["1.33", "1.37"])
def test_it_is_valid(version):
    program = ROOT / ".venvs" / "dagster" / "bin" / "kubernetes-validate"
    command = [str(program), "--kubernetes-version", version, "--strict", str(CRONJOB)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_invalid_one_is_found(tmp_path):
    wrong = tmp_path / "cronjob.yaml"
    wrong.write_text(CRONJOB.read_text().replace("backoffLimitPerIndex:", "backoffLimitPerShard:"))
    program = ROOT / ".venvs" / "dagster" / "bin" / "kubernetes-validate"
    done = subprocess.run([str(program), "--strict", str(wrong)], capture_output=True, text=True, check=False)
    assert done.returncode != 0


def test_all_pods_side_by_side(night):
    (spec,) = yaml.safe_load_all(CRONJOB.read_text())
    (container,) = spec["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    own = {variable["name"]: variable["value"] for variable in container["env"]}
    profiles = night.directory / "profiles.json"
    profiles.write_text(night.environment["TAP_AYRSHARE_PROFILES"])
    work = night.directory / "work"
    mounted = {own["AYRSHARE_WORK"]: str(work), own["TAP_AYRSHARE_PROFILES_FILE"]: str(profiles)}
    env = {**night.on(0), **{name: mounted.get(value, value) for name, value in own.items()}}
    del env["TAP_AYRSHARE_PROFILES"]
    python, program = container["command"]
    assert (python, program) == ("python3", "/project/ayrshare_shard.py")
    job = spec["spec"]["jobTemplate"]["spec"]
    command = [sys.executable, str(night.directory / "code" / "ayrshare_shard.py")]
    results, left, tries = {}, set(range(job["completions"])), 0
    while left:
        # On an empty database, target-postgres fails where another shard makes a schema or table at the same moment.
        assert tries <= job["backoffLimitPerIndex"]
        tries += 1
        pods = {
            index: subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**env, "JOB_COMPLETION_INDEX": str(index)},
            )
            for index in sorted(left)
        }  # fmt: skip
        for index, pod in pods.items():
            out, error = pod.communicate(timeout=300)
            assert pod.returncode == 0 or re.search("psycopg.errors.(Duplicate|UniqueViolation)", error), out + error
            if pod.returncode == 0:
                left.remove(index)
                result = json.loads(out.splitlines()[-1])
                results[result["shard"]] = result["records"]
    assert set(results) == set(SHARDS)
    assert results[EMPTY]["posts"] == 0
    assert night.rows()["posts"] >= sum(records["posts"] for records in results.values()) > 0
    assert night.profiles("social_analytics", NOW[:10]) == {"acme", "globex"}
    assert {path.name for path in work.iterdir()} == set(SHARDS)


def asked(night):
    """The posts whose metrics were asked for, each with its network."""
    return [json.dumps(request["body"], sort_keys=True) for request in night.box.requests("/analytics/post")]


def test_a_pod_that_is_evicted_loses_nothing_that_was_loaded(night):
    """SIGTERM in the middle: the rows are loaded, the state covers them, and the next pod reads the rest."""
    night.box.set_latency(0.3)
    env = {**night.on(0), "AYRSHARE_SHARDS": "1", "JOB_COMPLETION_INDEX": "0", "TAP_AYRSHARE_MAX_CONCURRENCY": "1"}
    command = [sys.executable, str(night.directory / "code" / "ayrshare_shard.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as pod:
        deadline = time.monotonic() + 60
        while len(asked(night)) < 8:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        pod.send_signal(signal.SIGTERM)
        out, error = pod.communicate(timeout=60)
        assert pod.returncode == 143, out[-3000:] + error
    first = set(asked(night))
    loaded = night.rows()
    assert loaded["posts"] > 0
    night.box.set_latency(0)
    night.box.clear()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=200)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    second = set(asked(night))
    # Only what was in flight may be asked again: a request for each of the two profiles.
    assert len(first & second) <= 2
    assert second - first
    assert night.rows()["posts"] >= loaded["posts"]
