"""The command as a process: what only a process has, and .env.example as three programs read it."""

import io
import json
import os
import re
import signal
import subprocess
import sys

import dotenv
import pytest

from tap_ayrshare.singer.tap import TapAyrshare
from tests.support import OF_THE_SDK, ROOT, environment

QUICK = {"rate_limit_requests": 100_000, "rate_limit_window_seconds": 1}
INTERRUPTED = """
import os, signal, sys

MODULE, SIGNAL = sys.argv[1:]

class Interrupt:
    def find_spec(self, name, *_):
        if name == MODULE:
            os.kill(os.getpid(), getattr(signal, SIGNAL))

sys.meta_path.insert(0, Interrupt())
from tap_ayrshare.__main__ import main
sys.argv[1:] = ["--about"]
main()
"""


def tap(*arguments, env=None, **more) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "tap_ayrshare", *arguments]
    return subprocess.run(command, check=False, cwd=ROOT, env=environment(None, env), **more)


# Signals, stdout, the log's level


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("module", ["singer_sdk", "aiohttp", "tap_ayrshare.streams.comments"])
def test_a_signal_while_the_tap_is_imported_is_one_line(module, name, code):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, module, name],
        capture_output=True, text=True, check=False, cwd=ROOT, env=environment(None),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == f"tap-ayrshare: interrupted by {name}\n"


@pytest.mark.parametrize("arguments", ["", "--discover", "--config ENV", "--config ENV --test"])
def test_a_closed_stdout_is_one_line(arguments):
    command = f"exec {sys.executable} -m tap_ayrshare {arguments} >&-"
    env = environment(None, {"TAP_AYRSHARE_API_KEY": "key-of-nobody"})
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT, env=env)
    assert done.returncode == 2
    assert done.stderr == (
        "tap-ayrshare: stdout is closed, so nothing can be written; connect it to a target or a file\n"
    )


def test_a_closed_stderr_changes_nothing(api, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**api.config, **QUICK}))
    command = f"exec {sys.executable} -m tap_ayrshare --config {config} 2>&-"
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0
    assert '"type":"RECORD"' in done.stdout


def test_an_interrupted_check_is_one_line(sandbox):
    box = sandbox("--latency", "5")
    env = {f"TAP_AYRSHARE_{name.upper()}": value for name, value in box.config.items() if name != "profiles"}
    command = [sys.executable, "-m", "tap_ayrshare", "--config", "ENV", "--test"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(None, env)
    ) as process:
        # The line that stands before the first request.
        assert any(line.startswith("tap-ayrshare ") for line in iter(process.stderr.readline, ""))
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert rest.splitlines()[-1].endswith("interrupted by SIGINT")


def test_a_wrong_level_of_the_log_is_one_line():
    done = tap("--config", "ENV", env={"TAP_AYRSHARE_LOGLEVEL": "verbose"}, capture_output=True, text=True)
    assert done.returncode == 2
    assert re.fullmatch(r"environment variable TAP_AYRSHARE_LOGLEVEL: must be .* \(got 'verbose'\)\n", done.stderr)
    assert tap("--about", env={"TAP_AYRSHARE_LOGLEVEL": "debug\r"}, capture_output=True).returncode == 0


def test_about_says_what_each_setting_does():
    text = tap("--about", capture_output=True, text=True).stdout
    assert "  - api_key (string, required, secret)\n    API key of the primary profile" in text
    assert text.count("    Environment variable: TAP_AYRSHARE_") > 30
    assert "  - lookback_days (integer, default 3)\n" in text


# Files


