"""The networks' own daily series in an answer of POST /analytics/social (docs/api.md section 7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.fields import known_fields
from tap_ayrshare.engine.values import day, number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tap_ayrshare.ayrshare.fields import Field

NUMBERS = {"integer", "number"}


@dataclass
class Series:
    """A metric by day.

    metric: its dotted path; a dot in a name is escaped, so `a.b` and `b` inside of `a` are two metrics.
    around: what stands around the points; points: by day; unreadable: those that have no day.
    """

    metric: str
    around: dict[str, Any] = field(default_factory=dict)
    points: dict[date, dict[str, Any]] = field(default_factory=dict)
    unreadable: list[Any] = field(default_factory=list)


def daily_series(network: str, analytics: object) -> Iterator[Series]:
    """Yield the series of a network's object: `{period, total, values: [{value, endTime}]}`.

    A number stays a number in a daily answer too and is left out, as is what is no metric. What the contract knows as
    a number and is neither is a series without points.
    """
    yield from _series(analytics, known_fields("account", network), "")


def _series(analytics: object, known: Field, path: str) -> Iterator[Series]:
    for name, value in analytics.items() if isinstance(analytics, dict) else ():
        metric = path + name.replace("\\", "\\\\").replace(".", "\\.")
        inside = known.inside.get(name)
        is_number = bool(inside and inside.types and inside.types <= NUMBERS)
        if isinstance(value, dict) and "values" in value:
            yield _read(metric, value)
        elif isinstance(value, dict) and not is_number:
            yield from _series(value, inside or type(known)(), f"{metric}.")
        elif is_number and value is not None and number(value) is None:
            yield Series(metric, unreadable=[value])


def _read(metric: str, series: dict[str, Any]) -> Series:
    found = Series(metric, {key: value for key, value in series.items() if key != "values"})
    for point in _points(series["values"]):
        on = day(point.get("endTime")) if isinstance(point, dict) else None
        if on is None:
            found.unreadable.append(point)
        else:
            found.points[on] = point
    return found


def _points(values: Any) -> list[Any]:
    """Return the points of a series: a list, one in place of a list, or an object by position."""
    if isinstance(values, list):
        return values
    if isinstance(values, dict) and values and all(key.isdigit() for key in values):
        return list(values.values())
    return [values]
