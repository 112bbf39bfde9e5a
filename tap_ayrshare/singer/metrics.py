"""The SDK's METRIC lines, one of a kind for each stream at the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.metrics import Metric, Point, get_metrics_logger, log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_ayrshare.engine.client import ProfileClient
    from tap_ayrshare.engine.progress import Tally


def log_metrics(tally: Tally, clients: Sequence[ProfileClient]) -> None:
    """Log records, requests and seconds by stream.

    `http_request_duration` is the sum over a stream's requests: a line for each of them would drown the log.
    """
    logger = get_metrics_logger()
    for name, stats in sorted(tally.streams.items()):
        if not stats.seconds:
            continue
        tags = {"stream": name}
        requests = sum(client.requests[name] for client in clients)
        waited = sum(client.seconds[name] for client in clients)
        log(logger, Point("counter", Metric.RECORD_COUNT, stats.records, tags))
        log(logger, Point("counter", Metric.HTTP_REQUEST_COUNT, requests, tags))
        log(logger, Point("timer", Metric.HTTP_REQUEST_DURATION, round(waited, 3), tags))
        log(logger, Point("timer", Metric.SYNC_DURATION, round(stats.seconds, 3), tags))
