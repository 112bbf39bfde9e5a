"""What models have in common: what a column and a model are, and the columns that several of them have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import load

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Column:
    """A column of a model: its name, its type, and what it says.

    total: how its values make a figure in a dashboard (sum, average), where they do.
    """

    name: str
    type: str
    description: str
    total: str = ""


@dataclass(frozen=True)
class Model:
    """A model with its columns.

    key: is unique and never null. is_view: the database can't enforce that. newest: dbt tests only the rows that the
    last run built. is_grouped: the key is what the rows are grouped by, so that it needs no test.
    grown: metrics with deltas. grown_of: the columns that name what they are of, if not the key without the day.
    from_zero: the column that says that first readings are growth. restarts: the one that names metrics that began
    anew.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    is_view: bool = False
    grown: tuple[str, ...] = ()
    newest: bool = False
    is_grouped: bool = False
    grown_of: tuple[str, ...] = ()
    from_zero: str = ""
    restarts: str = ""


POST_KEY = ("profile", "platform", "social_post_id", "thread_index")
PROFILE = Column("profile", "text", "Profile name from the tap's settings")
PLATFORM = Column("platform", "text", "Name of the network")
DAY = Column(
    "snapshot_date",
    "date",
    "Day of the metrics, in the reporting time zone: a reading before ayrshare_closing_hour closes the day before",
)
CHANGED = Column("changed_at", "timestamp", "Internal: up to which change of its readings the row is built")
IS_SNAPSHOT = Column(
    "is_snapshot", "boolean", "Whether the day has a snapshot; other days only have their share of the growth"
)
COVERED = Column(
    "days_covered", "bigint", "Days since the previous snapshot; null on the first one and on days without a snapshot"
)
CORRECTED = Column(
    "corrected_metrics", "text", "Names of metrics with negative growth because the network corrected them downward"
)
RESTARTED = Column(
    "restarted_metrics",
    "text",
    "Names of metrics that a network counts in another way from this day on: no growth from the one to the other",
)
POST = (
    PROFILE,
    PLATFORM,
    Column(
        "social_post_id", "text", "Network's id of the post; Ayrshare's post id if the network's id was never reported"
    ),
    Column("thread_index", "bigint", "Position in a thread or list, otherwise 0"),
    Column("ayrshare_post_id", "text", "Ayrshare's id of the post; null if Ayrshare did not send it"),
)
PUBLISHED_AT = Column("published_at", "timestamp", "When the post was published, UTC")
PUBLISHED_DATE = Column("published_date", "date", "Day on which the post was published, in the reporting time zone")


def sentence(text: str) -> str:
    """Return a description with more behind it."""
    return text.rstrip(".")


def grown(level: str, metrics: tuple[str, ...], how: str) -> Iterator[Column]:
    """Yield metrics with their growth."""
    columns = load("metrics.json")["columns"][level]
    for metric in metrics:
        text = sentence(columns[metric]["description"])
        yield Column(metric, "bigint", f"{text}, {how}")
        adds_up = all(value is not False for value in (columns[metric]["growth_additive"] or {"": False}).values())
        delta = f"Growth of {metric} on this day; over days without a reading it is spread"
        yield Column(f"{metric}_delta", "bigint", delta, "sum" if adds_up else "")


def values(level: str, metrics: tuple[str, ...], how: str) -> Iterator[Column]:
    """Yield metrics without growth."""
    columns = load("metrics.json")["columns"][level]
    for metric in metrics:
        text = f"{sentence(columns[metric]['description'])}{how}"
        yield Column(metric, _type_of(columns[metric]), text, _total_of(columns[metric]))


def _total_of(metric: dict[str, Any]) -> str:
    """Return how values of several posts or profiles make one figure; nothing for what is reported over a period."""
    if metric["kind"] == "period" and not metric["additive"]["days"]:
        return ""
    if metric["kind"] == "level" or "within" in metric:
        return ""
    return "sum" if metric["additive"]["posts"] and metric["additive"]["profiles"] else "average"


def _type_of(metric: dict[str, Any]) -> str:
    """Return a metric's type."""
    if metric["unit"] == "currency":
        return "money"
    return "double" if metric["kind"] == "rate" else "bigint"
