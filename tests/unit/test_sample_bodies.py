"""Every body that a source shows loads in a whole run: rows, or the row in extraction_errors that it should give."""

import json
from collections import Counter

import pytest

from tests.samples import DATA, NOT_REQUESTED, SampleWorld, samples

NONE: set[tuple] = set()
MORE_ROWS = {
    "history": 2, "links": 2, "links_legacy": 2, "messages.facebook": 2, "messages.facebook_2026": 2,
    "post_analytics.twitter_thread": 2, "post_analytics_by_social_id.batch_instagram": 2, "profiles": 3,
    "reviews.gmb": 2, "social_analytics.instagram": 11, "social_analytics.live_2026_08": 4,
    "social_analytics.threads": 2, "social_analytics.tiktok": 4, "social_analytics_daily.facebook": 45,
    "social_analytics_daily.youtube": 21, "user": 13, "user_nothing_linked": 0,
}  # fmt: skip
"""Rows of a body in all of its streams, where it isn't one."""
ERRORS = {
    "ads_facebook_history": {("ad_spend_daily", "2025-11-20:1234567890", "facebook", "range_cut")},
    "error.analytics_empty_187": {("post_analytics", "AyrId1", "facebook", "187")},
    "error.api_key_invalid": {("all", "all", "all", "102")},
    "error.history_empty": NONE,
    "error.not_linked": {("social_analytics", "all", "youtube", "156")},
    "error.plan_required": {("post_analytics", "all", "facebook", "169")},
    "error.post_not_found": {("post_analytics", "IHvCmacgIc6hMU9IQ6C", "all", "186")},
    "error.post_quota_106": {("post_analytics", "all", "all", "106")},
    "error.reviews_empty": NONE,
    "error.x_keys_required": {("social_posts", "all", "twitter", "419")},
    # The tap asks neither for conversations nor for the log of changes; an answer without the list is no empty one.
    "messages.twitter_conversations": {("messages", "all", "twitter", "invalid_body")},
    "profiles_action_log": {("profiles", "item-0", "all", "invalid_body")},
    "platform_history.partial": {("social_posts", "item-1", "facebook", "187")},
    "post_analytics.partial": {("post_analytics", "all", "instagram", "156")},
    "post_analytics_by_social_id.batch_instagram": {
        ("social_post_analytics", f"other-{n}", "instagram", "186") for n in (1, 2)
    },
    "social_analytics.multi_with_error": {("social_analytics", "all", "tiktok", "156")},
}
"""The rows in extraction_errors of the bodies that give any, or that have nothing to give."""
WITHOUT_ROWS = {name for name in ERRORS if name.startswith("error.")} | {
    "messages.twitter_conversations", "profiles_action_log",
}  # fmt: skip
STATUS = {
    "error.api_key_invalid": "failed", "error.plan_required": "skipped", "error.post_quota_106": "partial",
    "messages.twitter_conversations": "failed", "profiles_action_log": "partial",
}  # fmt: skip
"""How the streams of a body end, where it isn't `complete`."""
EXIT_CODES = {"error.api_key_invalid": 2, "messages.twitter_conversations": 1}
SAMPLES = {sample.name: sample for sample in samples()}


def test_every_body_is_tried_or_has_a_reason():
    files = {file.stem for file in (DATA / "responses").glob("*.json")}
    assert files == {*SAMPLES, *NOT_REQUESTED}
    assert len(files) > 80
    assert {*MORE_ROWS, *ERRORS, *STATUS, *EXIT_CODES} <= {*SAMPLES}


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=[*SAMPLES])
def test_a_body_gives_its_rows_or_says_why_not(sample):
    world = SampleWorld(sample)
    more = {"bulk_analytics": "auto"} if "postIds" in sample.given else {}
    output = world.run(*sample.streams, "extraction_errors", "sync_runs", **more)
    rows = sum(len(output.records(stream)) for stream in sample.streams)
    found = {(r["stream"], r["resource_id"], r["platform"], r["code"]) for r in output.records("extraction_errors")}
    assert found == ERRORS.get(sample.name, NONE)
    assert rows == (0 if sample.name in WITHOUT_ROWS else MORE_ROWS.get(sample.name, 1))
    ends = {row["status"] for row in output.records("sync_runs") if row["stream"] in sample.streams}
    assert ends == {STATUS.get(sample.name, "complete")}
    assert output.code == EXIT_CODES.get(sample.name, 0)
    # The contract has every field of every body.
    assert "the contract doesn't have" not in output.log


@pytest.mark.parametrize(
    "name", sorted(n for n in {*SAMPLES} - WITHOUT_ROWS if "_daily." not in n and n != "user_nothing_linked")
)
def test_what_a_body_says_arrives(name):
    """Every text and number of a body stands in some column; of a daily series it is the points alone."""
    sample = SAMPLES[name]
    more = {"bulk_analytics": "auto"} if "postIds" in sample.given else {}
    output = SampleWorld(sample).run(*sample.streams, "extraction_errors", **more)
    written = Counter(leaves([record for records in output.streams.values() for record in records]))
    assert [leaf for leaf in set(leaves(parts(sample))) if leaf not in written] == []


def parts(sample):
    """What of a body is data: without its envelope, and without the totals of an ad history."""
    if isinstance(sample.body, list):
        return sample.body
    around = ("dateRange", "meta", "metrics", "pagination")
    return [value for key, value in sample.body.items() if key not in around and isinstance(value, (list, dict))]


def leaves(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif value not in (None, "", True, False):
        yield json.dumps(value, default=str)
