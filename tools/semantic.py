"""MetricFlow's semantic models and metrics: only what may be added up is added up, and every metric says what it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tap_ayrshare.ayrshare.contract import load
from tools.meaning import additive_metrics, metrics_of
from tools.model_columns import sentence

ENABLED = "{{ var('ayrshare_semantic_layer') }}"
ACCOUNT = "profile || ' ' || platform"
"""What tells accounts apart."""
POST = "profile || ' ' || coalesce(ayrshare_post_id, social_post_id)"
"""What tells posts apart: a post on three networks is one, and so are the parts of a thread."""
RATE = "Engagements divided by impressions, of the posts that report both"
LAST_DAY: dict[str, Any] = {"name": "snapshot_date", "window_choice": "max", "window_groupings": ["account"]}


@dataclass(frozen=True)
class Metric:
    """A metric, and how it is measured.

    over: what its values may be added up over. is_shown: it is a metric of its own, and not only a part of a ratio.
    """

    name: str
    aggregation: str
    expression: str
    description: str
    unit: str = "count"
    over: tuple[str, ...] = ("days", "posts", "profiles")
    is_shown: bool = True
    last_day: bool = False

    def measure(self) -> dict[str, Any]:
        """Return it as a measure of a semantic model."""
        measure = {"name": self.name, "agg": self.aggregation, "expr": self.expression}
        return {**measure, "non_additive_dimension": LAST_DAY} if self.last_day else measure

    def current(self) -> dict[str, Any]:
        """Return it as dbt-core 1.12 and dbt 2 read it: a metric of its model."""
        last = {
            "name": LAST_DAY["name"],
            "window_agg": LAST_DAY["window_choice"],
            "group_by": LAST_DAY["window_groupings"],
        }
        return {
            "name": f"ayrshare_{self.name}",
            "label": self.name.replace("_", " ").capitalize(),
            "description": self.description,
            "type": "simple",
            "agg": self.aggregation,
            "expr": self.expression,
            **({"non_additive_dimension": last} if self.last_day else {}),
            "config": {"meta": _meta(self.unit, self.over)},
        }

    def metric(self) -> dict[str, Any]:
        """Return it as a metric."""
        return _metric(self.name, self.description, "simple", {"measure": self.name}, self.unit, self.over)


@dataclass(frozen=True)
class Semantic:
    """A semantic model: a model, its day, the entity that its rows are, and what is measured on it."""

    name: str
    model: str
    day: str
    entity: str
    metrics: tuple[Metric, ...]
    dimensions: tuple[str, ...] = ("profile", "platform")
    has_accounts: bool = False

    def definition(self) -> dict[str, Any]:
        """Return it as MetricFlow reads it."""
        accounts = [{"name": "account", "type": "foreign", "expr": ACCOUNT}] if self.has_accounts else []
        return {
            "name": self.name,
            "model": f"ref('{self.model}')",
            "config": {"enabled": ENABLED},
            "defaults": {"agg_time_dimension": self.day},
            "primary_entity": self.entity,
            **({"entities": accounts} if accounts else {}),
            "dimensions": [
                {"name": self.day, "type": "time", "type_params": {"time_granularity": "day"}},
                *({"name": name, "type": "categorical"} for name in self.dimensions),
            ],
            "measures": [metric.measure() for metric in self.metrics],
        }


def semantic_models() -> tuple[Semantic, ...]:
    """Return the semantic models."""
    return (
        Semantic("ayrshare_post_days", "ayrshare__network_metrics_daily", "snapshot_date", "post_day", _gains()),
        Semantic("ayrshare_posts", "ayrshare__post_metrics_latest", "published_date", "post", _posts()),
        Semantic(
            "ayrshare_account_days", "ayrshare__account_metrics_daily", "snapshot_date", "account_day", _accounts(),
            has_accounts=True,
        ),
        Semantic(
            "ayrshare_link_days", "ayrshare__link_clicks_daily", "snapshot_date", "link_day",
            (Metric("link_clicks_gained", "sum", "clicks_gained", _described("link", "clicks_gained")),),
            dimensions=("profile",),
        ),
    )  # fmt: skip


def _gains() -> tuple[Metric, ...]:
    return tuple(
        Metric(
            f"{name}_gained", "sum", f"{name}_gained",
            f"{_described('post', name)}: what posts gained on the days asked for, whenever they were published",
            _column("post", name)["unit"],
        )
        for name in additive_metrics()
    )  # fmt: skip


def _posts() -> tuple[Metric, ...]:
    counters = metrics_of("post", "counter")
    summed = [name for name in counters if _column("post", name)["additive"]["posts"]]
    averages = [*(name for name in counters if name not in summed), *metrics_of("post", "rate")]
    return (
        Metric("posts", "count_distinct", POST, "Posts published; one on three networks is one post", over=("days",)),
        Metric("network_posts", "sum", "case when thread_index = 0 then 1 end",
               "Posts published, each counted once for each network that it is on"),
        *(Metric(f"total_{name}", "sum", name, f"{_described('post', name)}: as last reported, by day of publication",
                 _column("post", name)["unit"]) for name in summed),
        *(Metric(f"average_{name}", "average", name, f"{_described('post', name)}: the average of the posts",
                 _column("post", name)["unit"], over=()) for name in averages),
        Metric("engagements_with_impressions", "sum", "case when impressions is not null then engagements end",
               "Engagements of posts whose impressions are reported", is_shown=False),
        Metric("impressions_with_engagements", "sum", "case when engagements is not null then impressions end",
               "Impressions of posts whose engagements are reported", is_shown=False),
    )  # fmt: skip


def _accounts() -> tuple[Metric, ...]:
    return (
        Metric("followers", "sum", "followers_filled",
               "Followers of all accounts asked for, each on its last day; who follows two accounts counts twice",
               over=("profiles",), last_day=True),
        Metric("followers_gained", "sum", "followers_gained", "Followers gained, on days on which an account grew"),
        Metric("followers_lost", "sum", "followers_lost", "Followers lost, on days on which an account shrank"),
        Metric("followers_net", "sum", "followers_delta", "Followers gained, less those lost"),
    )  # fmt: skip


def semantic_layer() -> str:
    """Return semantic models and metrics as YAML that dbt-core 1.8 to 1.11 and MetricFlow read."""
    models = semantic_models()
    metrics = [metric.metric() for model in models for metric in model.metrics if metric.is_shown]
    hidden = [metric for model in models for metric in model.metrics if not metric.is_shown]
    # A ratio is made of metrics.
    metrics += [metric.metric() for metric in hidden]
    metrics.append(_metric(
        "engagement_rate", RATE, "ratio",
        {"numerator": "ayrshare_engagements_with_impressions", "denominator": "ayrshare_impressions_with_engagements"},
        "fraction", (),
    ))  # fmt: skip
    parts = (
        ("models", [time_spine()]),
        ("semantic_models", [model.definition() for model in models]),
        ("metrics", metrics),
    )
    lines = ["version: 2"]
    for name, entries in parts:
        lines += ["", f"{name}:", *(f"  - {json.dumps(entry)}" for entry in entries)]
    return "\n".join(lines) + "\n"


def current(model: str) -> dict[str, Any]:
    """Return what a model's properties say of its semantic model in the form of dbt-core 1.12 and dbt 2."""
    found = next((one for one in semantic_models() if one.model == model), None)
    if found is None:
        return {}
    metrics = [metric.current() for metric in found.metrics]
    if found.name == "ayrshare_posts":
        metrics.append({
            "name": "ayrshare_engagement_rate", "label": "Engagement rate", "type": "ratio", "description": RATE,
            "numerator": "ayrshare_engagements_with_impressions",
            "denominator": "ayrshare_impressions_with_engagements",
        })  # fmt: skip
    entities = [{"name": "account", "type": "foreign", "expr": ACCOUNT}] if found.has_accounts else []
    return {
        "semantic_model": {"enabled": True, "name": found.name},
        "agg_time_dimension": found.day,
        "primary_entity": found.entity,
        **({"derived_semantics": {"entities": entities}} if entities else {}),
        "metrics": metrics,
    }


