"""The contract's gate: what changed in `schemas/` since the last release, and whether its version says so.

`python -m tools.gate` checks, and that every metric says what it means; `python -m tools.gate --release` takes the
present contract as the released one. The released one lies in `tools/released_contract.json`, so that the gate needs
neither network nor tags. It also checks that loaders can use the schemas, and that neither they nor the models have
columns whose names a warehouse reserves.
"""

from __future__ import annotations

import json
import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.declarations import undeclared
from tools.loadable import declared, unloadable
from tools.meaning import incomplete
from tools.models import models
from tools.reserved_words import reserved_columns

ROOT = Path(__file__).parent.parent
RELEASED = Path("tools/released_contract.json")
SECTIONS = ("post", "native", "account", "link")
UNTYPED: dict[str, Any] = {"type": []}


@dataclass(frozen=True)
class Change:
    """A change of the contract; breaks: it breaks what users have built on it."""

    what: str
    breaks: bool


def summary(schemas: Path) -> dict[str, Any]:
    """Return what users build on: version, streams with keys and columns, where promoted columns come from."""

    def read(name: str) -> Any:
        return json.loads((schemas / name).read_text(encoding="utf-8"))

    contract, metrics = read("contract.json"), read("metrics.json")
    streams = {}
    for name, schema in declared(schemas).items():
        keys = schema["x-stream"]
        streams[name] = {
            "key_properties": keys["key_properties"],
            "replication_key": keys["replication_key"],
            "required": sorted(schema["required"]),
            "columns": {column: _type(entry) for column, entry in schema["properties"].items()},
        }
    mapping = {
        f"{section} {network} {column}": entry["paths"]
        for section in SECTIONS
        for network, columns in metrics[section].items()
        for column, entry in columns.items()
    }
    return {"version": contract["version"], "streams": streams, "mapping": mapping}


def _type(entry: dict[str, Any]) -> dict[str, Any]:
    """Return what makes a column's type: JSON types, format, length, what is in arrays, whether objects are open."""
    types = entry.get("type", [])
    found: dict[str, Any] = {"type": sorted([types] if isinstance(types, str) else types)}
    if "format" in entry:
        found["format"] = entry["format"]
    if "maxLength" in entry:
        found["max_length"] = entry["maxLength"]
    if "items" in entry:
        found["items"] = _type(entry["items"])
    if "object" in found["type"]:
        found["open"] = entry.get("additionalProperties", True) is not False
    return found


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Return what changed between two summaries."""
    old, new = before["streams"], after["streams"]
    found = [Change(f"stream {name} is gone", breaks=True) for name in old if name not in new]
    found += [Change(f"stream {name} is new", breaks=False) for name in new if name not in old]
    for name in old:
        if name in new:
            found += _stream_changes(name, old[name], new[name])
    return found + _mapping_changes(before["mapping"], after["mapping"])


def _stream_changes(name: str, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    found = [
        Change(f"{name}: {what} was {_list(old[what])}, is {_list(new[what])}", breaks=True)
        for what in ("key_properties", "replication_key")
        if old[what] != new[what]
    ]
    before, after = old["columns"], new["columns"]
    found += [Change(f"{name}: column {column} is gone", breaks=True) for column in before if column not in after]
    found += [Change(f"{name}: column {column} is new", breaks=False) for column in after if column not in before]
    for column in before:
        if column not in after:
            continue
        if before[column] != after[column]:
            text = f"{name}: the type of column {column} was {_say(before[column])}, is {_say(after[column])}"
            found.append(Change(text, breaks=not _widens(before[column], after[column])))
        if column in new["required"] and column not in old["required"]:
            found.append(Change(f"{name}: column {column} was not required, is required", breaks=True))
        if column in old["required"] and column not in new["required"]:
            found.append(Change(f"{name}: column {column} was required, is not", breaks=False))
    return found


def _widens(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Return whether a type takes all that it took: null is new, items or a length are said at last, a length grew."""
    widened = {**old, "type": sorted({*old["type"], *(["null"] if "null" in new["type"] else [])})}
    if old.get("items") == UNTYPED:
        widened["items"] = new.get("items")
    if new.get("max_length", math.inf) >= old.get("max_length", 0):
        widened.pop("max_length", None)
        widened |= {"max_length": new["max_length"]} if "max_length" in new else {}
    return widened == new


def _mapping_changes(old: dict[str, list[str]], new: dict[str, list[str]]) -> list[Change]:
    found = []
    for key in old.keys() | new.keys():
        before, after = old.get(key, []), new.get(key, [])
        if before != after:
            # A path behind those that were there fills what was null; anything else changes what was filled.
            breaks = after[: len(before)] != before
            found.append(Change(f"mapping of {key}: was {_list(before)}, is {_list(after)}", breaks=breaks))
    return sorted(found, key=lambda change: change.what)


def _list(value: object) -> str:
    return ", ".join(map(str, value)) or "nothing" if isinstance(value, list) else str(value)


def _say(kind: dict[str, Any]) -> str:
    text = " or ".join(kind["type"])
    if "format" in kind:
        text += f" ({kind['format']})"
    if "max_length" in kind:
        text += f" of at most {kind['max_length']} characters"
    if "items" in kind:
        text += f" of {_say(kind['items'])}"
    return text if kind.get("open", True) else f"{text} (closed)"


def verdict(before: dict[str, Any], after: dict[str, Any], changelog: str) -> list[str]:
    """Return what is wrong, each with what to do; nothing where the version says what changed."""
    found = changes(before, after)
    broken, added = [c.what for c in found if c.breaks], [c.what for c in found if not c.breaks]
    (old_major, old_minor), (major, minor) = _version(before["version"]), _version(after["version"])
    where = f"version in schemas/contract.json, now {after['version']}, released {before['version']}"
    wrong = []
    if (major, minor) < (old_major, old_minor):
        wrong.append(f"the version of the contract went back ({where}): raise it")
    if broken and major <= old_major:
        wrong += [f"{what}: this breaks users" for what in broken]
        wrong.append(f"put it back, or raise the major version of the contract to {old_major + 1}.0 ({where})")
    elif added and (major, minor) <= (old_major, old_minor):
        wrong += [f"{what}: this is an addition" for what in added]
        wrong.append(f"raise the minor version of the contract to {old_major}.{old_minor + 1} ({where})")
    if found and not wrong and f"contract {after['version']}" not in changelog.lower():
        wrong += [f"{change.what}: the changelog does not say it" for change in found]
        wrong.append(f"say in CHANGELOG.md what changed with contract {after['version']}, in these words")
    return wrong


def _version(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)\.(\d+)", text)
    if not found:
        raise SystemExit(f"contract: the version in schemas/contract.json is major.minor, such as 1.0, not {text!r}")
    return int(found[1]), int(found[2])


def check(root: Path = ROOT) -> list[str]:
    """Return what is wrong with the contract in a checkout, compared with its released one and by itself."""
    if missing := undeclared(root / "schemas"):
        return missing
    released = json.loads((root / RELEASED).read_text(encoding="utf-8"))
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    return [*verdict(released, summary(root / "schemas"), changelog), *unloadable(root / "schemas")]


def main() -> int:
    """Check, or release; return the exit code."""
    if "--release" in sys.argv[1:]:
        text = json.dumps(summary(ROOT / "schemas"), indent=1)
        (ROOT / RELEASED).write_text(text + "\n", encoding="utf-8")
        return 0
    columns_of_models = {model.name: [column.name for column in model.columns] for model in models()}
    wrong = [*check(), *incomplete(), *reserved_columns(columns_of_models, quoted={})]
    for line in wrong:
        print(f"contract: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
