"""The same two streams as an airbyte-cdk low-code manifest, in a separate environment."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "7.39.1"
WORKERS = 10


def install(directory: Path) -> tuple[Path | None, str]:
    """Return the source's command, or None and the reason it can't be installed."""
    command, installed = directory / "bin" / "source-declarative-manifest", directory / "version"
    wanted = f"{VERSION} {sys.version}"
    if not (command.exists() and installed.exists() and installed.read_text() == wanted):
        print(f"Installing airbyte-cdk {VERSION} in .venvs/{directory.name} (a minute or two) ...", flush=True)
        python = str(directory / "bin" / "python")
        for step in (
            [sys.executable, "-m", "venv", "--clear", str(directory)],
            [python, "-m", "pip", "install", "--quiet", f"airbyte-cdk=={VERSION}"],
        ):
            done = subprocess.run(step, capture_output=True, text=True, check=False)
            if done.returncode:
                print(done.stderr.strip() or done.stdout.strip(), flush=True)
                return None, f"airbyte-cdk {VERSION} can't be installed on Python {platform.python_version()}"
        installed.write_text(wanted)
    return command, ""


def files(
    directory: Path, config: dict[str, Any], windows: list[tuple[str, str]], budget: tuple[int, float] | None
) -> list[str]:
    """Write the config and catalog files; return the arguments to read them."""
    manifest = _manifest(config, windows)
    if budget:
        rate = {"type": "Rate", "limit": budget[0], "interval": f"PT{budget[1]:g}S"}
        every = {"type": "HttpRequestRegexMatcher", "url_path_pattern": ".*"}
        policy = {"type": "MovingWindowCallRatePolicy", "rates": [rate], "matchers": [every]}
        manifest["api_budget"] = {"type": "HTTPAPIBudget", "policies": [policy]}
    streams = [
        {
            "stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
            "sync_mode": "full_refresh",
            "destination_sync_mode": "append",
        }
        for name in ("posts", "post_analytics")
    ]
    (directory / "airbyte.json").write_text(json.dumps({"__injected_declarative_manifest": manifest}))
    (directory / "airbyte-catalog.json").write_text(json.dumps({"streams": streams}))
    return ["read", "--config", str(directory / "airbyte.json"), "--catalog", str(directory / "airbyte-catalog.json")]


def _manifest(config: dict[str, Any], windows: list[tuple[str, str]]) -> dict[str, Any]:
    requester = {
        "type": "HttpRequester",
        "url_base": config["api_url"],
        "authenticator": {"type": "BearerAuthenticator", "api_token": config["api_key"]},
        "error_handler": {
            "type": "DefaultErrorHandler",
            "max_retries": 10,
            "backoff_strategies": [{"type": "ConstantBackoffStrategy", "backoff_time_in_seconds": 2}],
            "response_filters": [{"type": "HttpResponseFilter", "action": "RETRY", "http_codes": [429]}],
        },
    }
    schema = {"type": "InlineSchemaLoader", "schema": {"type": "object", "properties": {}}}
    window = "stream_partition.window.split('|')"
    posts = {
        "type": "DeclarativeStream",
        "name": "posts",
        "primary_key": ["id"],
        "schema_loader": schema,
        "retriever": {
            "type": "SimpleRetriever",
            "requester": {
                **requester,
                "path": "/history",
                "request_parameters": {
                    "limit": "1000",
                    "startDate": f"{{{{ {window}[0] }}}}",
                    "endDate": f"{{{{ {window}[1] }}}}",
                },
            },
            "record_selector": _selector(["history"]),
            "partition_router": {
                "type": "ListPartitionRouter",
                "cursor_field": "window",
                "values": ["|".join(pair) for pair in windows],
            },
        },
    }
    analytics = {
        "type": "DeclarativeStream",
        "name": "post_analytics",
        "primary_key": ["id"],
        "schema_loader": schema,
        "retriever": {
            "type": "SimpleRetriever",
            "requester": {
                **requester,
                "path": "/analytics/post",
                "http_method": "POST",
                "request_body_json": {"id": "{{ stream_partition.post_id }}"},
            },
            "record_selector": _selector([]),
            "partition_router": {
                "type": "SubstreamPartitionRouter",
                "parent_stream_configs": [
                    {
                        "type": "ParentStreamConfig",
                        "stream": posts,
                        "parent_key": "id",
                        "partition_field": "post_id",
                    }
                ],
            },
        },
    }
    return {
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["posts"]},
        "streams": [posts, analytics],
        "concurrency_level": {"type": "ConcurrencyLevel", "default_concurrency": WORKERS, "max_concurrency": WORKERS},
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
    }


def _selector(path: list[str]) -> dict[str, Any]:
    return {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": path}}
