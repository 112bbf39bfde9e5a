"""Writes docs/reference/ from the contract: one page a stream, one a network, one for the promoted columns.

`python -m tools.reference` writes what is not current; `--check` only says so and exits with 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.process import running
from tap_ayrshare.ayrshare.contract import NETWORKS, contract_version, load, promoted_columns
from tap_ayrshare.ayrshare.fields import declared
from tap_ayrshare.settings import DEFINITION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "docs" / "reference"
MIDDLING = 1500
NOW = "2026-11-23T12:00:00Z"
LEVELS = {
    "post": "POST /analytics/post",
    "native": "GET /history/:platform",
    "account": "POST /analytics/social",
    "display_name": "GET /user, displayNames",
}
READS = {
    "post_analytics": "post analytics",
    "social_post_analytics": "by social post id",
    "native_history": "native history",
    "account_analytics": "account totals",
    "daily": "daily series",
}
INTRODUCTION = """\
Contract {}. [Promoted columns](metrics.md) by network; [bodies](bodies.md) that are the same for all networks;
[settings](settings.md).
"""
SETTINGS = """\
In a config file, in Meltano, or in the environment with `--config ENV`, lists and objects as JSON. A setting that can't
be used ends the run before the first request, with one line that names it and what it takes. `stream_maps`,
`stream_map_config`, `flattening_enabled` and `flattening_max_depth` of Meltano's SDK work too.
"""
COVERAGE = """\
Known fields by body (with the objects and lists that hold them), how many of them are inferred or named by third
parties alone, and how many promoted columns the network fills.
"""
MADE = "<!-- Made by `python -m tools.reference` from schemas/: change those. -->\n"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def types(entry: dict[str, Any]) -> str:
    """Return a column's or a field's type as text."""
    names = [entry["type"]] if isinstance(entry["type"], str) else entry["type"]
    text = " or ".join(name for name in names if name != "null")
    return f"{text} ({entry['format']})" if "format" in entry else text


def stream_page(name: str, sample: dict[str, Any] | None) -> str:
    """Return the page of a stream."""
    keys, schema = load("contract.json")["streams"][name], load(f"{name}.json")
    rows = []
    for column, entry in schema["properties"].items():
        role = "key" if column in keys["key_properties"] else ""
        null = "never null" if column in schema["required"] else ""
        marks = ", ".join(filter(None, [role, null]))
        rows.append([f"`{column}`", types(entry), entry.get("unit", ""), marks, entry["description"]])
    method = f"incremental by `{keys['replication_key']}`" if keys["replication_key"] else "full table"
    parts = [
        MADE,
        f"# {name}\n",
        f"{keys['description']}\n",
        f"* Endpoint: {keys['endpoint']}",
        f"* Primary key: {', '.join(f'`{key}`' for key in keys['key_properties'])}",
        f"* Replication: {method}\n",
        "## Columns\n",
        table(["column", "type", "unit", "", "what it is"], rows),
    ]
    if sample:
        text = json.dumps(sample, indent=2, ensure_ascii=False)
        parts += ["## A row\n", "Made up, from the sandbox.\n", f"```json\n{text}\n```\n"]
    return "\n".join(parts)


def metrics_page() -> str:
    """Return the page of the promoted columns: which network fills which, and from where."""
    metrics = load("metrics.json")
    parts = [
        MADE,
        "# Promoted columns\n",
        "Where each column comes from, by network. Empty: the network has no such number.\n",
    ]
    for section, title in (("post", "post_analytics, social_post_analytics"), ("native", "social_posts"),
                           ("account", "social_analytics")):  # fmt: skip
        columns = promoted_columns(section)
        rows = []
        for network, mapping in sorted(metrics[section].items()):
            cells = [
                " or ".join(f"`{path}`" for path in mapping[column]["paths"]) if column in mapping else ""
                for column in columns
            ]
            rows.append([network, *cells])
        parts += [f"## {title}\n", table(["network", *columns], rows)]
        details = [
            [network, column, " or ".join(f"`{path}`" for path in entry["paths"]), entry["unit"],
             ("inferred: " if entry.get("inferred") else "") + entry["source"]]
            for network, mapping in sorted(metrics[section].items())
            for column, entry in mapping.items()
        ]  # fmt: skip
        parts += [f"Sources of {title}:\n", table(["network", "column", "field", "unit", "source"], details)]
    notes = "\n".join(f"* {note}" for note in metrics["notes"])
    return "\n".join([*parts, "## Notes\n", notes + "\n"])


def network_page(name: str) -> str:
    """Return the page of a network: what can be read, its notes, its known fields."""
    data = load(f"networks/{name}.json")
    reads = (
        ", ".join(text for read, text in READS.items() if data["reads"].get(read)) or "nothing but the account's name"
    )
    notes = "\n".join(f"* {note}" for note in data["notes"])
    parts = [MADE, f"# {data['label']}\n", f"* Read: {reads}\n* {data['freshness']}\n{notes}\n"]
    for level, endpoint in LEVELS.items():
        if fields := declared(level, name):
            parts += [f"## {endpoint}\n", fields_table(fields)]
    return "\n".join(parts)


def fields_table(fields: dict[str, dict[str, Any]]) -> str:
    """Return the table of a body's known fields."""
    return table(
        ["field", "type", "unit", "what it is", "source"],
        [[f"`{path}`", types(e), e.get("unit", ""), e["description"], e["source"]] for path, e in fields.items()],
    )


