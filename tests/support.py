"""The tap's command line against the sandbox, in this process or in one of its own, and its messages."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from unittest import mock

import jsonschema
import time_machine
import yaml

from tap_ayrshare.config.settings import OPT_INS
from tap_ayrshare.singer import tap

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
NOW = "2026-11-23T12:00:00Z"
EVERYONE = {"include_primary_profile": True, "x_api_key": "x-app-key-0001", "x_api_secret": "x-app-secret-0001"}
OF_THE_SDK = {
    "stream_maps", "stream_map_config", "faker_config", "flattening_enabled", "flattening_max_depth",
    "flattening_max_key_length", "flattening_separator",
}  # fmt: skip
"""Its settings that the tap has too."""
IS_THOROUGH = bool(os.environ.get("THOROUGH"))
"""Whether `make test-thorough` runs: every random example, and the tests that take minutes."""
FEWEST = 8
NO_MESSAGES = {"--discover", "--about", "--help", "--version"}
"""Options that write something else to stdout."""
FORMATS = jsonschema.FormatChecker()


def examples(most: int) -> int:
    """Return how many examples a random test tries: all of them if it is thorough, else an eighth."""
    return most if IS_THOROUGH else max(most // 8, min(most, FEWEST))


@cache
def validator_of(schema: str) -> jsonschema.Draft202012Validator:
    loaded = json.loads(schema)
    jsonschema.Draft202012Validator.check_schema(loaded)
    return jsonschema.Draft202012Validator(loaded, format_checker=FORMATS)


@dataclass
class Output:
    """What a run of the tap said."""

    code: int
    messages: list[dict]
    log: str
    raw: str

    @property
    def last_line(self) -> str:
        return self.log.strip().splitlines()[-1]

    @property
    def state(self) -> dict | None:
        states = [message["value"] for message in self.messages if message["type"] == "STATE"]
        return states[-1] if states else None

    @property
    def streams(self) -> dict[str, list[dict]]:
        found: dict[str, list[dict]] = {}
        for message in self.messages:
            if message["type"] == "RECORD":
                found.setdefault(message["stream"], []).append(message["record"])
        return found

    def records(self, stream: str) -> list[dict]:
        return self.streams.get(stream, [])

    def bookmark(self, stream: str, profile: str = "primary") -> dict:
        partitions = (self.state or {"bookmarks": {}})["bookmarks"].get(stream, {}).get("partitions", [])
        return next((p for p in partitions if p["context"]["profile"] == profile), {})

    @property
    def schemas(self) -> dict[str, dict]:
        return {message["stream"]: message for message in self.messages if message["type"] == "SCHEMA"}

    def check(self) -> Output:
        """Check what must be true of every run: schemas first and once, records valid, keys unique, no markers."""
        schemas: dict[str, dict] = {}
        validators: dict[str, jsonschema.Draft202012Validator] = {}
        keys: dict[str, Counter] = {}
        for message in self.messages:
            stream = message.get("stream")
            if message["type"] == "SCHEMA":
                assert stream not in schemas, f"a second SCHEMA of {stream}"
                schemas[stream] = message
                validators[stream] = validator_of(json.dumps(message["schema"]))
                keys[stream] = Counter()
            elif message["type"] == "RECORD":
                record, schema = message["record"], schemas[stream]
                found = validators[stream].iter_errors(record)
                errors = [f"{stream}: {error.json_path}: {error.message}" for error in found]
                assert not errors, errors[:3]
                assert set(record) <= set(schema["schema"]["properties"])
                key = tuple(record[name] for name in schema["key_properties"])
                assert all(part not in (None, "") for part in key), (stream, key)
                keys[stream][key] += 1
            else:
                assert message["type"] == "STATE", message["type"]
                assert "progress_markers" not in json.dumps(message)
        twice = {stream: [key for key, count in counter.items() if count > 1][:3] for stream, counter in keys.items()}
        assert not any(twice.values()), twice
        return self


@dataclass
class TapProcess:
    """Runs the tap, each test in a directory of its own.

    `run` is the command line in this process, at a tenth of the CPU; `run_apart` and `start` are for what only a
    process has: signals, pipes, its environment at start-up, its memory.
    """

    directory: Path
    processes: list[subprocess.Popen] = field(default_factory=list)

    def command(self, config: dict, **options) -> list[str]:
        return [sys.executable, "-m", "tap_ayrshare", *self.arguments(config, **options)]

    def arguments(self, config: dict, *, state=None, select=None, catalog=None, args=()) -> list[str]:
        path = self.directory / "config.json"
        path.write_text(json.dumps({**opted_in(select or ()), **config}))
        arguments = ["--config", str(path), *args]
        if state is not None:
            path = self.directory / "state.json"
            path.write_text(state if isinstance(state, str) else json.dumps(state))
            arguments += ["--state", str(path)]
        if select is not None:
            catalog = catalog or discover()
            for stream in catalog["streams"]:
                root = next(entry["metadata"] for entry in stream["metadata"] if entry["breadcrumb"] == [])
                root["selected"] = stream["stream"] in select
        if catalog is not None:
            path = self.directory / "catalog.json"
            path.write_text(json.dumps(catalog))
            arguments += ["--catalog", str(path)]
        return arguments

    def start(self, config: dict, *, now: str | None = NOW, env=None, **options) -> subprocess.Popen:
        process = subprocess.Popen(
            self.command(config, **options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(now, env),
        )
        self.processes.append(process)
        return process

    def run(self, config: dict, *, check: bool = True, now: str | None = NOW, env=None, **options) -> Output:
        output = command_line(*self.arguments(config, **options), now=now, env=env)
        return output.check() if check else output

    def run_apart(self, config: dict, *, check: bool = True, timeout: float = 120, **options) -> Output:
        process = self.start(config, **options)
        out, log = process.communicate(timeout=timeout)
        output = Output(process.returncode, messages(out), log, out)
        return output.check() if check else output


def command_line(*arguments: str, now: str | None = None, env: dict | None = None) -> Output:
    """Run the command line in this process; all that a process would have to itself is as it was afterwards."""
    out, log = io.StringIO(), io.StringIO()
    clock = time_machine.travel(now, tick=True) if now else contextlib.nullcontext()
    with (
        _environment(environment(None, env)),
        mock.patch.object(tap, "collect_less"),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(log),
        _signals(),
        _logging(),
        clock,
    ):
        try:
            tap.TapAyrshare.cli.main(args=list(arguments), prog_name="tap-ayrshare")
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    raw = out.getvalue()
    return Output(code, [] if set(arguments) & NO_MESSAGES else messages(raw), log.getvalue(), raw)


@contextlib.contextmanager
def _environment(values: dict[str, str]):
    try:
        with mock.patch.dict(os.environ, values, clear=True):
            time.tzset()
            yield
    finally:
        time.tzset()


@contextlib.contextmanager
def _signals():
    handlers = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in handlers.items():
            signal.signal(signum, handler)


@contextlib.contextmanager
def _logging():
    """Let the run have the root logger to itself: the tap redacts what its handlers write."""
    loggers = [logging.getLogger(name) for name in ("", "tap_ayrshare", "tap-ayrshare", "singer_sdk")]
    levels = [logger.level for logger in loggers]
    root, *below = loggers
    handlers, root.handlers = root.handlers, []
    for logger in below:
        logger.setLevel(logging.NOTSET)
    try:
        yield
    finally:
        root.handlers = handlers
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def opted_in(select) -> dict[str, list[str]]:
    """The settings that let the selected streams be read."""
    return {setting: [name for name in streams if name in select] for setting, streams in OPT_INS.items()}


def messages(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def environment(now: str | None, more: dict | None = None) -> dict[str, str]:
    """The process environment: another day's clock, warnings as errors, nothing of the tap's own settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TAP_AYRSHARE_")}
    paths = [str(ROOT / "tests" / "clock"), *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), **({"TEST_NOW": now} if now else {}), **(more or {})}


def loader_settings(name: str) -> dict:
    """What meltano.yml sets for a loader, without its connection."""
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"]["loaders"]
    return next(plugin["config"] for plugin in plugins if plugin["name"] == name)


def discover() -> dict:
    """Return the catalog of `--discover`, the caller's to change."""
    return deepcopy(_catalog())


@cache
def _catalog() -> dict:
    return json.loads(command_line("--discover").raw)
