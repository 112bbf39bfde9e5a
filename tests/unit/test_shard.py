"""orchestration/ayrshare_shard.py with a stand-in for Meltano: its log, its exit codes, its end."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import yaml

from tap_ayrshare.ayrshare.contract import declared_streams
from tests.support import ROOT

PROGRAM = ROOT / "orchestration" / "ayrshare_shard.py"
DONE = {"event": "Run completed", "level": "info"}


def entry(event, level="info", plugin="tap-ayrshare", **more):
    return {"event": event, "level": level, **({"string_id": plugin} if plugin else {}), **more}


def failed(**codes):
    return [entry("Extractor failed", "error", None), entry("Block run completed", "error", None, exit_codes=codes)]


@pytest.fixture
def shard(tmp_path):
    """Return a function that runs the program with a Meltano that writes these entries and exits with this code."""
    (tmp_path / "project" / ".meltano" / "extractors").mkdir(parents=True)
    (tmp_path / "bin").mkdir()

    def start(entries, *arguments, code=0, summary=None, then="", **env):
        (tmp_path / "log").write_text(
            "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in entries)
        )
        (tmp_path / "summary").write_text(json.dumps(summary))
        stand_in = tmp_path / "bin" / "meltano"
        stand_in.write_text(
            "#!/bin/sh\n"
            f'echo "$@" > {tmp_path}/arguments; env > {tmp_path}/env\n'
            f"cat {tmp_path}/log\n"
            + (f'cp {tmp_path}/summary "$TAP_AYRSHARE_SUMMARY_FILE"\n' if summary else "")
            + f"{then}\nexit {code}\n"
        )
        stand_in.chmod(0o755)
        own = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "AYRSHARE_PROJECT": str(tmp_path / "project"), **env}
        return subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **own},
        )  # fmt: skip

    return start


def ended(process):
    out, error = process.communicate(timeout=60)
    return process.returncode, out, error


def test_the_shard_and_a_directory_of_its_own_are_handed_to_meltano(shard, tmp_path):
    counts = {"streams": {"posts": {"records": 3}, "accounts": {"records": 0}}}
    code, out, _ = ended(shard([DONE], "shard-2-of-8", summary=counts))
    assert code == 0
    assert json.loads(out.splitlines()[-1]) == {"shard": "shard-2-of-8", "records": {"posts": 3, "accounts": 0}}
    arguments = (tmp_path / "arguments").read_text().split()
    assert " ".join(arguments) == "--log-format json run --state-id-suffix shard-2-of-8 tap-ayrshare target-postgres"
    env = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines() if "=" in line)
    own = tmp_path / "project" / ".meltano" / "shard-2-of-8"
    assert (env["TAP_AYRSHARE_SHARD"], env["MELTANO_SYS_DIR_ROOT"]) == ("2/8", str(own))
    assert (own / "extractors").resolve() == tmp_path / "project" / ".meltano" / "extractors"
    # Steps without the tap write no summary, and an older one isn't taken for theirs.
    code, out, _ = ended(shard([DONE], "shard-2-of-8"))
    assert json.loads(out.splitlines()[-1])["records"] == {}


def test_the_pod_index_chooses_the_shard(shard):
    code, out, _ = ended(shard([DONE], AYRSHARE_SHARDS="4", JOB_COMPLETION_INDEX="3"))
    assert (code, json.loads(out.splitlines()[-1])["shard"]) == (0, "shard-4-of-4")
    code, _, error = ended(shard([DONE], AYRSHARE_SHARDS="2", JOB_COMPLETION_INDEX="2"))
    assert (code, error) == (2, "Name a shard: shard-1-of-2, shard-2-of-2\n")


@pytest.mark.parametrize(
    ("entries", "code", "cause"),
    [
        ([entry("check api_key", "error"), *failed(extractors=2)], 2, "tap-ayrshare: check api_key"),
        ([entry("no data for: posts", "error"), *failed(extractors=1)], 1, "tap-ayrshare: no data for: posts"),
        # The tap has ended because its target has.
        (
            [entry("db.OperationalError: refused", plugin="target-postgres"), *failed(extractors=1, loaders=1)],
            1,
            "target-postgres: db.OperationalError: refused",
        ),
        ([entry("Another run is under way", "error", None)], 1, "Another run is under way"),
        (["a line that is no JSON", "[1]", entry("\n", "error")], 1, "meltano exited with code 1"),
    ],
)
def test_what_failed_and_whether_a_retry_helps(shard, entries, code, cause):
    found, out, error = ended(shard(entries, "shard-1-of-4", code=1))
    assert (found, error) == (code, f"shard-1-of-4: {cause}\n")
    assert len(out.splitlines()) >= len(entries)


def test_what_a_user_can_get_wrong_is_one_line(shard, tmp_path):
    assert ended(shard([], "shard-1"))[::2] == (2, "'shard-1' isn't a shard's name, such as shard-1-of-4\n")
    found = ended(shard([], "shard-1-of-4", PATH="/nowhere"))
    assert found[::2] == (2, "shard-1-of-4: there is no `meltano` on PATH\n")
    code, _, error = ended(shard([], "shard-1-of-4", AYRSHARE_PROJECT=str(tmp_path)))
    assert (code, error) == (2, f"shard-1-of-4: {tmp_path} isn't a Meltano project after `meltano install`\n")


@pytest.mark.parametrize("has_tap", [True, False])
def test_stopped_it_ends_the_tap_else_meltano_and_keeps_the_last_lines(shard, tmp_path, has_tap):
    tap = tmp_path / "bin" / "tap-ayrshare"
    tap.write_text("#!/bin/sh\ntrap 'echo the tap has ended; exit 143' TERM\necho up\nwhile :; do sleep 0.1; done\n")
    tap.chmod(0o755)
    then = f"trap 'echo ended' TERM; {tap}; echo the last state" if has_tap else (
        "trap 'echo the last state; exit 143' TERM; echo up; while :; do sleep 0.1; done"
    )  # fmt: skip
    process = shard([], "shard-1-of-4", then=then)
    assert process.stdout.readline() == "up\n"
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code, out, _ = ended(process)
    assert (code, out) == (143, "the tap has ended\nthe last state\n" if has_tap else "the last state\n")
    assert time.monotonic() - began < 20


def test_the_streams_are_those_of_the_contract():
    listed = re.search(r"STREAMS = \((.*?)\)", PROGRAM.read_text(), flags=re.DOTALL)[1]
    assert sorted(re.findall(r'"(\w+)"', listed)) == sorted(declared_streams())


def test_the_cronjob_has_a_pod_for_each_shard_and_retries_by_exit_code():
    (job,) = yaml.safe_load_all((ROOT / "orchestration" / "kubernetes" / "cronjob.yaml").read_text())
    spec = job["spec"]["jobTemplate"]["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    env = {variable["name"]: variable["value"] for variable in container["env"]}
    assert env["AYRSHARE_SHARDS"] == str(spec["completions"]) == str(spec["parallelism"])
    assert spec["maxFailedIndexes"] >= spec["completions"]
    assert spec["podFailurePolicy"]["rules"][0]["onExitCodes"] == {
        "containerName": container["name"], "operator": "In", "values": [2],
    }  # fmt: skip
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert spec["template"]["spec"]["securityContext"]["runAsNonRoot"]
    places = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {env["AYRSHARE_WORK"], env["TAP_AYRSHARE_PROFILES_FILE"].rsplit("/", 1)[0], "/tmp"} <= places
