"""The report of `tap-ayrshare --test`, as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_ayrshare.ayrshare.contract import stream_contract, tap_version
from tap_ayrshare.config.opt_in import may_read
from tap_ayrshare.engine.values import text
from tap_ayrshare.preview.check import why
from tap_ayrshare.run.estimate import REASONS, Count, number, sentences
from tap_ayrshare.run.outcome import NAMED_AT_MOST, named

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
        yield from _profile(found, report.links, report.settings)
    if report.settings.reads_profile_list:
        yield from _profiles(report)
    if report.usable:
        yield from _requests(report)
    bad = len(report.found) - len(report.usable)
    yield f"{len(report.usable)} of {len(report.found)} profiles can be read." if bad else "All profiles can be read."


def _profile(found: Findings, links: str, settings: Settings) -> Iterator[str]:
    yield f"\nprofile {found.label}" + (f" (refId {found.ref_id})" if found.ref_id else "")
    if found.refused:
        yield f"  can't be read: {found.refused}; {found.refused.rule.action}"
        return
    posts = f"{number(found.posts.count)} posts" if found.posts.count.about else ""
    posts += "" if found.posts.is_whole or not posts else " or more"
    analysed = found.posts.analysed(found.able("post_analytics"))
    commented = found.posts.analysed(found.able("comments"))
    foreign, foreign_commented = _foreign(found, "social_post_analytics"), _foreign(found, "social_post_comments")
    streams = {
        "accounts": _yes(", ".join(found.networks), "no network is linked"),
        "posts": found.no_history or _yes(posts, "none has been sent through Ayrshare"),
        "post_analytics": found.no_analytics or found.no_history or _yes(
            f"{number(analysed)} posts" if analysed.about else "", "no post is on a network with analytics"),
        "social_posts": found.no_analytics or _listed(found, "native_history"),
        "social_post_analytics": found.no_analytics or _yes(
            f"{number(foreign)} posts that Ayrshare did not send" if foreign.about else "", "no such post is listed"),
        "social_analytics": found.no_analytics or _listed(found, "account_analytics"),
        "account_demographics": found.no_analytics or _listed(found, "demographics"),
        "social_analytics_daily": found.no_analytics or _listed(found, "daily"),
        "link_analytics": links or "yes",
        "youtube_playlists": found.no_analytics or _yes(
            "YouTube" if "youtube" in found.able("account_analytics") else "", "YouTube is not linked"),
    }  # fmt: skip
    deselected = {
        "comments": found.no_history or _yes(
            f"{number(commented)} posts" if commented.about else "", "no post is on a network with comments"),
        "social_post_comments": found.no_analytics or _yes(
            f"{number(foreign_commented)} posts" if foreign_commented.about else "", "no such post is listed"),
        "reviews": _listed(found, "reviews"),
        "messages": _listed(found, "messages"),
        "ads": _listed(found, "ads"),
    }  # fmt: skip
    conditional = {stream: f"{line} ({_condition(stream, settings)})" for stream, line in deselected.items()}
    for stream, line in (streams | conditional).items():
        yield f"  {stream:<{WIDTH}}{line}"
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
    estimates = [one.estimate(report.settings) for one in report.usable]
    if report.settings.reads_profile_list:
        estimates[0].requests["profiles"] = Count.exactly(1)
    yield "\nOf the streams that are selected by default:"
    yield from sentences(estimates, report.settings, "a first run of them")
    commented = {
        "comments": [one.posts.analysed(one.able("comments")) for one in report.usable],
        "social_post_comments": [_foreign(one, "social_post_comments") for one in report.usable],
    }
    for stream, counts in commented.items():
        if (count := sum(counts, Count())).about:
            yield f"{stream}, if selected, takes {number(count)} more: {REASONS[stream]}."
    yield "Later runs read only what is due."
    if report.usable[1:]:
        yield ""
        by_size = sorted(estimates, key=lambda one: -one.total.about)
        yield from (f"  {one.label:<{WIDTH}}{number(one.total)} requests" for one in by_size[:NAMED_AT_MOST])


def _foreign(found: Findings, stream: str) -> Count:
    """Return how many native posts that Ayrshare did not send a stream can read."""
    return sum((found.native[name].foreign for name in found.able(stream) if name in found.native), Count())


def _condition(stream: str, settings: Settings) -> str:
    """Return what must be done for a stream that is deselected by default to be read."""
    setting = stream_contract(stream).opt_in
    return "if selected" if may_read(stream, settings) else f"if selected and listed in {setting}"


def _yes(what: str, otherwise: str) -> str:
    return f"yes: {what}" if what else f"no: {otherwise}"


def _listed(found: Findings, what: str) -> str:
    return _yes(", ".join(found.able(what)), "no linked network has it")