def bodies_page() -> str:
    """Return the page of the bodies that are the same for all networks."""
    parts = [MADE, "# Other bodies\n"]
    for name, body in load("bodies.json").items():
        parts += [f"## {name}\n", f"{body['description']}\n", fields_table(body["fields"])]
    return "\n".join(parts)


def settings_page() -> str:
    """Return the page of the settings, out of the tap's own definition."""
    rows = []
    for name, entry in DEFINITION["properties"].items():
        marks = [
            *(["required"] if name in DEFINITION["required"] else []),
            *(["secret"] if entry.get("secret") else []),
        ]
        default = entry.get("default", "")
        default = f"`{json.dumps(default)}`" if default != "" else ""
        rows.append([
            f"`{name}`", types(entry), default, ", ".join(marks), entry["description"],
            f"`TAP_AYRSHARE_{name.upper()}`",
        ])  # fmt: skip
    return "\n".join([
        MADE, "# Settings\n", SETTINGS,
        table(["setting", "type", "default", "", "meaning", "in the environment"], rows),
    ])  # fmt: skip


def index_page() -> str:
    """Return the index, with the coverage by network."""
    streams = load("contract.json")["streams"]
    rows = [
        [f"[{name}]({name}.md)", keys["endpoint"], ", ".join(keys["key_properties"]), keys["replication_key"] or ""]
        for name, keys in streams.items()
    ]
    coverage = []
    for name in sorted(NETWORKS):
        counts = [len(declared(level, name)) for level in LEVELS]
        sources = Counter(entry["source"] for level in LEVELS for entry in declared(level, name).values())
        unsure = sources["inferred"] + sources["third parties"]
        mapped = [len(load("metrics.json")[level].get(name, {})) for level in ("post", "native", "account")]
        coverage.append([f"[{name}](networks/{name}.md)", *(count or "" for count in counts), unsure or "",
                         *(count or "" for count in mapped)])  # fmt: skip
    return "\n".join([
        MADE,
        "# Reference\n",
        INTRODUCTION.format(contract_version()),
        "## Streams\n",
        table(["stream", "endpoint", "primary key", "replication key"], rows),
        "## Coverage by network\n",
        COVERAGE,
        table(["network", "post", "native post", "account", "name", "unsure", "columns of a post", "of a native post",
               "of an account"], coverage),
    ])  # fmt: skip


def samples() -> dict[str, dict[str, Any]]:
    """Return a row of each stream: the one with most columns filled, of those one of a middling length."""
    with (
        running("--now", NOW, "--limit", "0", "--posts", "40", "--profiles", "1") as box,
        tempfile.TemporaryDirectory() as place,
    ):
        config = Path(place) / "config.json"
        quick = {"rate_limit_requests": 100_000, "rate_limit_window_seconds": 1}
        config.write_text(json.dumps({**box.config, "include_primary_profile": True, **quick}))
        command = [sys.executable, "-m", "tap_ayrshare", "--config", str(config)]
        clock = {"PYTHONPATH": str(ROOT / "tests" / "clock"), "TEST_NOW": NOW}
        done = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, env={**os.environ, **clock})
    best: dict[str, tuple[int, int, str]] = {}
    for message in map(json.loads, done.stdout.splitlines()):
        if message["type"] == "RECORD":
            record = {**message["record"], "extracted_at": NOW}
            text = json.dumps(record)
            filled = sum(value is not None for value in record.values())
            candidate = (filled, -abs(len(text) - MIDDLING), text)
            best[message["stream"]] = max(best.get(message["stream"], candidate), candidate)
    return {stream: json.loads(text) for stream, (_, _, text) in best.items()}


def pages() -> dict[str, str]:
    """Return all pages, by path below docs/reference."""
    rows = samples()
    streams = {f"{name}.md": stream_page(name, rows.get(name)) for name in load("contract.json")["streams"]}
    networks = {f"networks/{name}.md": network_page(name) for name in NETWORKS}
    return {
        "README.md": index_page(),
        "settings.md": settings_page(),
        "metrics.md": metrics_page(),
        "bodies.md": bodies_page(),
        **streams,
        **networks,
    }


def main() -> int:
    """Write the pages, or check them; return the exit code."""
    wanted = pages()
    present = {str(path.relative_to(PLACE)): path.read_text(encoding="utf-8") for path in PLACE.rglob("*.md")}
    stale = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
    if not stale:
        return 0
    if "--check" in sys.argv[1:]:
        print(f"docs/reference is not current ({', '.join(stale)}): run `make docs`", file=sys.stderr)
        return 1
    for name in stale:
        path = PLACE / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    print(f"docs/reference written anew, commit it: {', '.join(stale)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
