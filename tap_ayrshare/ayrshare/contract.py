"""The contract's loader: `schemas/`, the streams' schemas and keys, the networks, the metric mapping.

The files lie in `schemas/` of the repository and in `tap_ayrshare/schemas` of an installed tap.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.values import dig, integer

if TYPE_CHECKING:
    from collections.abc import Callable

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
    not_reported: what it answers in place of a metric that it doesn't report, None if it is known for no such number.
    """

    name: str
    label: str
    labels: tuple[str, ...]
    reads: frozenset[str]
    key_headers: dict[str, str]
    daily_requests: dict[str, int]
    not_reported: int | None

    def is_named_in(self, message: str) -> bool:
        """Return whether a message of the API speaks of this network."""
        return any(
            re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message, 0 if len(name) == 1 else re.IGNORECASE)
            for name in (self.name, self.label, *self.labels)
        )


def _network(path: Path) -> Network:
    data = load(f"networks/{path.name}")
    reads = frozenset(what for what, can in data["reads"].items() if can)
    own = data.get("key_headers", {}), data.get("daily_requests", {}), data.get("not_reported")
    return Network(data["name"], data["label"], tuple(data["labels"]), reads, *own)


NETWORKS = {network.name: network for network in map(_network, sorted((_directory() / "networks").glob("*.json")))}
"""The networks by name: `schemas/networks/`."""
X = "twitter"
"""The network whose requests are counted over runs."""


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    """Return a name without what people write differently: letter case, blanks and punctuation."""
    return re.sub(r"[\W_]", "", name).lower()


_NAMES = {
    _plain(name): network
    for network in NETWORKS
    for data in [load(f"networks/{network}.json")]
    for name in (network, data["label"], *data["labels"], *data.get("aliases", ()))
}


def network_name(value: object) -> str | None:
    """Return the API's name of a network however it is written: `x`, `fb`, `Google Business` (docs/api.md section 1).

    A name that isn't known comes back in lower case; what is no name is None.
    """
    if not isinstance(value, str) or not value.strip():
        return None
    return _NAMES.get(_plain(value), value.strip().lower())


@dataclass(frozen=True)
class StreamContract:
    """A stream's schema (JSON Schema), primary key, replication key, and which body of the API a column holds.

    selected_by_default: whether it is read where nothing says so.
    opt_in: the setting that must name it before it is read, whatever a catalog selects; None for most streams.
    lengths: the most characters of the columns that have a limit.
    """

    schema: dict[str, Any]
    key_properties: tuple[str, ...]
    replication_key: str | None
    bodies: dict[str, str]
    selected_by_default: bool
    opt_in: str | None
    lengths: dict[str, int]


def contract_version() -> str:
    """Return the version of the contract, `major.minor`: a major one breaks users, a minor one adds."""
    return str(load("contract.json")["version"])


@cache
def tap_version() -> str:
    """Return the version of this tap; looking it up reads files."""
    return version("tap-ayrshare")


@cache
def declared_streams() -> dict[str, dict[str, Any]]:
    """Return what the schemas declare of their streams (`x-stream`), by stream."""
    names = sorted(path.stem for path in _directory().glob("*.json"))
    return {name: load(f"{name}.json")["x-stream"] for name in names if "x-stream" in load(f"{name}.json")}


OF_ACCOUNT = frozenset(name for name, said in declared_streams().items() if said.get("of") == "account")
"""The streams that are read with the API key alone, once for the account."""


@dataclass(frozen=True)
class Declaration:
    """A stream that its schema declares all of: one GET, one list.

    path, items: where the list is, and its name there; is_keyed: whether it is an object of items by key.
    network: the network that it belongs to, "" for the profile; reads: what that network must have.
    cursor: the parameter that asks for the next page, "" for a list that comes whole.
    """

    name: str
    description: str
    method: str
    path: str
    items: str
    is_keyed: bool = False
    network: str = ""
    reads: str = ""
    cursor: str = ""


def declarations() -> list[Declaration]:
    """Return the streams that their schemas declare all of, in the order of their names."""
    found = []
    for name, said in declared_streams().items():
        if "items" in said:
            method, _, path = said["endpoint"].partition(" ")
            more = {key: said[key] for key in ("is_keyed", "network", "reads", "cursor") if key in said}
            description = load(f"{name}.json")["description"]
            found.append(Declaration(name, description, method, path, said["items"], **more))
    return found


@cache
def stream_contract(name: str) -> StreamContract:
    """Return the contract of a stream."""
    keys, described = declared_streams()[name], load(f"{name}.json")
    # The units are for people and the reference, what begins with x- is for the tap; JSON Schema has no such words.
    columns = {
        column: {k: v for k, v in entry.items() if k != "unit" and not k.startswith("x-")}
        for column, entry in described["properties"].items()
    }
    ours = ("$schema", "title")
    schema = {key: value for key, value in described.items() if key not in ours and not key.startswith("x-")}
    schema["properties"] = columns
    return StreamContract(
        schema,
        tuple(keys["key_properties"]),
        keys["replication_key"],
        keys.get("bodies", {}),
        keys.get("selected_by_default", True),
        keys.get("opt_in"),
        {column: entry["maxLength"] for column, entry in columns.items() if "maxLength" in entry},
    )


@cache
def opt_in_streams(setting: str) -> tuple[str, ...]:
    """Return the streams that are read only if a setting names them: `opt_in` in their schemas."""
    return tuple(name for name in declared_streams() if stream_contract(name).opt_in == setting)


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
    found: dict[str, int | None] = dict.fromkeys(promoted_columns(level))
    for column, paths in _mapping(level).get(network, {}).items():
        if column in found:
            counts = (reported(network, integer(dig(body, path))) for path in paths)
            found[column] = next((count for count in counts if count is not None), None)
    return found


def reported(network: str, value: Any) -> Any:
    """Return a metric, None for what its network is known to answer where it doesn't report one (TikTok's -1)."""
    return None if network in NETWORKS and value == NETWORKS[network].not_reported else value


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


@cache
def field_paths(section: str, network: str) -> dict[str, Paths]:
    """Return the paths that a section maps for each column: those of a network, then those of any."""
    own, default = _mapping(section).get(network, {}), _mapping(section).get("default", {})
    return {column: own.get(column, ()) + default.get(column, ()) for column in {**own, **default}}


def first(section: str, network: str, column: str, body: object, read: Callable[[Any], Any] | None = None) -> Any:
    """Return the first value present at the paths that a section maps for a column: as it is, or as `read` reads it."""
    paths = field_paths(section, network).get(column, ())
    found = (value for path in paths if (value := dig(body, path)) is not None)
    return next((value for value in map(read, found) if value is not None), None) if read else next(found, None)


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
