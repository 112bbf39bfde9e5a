"""A tap as the SDK template suggests: posts as parent, post analytics as child, one request at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OPEN_OBJECT = th.ObjectType(additional_properties=True)


class PlainStream(RESTStream[Any]):
    """Base class of both streams."""

    @property
    def url_base(self) -> str:
        return str(self.config["api_url"])

    @property
    def http_headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.config['api_key']}"}


class PostsStream(PlainStream):
    """GET /history, by time window."""

    name = "posts"
    path = "/history"
    primary_keys = ("id",)
    records_jsonpath = "$.history[*]"
    schema = th.PropertiesList(
        th.Property("id", th.StringType), th.Property("created", th.DateTimeType), th.Property("post", th.StringType)
    ).to_dict()

    @property
    def partitions(self) -> list[dict[str, Any]]:
        return [{"start": start, "end": end} for start, end in self.config["windows"]]

    def get_url_params(self, context: Mapping[str, Any] | None, next_page_token: Any) -> dict[str, Any]:
        del next_page_token
        window = context or {}
        return {"limit": 1000, "startDate": window["start"], "endDate": window["end"]}

    def get_child_context(self, record: dict[str, Any], context: Mapping[str, Any] | None) -> dict[str, Any]:
        del context
        return {"post_id": record["id"]}


class PostAnalyticsStream(PlainStream):
    """POST /analytics/post for each post."""

    name = "post_analytics"
    path = "/analytics/post"
    http_method = "POST"
    parent_stream_type = PostsStream
    primary_keys = ("post_id", "platform")
    schema = th.PropertiesList(
        th.Property("post_id", th.StringType),
        th.Property("platform", th.StringType),
        th.Property("analytics", OPEN_OBJECT),
    ).to_dict()

    def prepare_request_payload(self, context: Mapping[str, Any] | None, next_page_token: Any) -> dict[str, Any]:
        del next_page_token
        return {"id": (context or {})["post_id"]}

    def parse_response(self, response: Any) -> Iterable[dict[str, Any]]:
        for platform, block in response.json().items():
            if isinstance(block, dict) and "analytics" in block:
                yield {"platform": platform, "analytics": block["analytics"]}


class PlainTap(Tap):
    """The two streams."""

    name = "tap-plain"
    config_jsonschema = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("api_key", th.StringType, required=True),
        th.Property("windows", th.ArrayType(th.ArrayType(th.StringType)), required=True),
    ).to_dict()

    def discover_streams(self) -> list[PlainStream]:
        return [PostsStream(self), PostAnalyticsStream(self)]


if __name__ == "__main__":
    PlainTap.cli()
