"""Auto schedules: the times at which queued posts are sent (GET /auto-schedule/list)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.endpoints import AUTO_SCHEDULES
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import integer, text, timestamp
from tap_ayrshare.streams.base import AyrshareStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source


class AutoSchedulesStream(AyrshareStream):
    """The auto schedules of a profile."""

    name = "auto_schedules"

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:  # noqa: ARG002
        """Read GET /auto-schedule/list: a row for each schedule; one without a title is noted."""
        answer = await source.ask(AUTO_SCHEDULES.request(self.name))
        source.settle(self.name, answer)
        for refusal in answer.refusals:
            yield [Issue(self.name, refusal)]
        for position, (title, schedule) in enumerate(_schedules((answer.body or {}).get("schedules"))):
            if title is None:
                source.note_no_id(self.name, position, schedule)
            else:
                yield [self.record(source, _schedule(title, schedule))]


def _schedules(value: object) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """Yield the schedules with their titles, their keys in an object (docs/api.md section 11)."""
    for title, schedule in value.items() if isinstance(value, dict) else ():
        yield title or None, schedule if isinstance(schedule, dict) else {"value": schedule}


def _schedule(title: str, schedule: dict[str, Any]) -> dict[str, Any]:
    def listed(column: str) -> list[Any] | None:
        value = schedule.get(column)
        return value if isinstance(value, list) else None

    times, days, dates = listed("schedule"), listed("daysOfWeek"), listed("excludeDates")
    return {
        "title": title,
        "times": None if times is None else [one for item in times if (one := text(item)) is not None],
        "days_of_week": None if days is None else [day for item in days if (day := integer(item)) is not None],
        "exclude_dates": None if dates is None else [one for item in dates if (one := text(item)) is not None],
        "last_scheduled_at": timestamp(schedule.get("lastScheduleDate")),
        "details": schedule,
    }
