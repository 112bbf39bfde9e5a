"""The SDK's METRIC lines, one of a kind for each stream at the end of a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from singer_sdk.metrics import Metric, Point, get_metrics_logger, log

if TYPE_CHECKING:
    from tap_ayrshare.run.extraction import Extraction


def log_metrics(extraction: Extraction) -> None:
    """Log records, requests and seconds by stream where DEBUG is logged: the summary says the same in fewer lines.

    `http_request_duration` is the sum over a stream's requests: a line for each of them would drown the log.
    """
    logger, clients = get_metrics_logger(), [source.client for source in extraction.sources]
    if not logger.isEnabledFor(logging.DEBUG):
        return
    for stream in extraction.streams:
        counted = [stats for stats in extraction.tally.of_stream(stream.name).values() if stats.ended]
        if not counted:
            continue
        tags = {"stream": stream.name}
        seconds = max(stats.ended for stats in counted) - min(stats.began for stats in counted)
        requests = sum(client.requests[stream.name] for client in clients)
        waited = sum(client.seconds[stream.name] for client in clients)
        records = sum(stats.records for stats in counted)
        for point in (
            Point("counter", Metric.RECORD_COUNT, records, tags),
            Point("counter", Metric.HTTP_REQUEST_COUNT, requests, tags),
            Point("timer", Metric.HTTP_REQUEST_DURATION, round(waited, 3), tags),
            Point("timer", Metric.SYNC_DURATION, round(seconds, 3), tags),
        ):
            log(logger, point)
