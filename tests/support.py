"""The tap as a process against the sandbox, and its messages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import jsonschema
import yaml

from tap_ayrshare.config.settings import OPT_INS

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
NOW = "2026-11-23T12:00:00Z"
EVERYONE = {"include_primary_profile": True, "x_api_key": "x-app-key-0001", "x_api_secret": "x-app-secret-0001"}
OF_THE_SDK = {
    "stream_maps", "stream_map_config", "faker_config", "flattening_enabled", "flattening_max_depth",
    "flattening_max_key_length", "flattening_separator",
}  # fmt: skip
"""Its settings that the tap has too."""
FORMATS = jsonschema.FormatChecker()


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
        keys: dict[str, Counter] = {}
        for message in self.messages:
            stream = message.get("stream")
            if message["type"] == "SCHEMA":
                assert stream not in schemas, f"a second SCHEMA of {stream}"
                schemas[stream] = message
                keys[stream] = Counter()
            elif message["type"] == "RECORD":
                record, schema = message["record"], schemas[stream]
                validator = validator_of(json.dumps(schema["schema"]))
                errors = [f"{stream}: {error.json_path}: {error.message}" for error in validator.iter_errors(record)]
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
    """Runs the tap as a process, each test in a directory of its own."""

    directory: Path
    processes: list[subprocess.Popen] = field(default_factory=list)

    def command(self, config: dict, *, state=None, select=None, catalog=None, args=()) -> list[str]:
        path = self.directory / "config.json"
        path.write_text(json.dumps({**opted_in(select or ()), **config}))
        command = [sys.executable, "-m", "tap_ayrshare", "--config", str(path), *args]
        if state is not None:
            path = self.directory / "state.json"
            path.write_text(state if isinstance(state, str) else json.dumps(state))
            command += ["--state", str(path)]
        if select is not None:
            catalog = catalog or discover()
            for stream in catalog["streams"]:
                root = next(entry["metadata"] for entry in stream["metadata"] if entry["breadcrumb"] == [])
                root["selected"] = stream["stream"] in select
        if catalog is not None:
            path = self.directory / "catalog.json"
            path.write_text(json.dumps(catalog))
            command += ["--catalog", str(path)]
        return command

    def start(self, config: dict, *, now: str = NOW, env=None, **options) -> subprocess.Popen:
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

    def run(self, config: dict, *, check: bool = True, timeout: float = 120, **options) -> Output:
        process = self.start(config, **options)
        out, log = process.communicate(timeout=timeout)
        output = Output(process.returncode, messages(out), log, out)
        return output.check() if check else output


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
    command = [sys.executable, "-m", "tap_ayrshare", "--discover"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)
