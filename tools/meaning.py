"""What the numbers mean: `schemas/metrics.json` read whole, for the gate, the reference and the models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import load, promoted_columns
from tap_ayrshare.ayrshare.fields import declared

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVELS = ("post", "native", "account")
MORE_LEVELS = ("link", "comment", "review", "ad")
"""Levels whose metrics stand only on what a network itself calls them."""
KINDS = {"counter", "period", "level", "rate"}
BASES = {"exact", "equivalent", "derived"}
OVER = {"days", "posts", "profiles"}


def described_at(level: str) -> str:
    """Return the level whose `columns` describe a level: posts in a network's own list are posts."""
    return "post" if level == "native" else level


def metrics_of(level: str, kind: str) -> tuple[str, ...]:
    """Return the metrics of a kind, in the order of the columns."""
    columns = load("metrics.json")["columns"][level]
    return tuple(name for name, entry in columns.items() if entry["kind"] == kind)


def additive_metrics() -> tuple[str, ...]:
    """Return the metrics of posts whose growth may be added up over days, posts and profiles."""
    columns = load("metrics.json")["columns"]["post"]
    return tuple(name for name in metrics_of("post", "counter") if all(columns[name]["growth_additive"].values()))


def meaning(level: str, metric: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return kind, unit and additivity of a network's metric: the column's, or the entry's own.

    within: the column that must be the same in all rows whose values are added up; None where there is none.
    """
    column = load("metrics.json")["columns"][described_at(level)].get(metric, {})
    return {key: entry.get(key, column.get(key)) for key in ("kind", "unit", "additive", "growth_additive", "within")}


def filled(level: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Return what the models fill in at a level beyond the promoted columns: network, metric, entry."""
    comparables = load("metrics.json")["comparable"]
    if level != "native":
        return dict(comparables.get(level, {}))
    return {
        network: {metric: comparables["post"][network][metric] for metric in metrics}
        for network, metrics in comparables["native"].items()
    }


def comparable(level: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield network, metric and entry of all metrics that the models offer at a level, the promoted ones among them."""
    promoted, more = load("metrics.json")[level], filled(level)
    for network in sorted({*promoted, *more}):
        entries = {**promoted.get(network, {}), **more.get(network, {})}
        for metric in load("metrics.json")["columns"][level]:
            if metric in entries:
                yield network, metric, entries[metric]


def expressions(level: str) -> dict[str, dict[str, Any]]:
    """Return how the models read each metric, by network, where that is not the promoted column of the same name.

    None: the network's promoted column of this name means something else than the metric, which is unknown here.
    """
    here, elsewhere = filled(level), filled(described_at(level))
    found: dict[str, dict[str, Any]] = {}
    for network in sorted({*here, *elsewhere}):
        for metric in {**elsewhere.get(network, {}), **here.get(network, {})}:
            entry = here.get(network, {}).get(metric)
            how = (
                {key: entry[key] for key in ("paths", "parts", "optional", "factor") if key in entry} if entry else None
            )
            found.setdefault(metric, {})[network] = how
    return {metric: found[metric] for metric in load("metrics.json")["columns"][described_at(level)] if metric in found}


def of_kinds() -> tuple[str, ...]:
    """Return the metrics of posts that a network reads from one of several fields, which count differently."""
    found = expressions("post")
    return tuple(
        metric
        for metric, networks in found.items()
        if any(entry and len(entry.get("paths", ())) > 1 for entry in networks.values())
    )


def optional_parts() -> dict[str, dict[str, list[str]]]:
    """Return the parts of posts' metrics that a reading may lack, by metric and network, as columns of readings.

    A part with the metric's own name is the promoted column, `own_<metric>`. What is part of a part is part of it too.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for metric, networks in expressions("post").items():
        for network, entry in networks.items():
            known = entry or {}
            parts = [f"own_{part}" if part == metric else part for part in known.get("optional", ())]
            for part in known.get("parts", ()):
                parts += found.get(part, {}).get(network, [])
            if parts:
                found.setdefault(metric, {})[network] = parts
    return found


def with_own() -> tuple[str, ...]:
    """Return the metrics of posts that have an optional part of their own name."""
    parts = {part for networks in optional_parts().values() for names in networks.values() for part in names}
    return tuple(name.removeprefix("own_") for name in sorted(parts) if name.startswith("own_"))


def incomplete() -> list[str]:
    """Return what is missing or unknown in the meaning of a metric, each in one line."""
    wrong = []
    for level in (*LEVELS, *MORE_LEVELS):
        for network, entries in load("metrics.json")[level].items():
            wrong += [line for metric, entry in entries.items() for line in _incomplete(level, network, metric, entry)]
            wrong += [
                f"{level} {network} {metric}: a promoted column is exact, not {entry.get('basis')}"
                for metric, entry in entries.items()
                if entry.get("basis") != "exact"
            ]
        for network, entries in filled(level).items() if level in LEVELS else ():
            for metric, entry in entries.items():
                wrong += _incomplete(level, network, metric, entry)
                wrong += _unknown(level, network, metric, entry)
    return wrong


def _incomplete(level: str, network: str, metric: str, entry: dict[str, Any]) -> Iterator[str]:
    name, own = f"{level} {network} {metric}", meaning(level, metric, entry)
    if not entry.get("counts"):
        yield f"{name}: `counts` is missing: say what the network counts"
    if not entry.get("source"):
        yield f"{name}: `source` is missing: say where that is known from"
    if entry.get("basis") not in BASES:
        yield f"{name}: `basis` is {entry.get('basis')}, not one of {', '.join(sorted(BASES))}"
    if entry.get("basis") in ("equivalent", "derived") and not entry.get("why"):
        yield f"{name}: `why` is missing: say why it stands for the metric"
    if own["kind"] not in KINDS:
        yield f"{name}: `kind` is {own['kind']}, not one of {', '.join(sorted(KINDS))}"
    for key in ("additive", "growth_additive"):
        given = own[key]
        if key == "growth_additive" and given is None:
            continue
        if not isinstance(given, dict) or set(given) != OVER or not set(given.values()) <= {True, False, None}:
            yield f"{name}: `{key}` does not say yes or no for {', '.join(sorted(OVER))}"
    if not own["unit"]:
        yield f"{name}: `unit` is missing"


def _unknown(level: str, network: str, metric: str, entry: dict[str, Any]) -> Iterator[str]:
    known = {
        *declared(level, network),
        *declared(described_at(level), network),
        *promoted_columns(level),
        *filled(level)[network],
    }
    for part in (*entry.get("paths", ()), *entry.get("parts", ()), *entry.get("optional", ())):
        if part not in known:
            yield f"{level} {network} {metric}: {part} is no known field, column or metric"
