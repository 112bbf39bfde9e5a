"""The report of `tap-ayrshare --test`, as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_ayrshare.ayrshare.contract import OF_ACCOUNT, stream_contract, tap_version
from tap_ayrshare.config.opt_in import may_read
from tap_ayrshare.engine.values import text
from tap_ayrshare.preview.check import why
from tap_ayrshare.preview.expected import by_default, first_run, line, of_profiles
from tap_ayrshare.run.estimate import REASONS, Count, Estimate, number, sentences
from tap_ayrshare.run.words import NAMED_AT_MOST, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_ayrshare.config.settings import Settings
    from tap_ayrshare.preview.check import Findings, Report

WIDTH = 24


def first_line(settings: Settings) -> str:
    """Return the line that stands before anything is asked."""
    return f"tap-ayrshare {tap_version()}, {settings.api_url}, profiles: {len(settings.profiles)}"


def lines(report: Report) -> Iterator[str]:
    """Yield the lines of a report."""
    for found in report.found:
        yield from _profile(found, report.settings)
    if report.settings.reads_profile_list:
        yield from _profiles(report)
    if report.usable:
        yield from _requests(report)
    bad = len(report.found) - len(report.usable)
    yield f"{len(report.usable)} of {len(report.found)} profiles can be read." if bad else "All profiles can be read."


def _profile(found: Findings, settings: Settings) -> Iterator[str]:
    yield f"\nprofile {found.label}" + (f" (refId {found.ref_id})" if found.ref_id else "")
    if found.refused:
        yield f"  can't be read: {found.refused}; {found.refused.rule.action}"
        return
    for kind in of_profiles():
        condition = "" if stream_contract(kind.name).selected_by_default else f" ({_condition(kind.name, settings)})"
        yield f"  {kind.name:<{WIDTH}}{line(kind, found)}{condition}"
    without = [f"{name}: {reason}" for name, reason in found.analytics.items() if name in found.networks]
    for note in [*without, *found.notes]:
        yield f"  - {note}"


def _profiles(report: Report) -> Iterator[str]:
    """Name the profiles that the account has and the settings lack: by title and refId, keys are in no list."""
    if report.no_profiles:
        yield f"\nprofiles: {why(report.no_profiles)}"
        return
    yield f"\nprofiles: the account has {len(report.profiles)} user profiles"
    read = {one.ref_id for one in report.found}
    labels = {profile.label.casefold() for profile in report.settings.profiles}
    lacking = [
        f"{title or 'without a title'} (refId {ref_id})"
        for entry in report.profiles
        if (ref_id := text(entry.get("refId"))) not in read
        and ((title := text(entry.get("title"))) or "").casefold() not in labels
    ]
    if lacking:
        yield f"  - not in the settings: {named(lacking)}"


def _requests(report: Report) -> Iterator[str]:
    """Say how many requests a first run makes and how long they take."""
    estimates = [_estimate(one, report.settings) for one in report.usable]
    if report.settings.reads_profile_list:
        for name in OF_ACCOUNT:
            estimates[0].requests[name] = Count.exactly(1)
    yield "\nOf the streams that are selected by default:"
    yield from sentences(estimates, report.settings, "a first run of them")
    for kind in of_profiles():
        count = sum((first_run(kind, one, report.settings) for one in report.usable), Count())
        if kind not in by_default() and kind.name in REASONS and count.about:
            yield f"{kind.name}, if selected, takes {number(count)} more: {REASONS[kind.name]}."
    yield "Later runs read only what is due."
    if report.usable[1:]:
        yield ""
        by_size = sorted(estimates, key=lambda one: -one.total.about)
        yield from (f"  {one.label:<{WIDTH}}{number(one.total)} requests" for one in by_size[:NAMED_AT_MOST])


def _estimate(found: Findings, settings: Settings) -> Estimate:
    is_open = not found.posts.is_whole or any(not one.is_whole for one in found.native.values())
    estimate = Estimate(found.label, is_open=is_open)
    for kind in by_default():
        estimate.requests[kind.name] = first_run(kind, found, settings)
    return estimate


def _condition(stream: str, settings: Settings) -> str:
    """Return what must be done for a stream that is deselected by default to be read."""
    setting = stream_contract(stream).opt_in
    return "if selected" if may_read(stream, settings) else f"if selected and listed in {setting}"