@pytest.mark.parametrize("locale", [{"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}])
def test_files_are_utf_8_whatever_the_locale(api, tmp_path, locale):
    config, state = tmp_path / "config.json", tmp_path / "state.json"
    key = api.config["profiles"][0]["profile_key"]
    given = {**api.config, **QUICK, "profiles": [{"name": "M\u00fcller", "profile_key": key}]}
    config.write_text(json.dumps(given, ensure_ascii=False), encoding="utf-8")
    env = {**locale, "PYTHONUTF8": "0", "TEST_NOW": "2026-11-23T12:00:00Z"}

    def run(*arguments):
        done = tap("--config", str(config), *arguments, env=env, capture_output=True)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]

    last = [message["value"] for message in run() if message["type"] == "STATE"][-1]
    state.write_text(json.dumps(last, ensure_ascii=False), encoding="utf-8")
    assert "M\u00fcller" in state.read_text(encoding="utf-8")
    api.clear()
    again = run("--state", str(state))
    assert not api.requests("/analytics/post")
    last = [message["value"] for message in again if message["type"] == "STATE"][-1]
    assert {p["context"]["profile"] for p in last["bookmarks"]["posts"]["partitions"]} == {"M\u00fcller"}


# .env.example


def filled_in(api, directory) -> str:
    """.env.example with every setting of the tap set, as somebody does who needs them all."""
    profiles = directory / "profiles.json"
    profiles.write_text(json.dumps([{"name": "initech", "profile_key": "key-of-initech-001"}]))
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    text = re.sub(r"^# (TAP_AYRSHARE_\w+=)", r"\1", text, flags=re.MULTILINE)
    for name, value in (
        ("API_KEY", api.config["api_key"]), ("API_URL", api.config["api_url"]), ("PROFILES_FILE", profiles),
        ("SUMMARY_FILE", directory / "summary.json"), ("START_DATE", "2026-01-31"),
        ("SHARD", "1/1"), ("X_API_KEY", "x-app-key-0001"), ("X_API_SECRET", "x-app-secret-0001"),
    ):  # fmt: skip
        text = re.sub(rf"^(TAP_AYRSHARE_{name}=).*", rf"\g<1>{value}", text, flags=re.MULTILINE)
    return text.replace('"profile_key": "..."', '"profile_key": "key-of-acme-0001"', 1).replace(
        '"profile_key": "..."', '"profile_key": "key-of-globex-01"'
    )


def as_meltano_reads_it(text: str) -> dict[str, str]:
    return {name: value or "" for name, value in dotenv.dotenv_values(stream=io.StringIO(text)).items()}


def as_docker_reads_it(text: str) -> dict[str, str]:
    """`docker run --env-file`: lines as they are, quotes and all (docker/cli, pkg/kvfile)."""
    lines = [line.lstrip() for line in text.split("\n")]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#") and "=" in line)


def as_kubectl_reads_it(text: str) -> dict[str, str]:
    """`kubectl create secret --from-env-file`: lines as they are, without white space before them."""
    found = as_docker_reads_it(text)
    assert all(re.fullmatch(r"[-._a-zA-Z][-._a-zA-Z0-9]*", name) for name in found)
    return found


READERS = [as_meltano_reads_it, as_docker_reads_it, as_kubectl_reads_it]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_every_line_of_the_example_is_read_alike(api, tmp_path, monkeypatch, read, ends):
    found = []
    for reader in (as_meltano_reads_it, read):
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("TAP_AYRSHARE")]:
                patch.delenv(name)
            for name, value in reader(filled_in(api, tmp_path).replace("\n", ends)).items():
                patch.setenv(name, value)
            made = TapAyrshare(config={}, parse_env_config=True)
            found.append((made.settings, {name: made.config[name] for name in OF_THE_SDK}))
    assert found[0] == found[1]
    assert len(found[0][0].profiles) == 3
    assert found[0][0].opted_in >= {"comments", "messages", "ads"}
    assert found[0][1]["flattening_enabled"] is True


@pytest.mark.parametrize("read", READERS)
def test_the_example_as_it_is_needs_but_the_key(api, tmp_path, read):
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    missing = tap("--config", "ENV", env=read(text), capture_output=True, text=True)
    assert missing.returncode == 2
    assert "setting 'api_key': is missing" in missing.stderr.splitlines()[-1]
    own = {"TAP_AYRSHARE_API_URL": api.config["api_url"], "TEST_NOW": "2026-11-23T12:00:00Z"}
    own |= {f"TAP_AYRSHARE_{name.upper()}": str(value) for name, value in QUICK.items()}
    text = text.replace("TAP_AYRSHARE_API_KEY=\n", f"TAP_AYRSHARE_API_KEY='{api.config['api_key']}'\n", 1)
    done = tap("--config", "ENV", env={**read(text), **own}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


# The other commands


def test_the_contract_command_says_its_version():
    command = [sys.executable, "-m", "tap_ayrshare.ayrshare.check_command", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert re.fullmatch(r"tap-ayrshare-contract \d+\.\d+\.\d+\S*, contract \d+\.\d+\n", done.stdout)


@pytest.mark.parametrize(("arguments", "code"), [([], 2), ([""], 2), (["a", "b"], 2), (["--help"], 0)])
def test_the_pipe_says_how_it_is_used(arguments, code):
    pipe = ROOT / "docs" / "recipes" / "pipe.sh"
    done = subprocess.run([str(pipe), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert (done.stderr if code else done.stdout).startswith("usage: pipe.sh DIRECTORY")
