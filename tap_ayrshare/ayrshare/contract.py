"""The contract's loader: `schemas/`, the streams' schemas and keys, the networks, the metric mapping.

The files lie in `schemas/` of the repository and in `tap_ayrshare/schemas` of an installed tap.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tap_ayrshare.engine.values import dig, integer

Paths = tuple[tuple[str, ...], ...]


def _directory() -> Path:
    package = Path(__file__).parent.parent
    installed = package / "schemas"
    return installed if installed.is_dir() else package.parent / "schemas"


@cache
def load(name: str) -> Any:
    """Return the contents of a file of the contract."""
    return json.loads((_directory() / name).read_text(encoding="utf-8"))


@dataclass(frozen=True, eq=False)
class Network:
    """A social network as the API knows it: its name there, its names in messages, what can be read.

    key_headers: by header, the setting with the key of its own that it needs.
    daily_requests: how many analytics requests it allows a `user` profile and the `primary` one in 24 hours.
    """

    name: str
    label: str
    labels: tuple[str, ...]
    reads: frozenset[str]
    key_headers: dict[str, str]
    daily_requests: dict[str, int]

    def is_named_in(self, message: str) -> bool:
        """Return whether a message of the API speaks of this network."""
        return any(
            re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message, 0 if len(name) == 1 else re.IGNORECASE)
            for name in (self.name, self.label, *self.labels)
        )


def _network(path: Path) -> Network:
    data = load(f"networks/{path.name}")
    reads = frozenset(what for what, can in data["reads"].items() if can)
    own = data.get("key_headers", {}), data.get("daily_requests", {})
    return Network(data["name"], data["label"], tuple(data["labels"]), reads, *own)


NETWORKS = {network.name: network for network in map(_network, sorted((_directory() / "networks").glob("*.json")))}
"""The networks by name: `schemas/networks/`."""
X = "twitter"
"""The network whose requests are counted over runs."""


@dataclass(frozen=True)
class StreamContract:
    """A stream's schema (JSON Schema), primary key, replication key, and which body of the API a column holds.

    selected_by_default: whether it is read where nothing says so.
    lengths: the most characters of the columns that have a limit.
    """

    schema: dict[str, Any]
    key_properties: tuple[str, ...]
    replication_key: str | None
    bodies: dict[str, str]
    selected_by_default: bool
    lengths: dict[str, int]


def contract_version() -> str:
    """Return the version of the contract, `major.minor`: a major one breaks users, a minor one adds."""
    return str(load("contract.json")["version"])


@cache
def tap_version() -> str:
    """Return the version of this tap; looking it up reads files."""
    return version("tap-ayrshare")


@cache
def stream_contract(name: str) -> StreamContract:
    """Return the contract of a stream."""
    keys = load("contract.json")["streams"][name]
    described = load(f"{name}.json")
    # The units are for people and the reference; JSON Schema has no such word.
    columns = {
        column: {k: v for k, v in entry.items() if k != "unit"} for column, entry in described["properties"].items()
    }
    schema = {key: value for key, value in described.items() if key not in ("$schema", "title")}
    schema["properties"] = columns
    return StreamContract(
        schema,
        tuple(keys["key_properties"]),
        keys["replication_key"],
        keys.get("bodies", {}),
        keys.get("selected_by_default", True),
        {column: entry["maxLength"] for column, entry in columns.items() if "maxLength" in entry},
    )


def _paths(mapping: dict[str, Any]) -> dict[str, Paths]:
    return {
        column: tuple(tuple(path.split(".")) for path in (entry if isinstance(entry, list) else entry["paths"]))
        for column, entry in mapping.items()
    }


@cache
def _mapping(section: str) -> dict[str, dict[str, Paths]]:
    return {network: _paths(mapping) for network, mapping in load("metrics.json")[section].items()}


@cache
def promoted_columns(level: str) -> tuple[str, ...]:
    """Return the promoted columns of a level (`post`, `native`, `account`, `link`), the same for all networks."""
    sections = ("post", "native") if level in ("post", "native") else (level,)
    mappings = [mapping for section in sections for mapping in _mapping(section).values()]
    return tuple(sorted({column for mapping in mappings for column in mapping}))


def promote(level: str, network: str, body: object) -> dict[str, int | None]:
    """Return the promoted columns out of a network's own object: the first mapped path that is reported.

    Null where the network has no such metric, did not report it, or answered what is no count.
    """
    mapping = _mapping(level).get(network, {})
    return {
        column: next(
            (count for path in mapping.get(column, ()) if (count := integer(dig(body, path))) is not None),
            None,
        )
        for column in promoted_columns(level)
    }


@cache
def listed_metrics(network: str) -> tuple[str, ...]:
    """Return the promoted columns of a post, if the network's list is known to have all of them, else nothing.

    Known is what a source shows in an item of GET /history/:platform; what is `inferred` there isn't.
    """
    post, native = (load("metrics.json")[section].get(network, {}) for section in ("post", "native"))
    is_known = all(column in native and not native[column].get("inferred") for column in post)
    return tuple(post) if is_known else ()


def has_every_metric(network: str, item: object) -> bool:
    """Return whether an item of a network's list reports every promoted metric that the post's own answer would."""
    columns = listed_metrics(network)
    metrics = promote("native", network, item) if columns else {}
    return bool(columns) and all(metrics[column] is not None for column in columns)


def first(section: str, network: str, column: str, body: object) -> Any:
    """Return the first value present at the paths that a section maps for a column, as it is."""
    sections = _mapping(section)
    paths = sections.get(network, {}).get(column, ()) + sections.get("default", {}).get(column, ())
    return next((value for path in paths if (value := dig(body, path)) is not None), None)


def has_field(section: str, network: str, column: str) -> bool:
    """Return whether a section maps a column for the network itself."""
    return bool(_mapping(section).get(network, {}).get(column))


@dataclass(frozen=True)
class Breakdown:
    """A breakdown of an account's audience, and where it stands in a network's own object.

    audience, dimension: who is broken down, and by what; dimension `*`: the keys at the path name the dimensions.
    bucket, value: where the elements of a list have them, empty where the path leads to an object by bucket.
    """

    audience: str
    dimension: str
    path: tuple[str, ...]
    unit: str
    bucket: str
    value: str


@cache
def breakdowns(network: str) -> tuple[Breakdown, ...]:
    """Return the breakdowns that a network gives of an account's audience."""
    found = []
    for name, entry in load("metrics.json")["demographics"].get(network, {}).items():
        audience, dimension = name.split(".")
        given = entry["unit"], entry.get("bucket", ""), entry.get("value", "")
        found += [Breakdown(audience, dimension, tuple(path.split(".")), *given) for path in entry["paths"]]
    return tuple(found)
