"""Servers and targets at their worst: bounded time and memory, healthy profiles go on, one clear line."""

import contextlib
import json
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

from sandbox.hostile import PIECES
from tests.support import EVERYONE, ROOT

MOST_MEMORY = 300 << 20
SELECT = ["posts", "extraction_errors"]


def peak_memory(process: subprocess.Popen) -> int:
    """Follow a process to its end; return the most memory that it has held, in bytes."""
    most = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        peak = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
        most = max([most, *(kilobytes << 10 for kilobytes in peak)])
        time.sleep(0.02)
    return most


LARGE = ("endless", "endless_chunked", "gzip_bomb", "deflate_bomb")
"""These are read up to the bound on a body, which is held in memory: one in a run."""
SMALL = sorted(PIECES.keys() - {*LARGE})


@pytest.mark.parametrize("number", range(len(LARGE)))
def test_hostile_answers_cost_their_own_profiles_and_nobody_else(tap, sandbox, number):
    kinds = [LARGE[number], *SMALL[number :: len(LARGE)]]
    box = sandbox("--posts", "30", "--profiles", str(len(kinds) + 1), "--plain")
    healthy, *hostile = (profile["name"] for profile in box.config["profiles"])
    faults = zip(hostile, kinds, strict=True)
    box.set_faults(*({"fault": kind, "profile": name, "endpoint": "/history"} for name, kind in faults))
    command = tap.command({**box.config, "request_timeout": 1}, select=SELECT)
    out, log = tap.directory / "out", tap.directory / "log"
    began = time.monotonic()
    with out.open("wb") as stdout, log.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr)
        tap.processes.append(process)
        memory = peak_memory(process)
    said, text = out.read_text(), log.read_text()
    assert time.monotonic() - began < 60
    assert memory < MOST_MEMORY
    assert said.count(f'"profile":"{healthy}"') >= 30
    assert "Traceback" not in text
    assert "please report" not in text
    for name, kind in zip(hostile, kinds, strict=True):
        parsed = [json.loads(line) for line in said.splitlines() if f'"profile":"{name}"' in line]
        rows = [message["record"] for message in parsed if message["type"] == "RECORD"]
        assert any("post_id" in row or row["stream"] in ("posts", "all") for row in rows), kind
        assert name in text, kind


def test_a_target_that_dies_is_noticed_at_once(tap, sandbox):
    """Between two messages too: here an answer takes longer than the target lives."""
    box = sandbox("--posts", "400", "--profiles", "0", "--plain", "--latency", "0.4")
    process = tap.start({**box.config, **EVERYONE, "max_concurrency": 2})
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    began = time.monotonic()
    _, log = process.communicate(timeout=10)
    ended = time.monotonic() - began
    asked = len(box.requests())
    time.sleep(0.6)
    assert process.returncode == 1
    assert log.strip().splitlines()[-1].endswith("the target has stopped reading")
    assert "Traceback" not in log
    assert ended < 5
    assert len(box.requests()) == asked < 30


@pytest.fixture
def other_host():
    """A server whose certificate is another host's; yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ROOT / "tests" / "data" / "other_host.pem")
    server = socket.create_server(("127.0.0.1", 0))
    seen = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as wrapped:
                    seen.append(wrapped.recv(1000))

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1], seen
    server.close()


def test_keys_are_not_sent_to_a_host_with_the_certificate_of_another(tap, other_host):
    port, seen = other_host
    config = {"api_key": "key-of-the-account", "api_url": f"https://localhost:{port}/api"}
    output = tap.run(config, select=SELECT, check=False)
    assert output.code == 1
    assert "the TLS certificate of localhost can't be verified" in output.last_line
    assert "Traceback" not in output.log
    assert not any(seen)


def test_the_credentials_of_a_proxy_are_in_no_log(tap, sandbox):
    """A proxy that can't be reached; the API is not on this machine."""
    config = {"api_key": "key-of-the-account", "api_url": "https://api.example.com/api", "request_timeout": 1}
    proxy = "http://someone:hush-hush-42@127.0.0.1:9"
    environment = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy) | {"TAP_AYRSHARE_LOGLEVEL": "DEBUG"}
    output = tap.run(config, select=SELECT, env=environment, check=False)
    assert output.code == 1
    assert "hush-hush-42" not in output.log + output.raw
    assert "can't connect" in output.log
    assert sandbox


@pytest.mark.parametrize("form", ["plain", "escaped", "percent"])
def test_no_secret_in_any_output_in_python_s_development_mode(tap, sandbox, form):
    box = sandbox("--posts", "10", "--profiles", "1", "--plain")
    key = box.config["profiles"][0]["profile_key"]
    pattern = {"plain": "{}", "escaped": "\\u{:04x}", "percent": "%{:02X}"}[form]
    echoed = key if form == "plain" else "".join(pattern.format(ord(character)) for character in key)
    body = '{"status": "error", "code": 999, "message": "no such key ' + echoed + '", "action": "' + echoed + '"}'
    box.set_faults({"fault": "status", "status": 400, "text": body, "endpoint": "/history"})
    environment = {"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1", "TAP_AYRSHARE_LOGLEVEL": "DEBUG"}
    output = tap.run_apart(box.config, select=SELECT, env=environment, check=False)
    for secret in (key, box.config["api_key"], echoed):
        assert secret not in output.log + output.raw
    assert "999" in output.log