def current_dimension(model: str, column: str) -> dict[str, Any]:
    """Return what a column's properties say of its dimension, in the same form."""
    found = next((one for one in semantic_models() if one.model == model), None)
    if found is None:
        return {}
    if column == found.day:
        return {"granularity": "day", "dimension": {"type": "time"}}
    return {"dimension": {"type": "categorical"}} if column in found.dimensions else {}


def time_spine() -> dict[str, Any]:
    """Return the properties of the model with a row for each day."""
    return {
        "name": "metricflow_time_spine",
        "description": "A row for each day, for MetricFlow.",
        "config": {"enabled": ENABLED},
        "time_spine": {"standard_granularity_column": "date_day"},
        "columns": [{"name": "date_day", "description": "The day", "granularity": "day"}],
    }


def _metric(
    name: str, description: str, kind: str, parameters: dict[str, Any], unit: str, over: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "name": f"ayrshare_{name}",
        "label": name.replace("_", " ").capitalize(),
        "description": description,
        "type": kind,
        "type_params": parameters,
        "config": {"enabled": ENABLED, "meta": _meta(unit, over)},
    }


def _meta(unit: str, over: tuple[str, ...]) -> dict[str, Any]:
    return {"unit": unit, **{f"additive_over_{what}": what in over for what in ("days", "posts", "profiles")}}


def _column(level: str, name: str) -> dict[str, Any]:
    column: dict[str, Any] = load("metrics.json")["columns"][level][name]
    return column


def _described(level: str, name: str) -> str:
    return sentence(_column(level, name)["description"])
