"""When to post: a time is called better only where posts show it, and the sandbox's story says whether it is true."""

from __future__ import annotations

import duckdb
import pytest

from demo.questions import questions
from tests.report.story import story_posts
from tests.report.tables import Models


def verdicts(tmp_path, posts):
    """What the question says of each weekday and hour."""
    models = Models(tmp_path / "times.duckdb")
    models.add("ayrshare__post_facts", *posts)
    (question,) = [one for one in questions() if one.title == "When is the best time to post?"]
    with duckdb.connect(str(models.close()), read_only=True) as database:
        rows = database.execute(question.query).fetchall()
    return {(kind, slot): (posts, verdict) for kind, slot, posts, _, _, _, verdict in rows}


@pytest.mark.parametrize("days", [60, 120, 800])
def test_the_story_is_told_as_it_is(tmp_path, days):
    """By the story, Tuesday and Wednesday do best, Friday and Saturday worst; 18:00 best, 7:00 and 15:00 worst."""
    found = verdicts(tmp_path, story_posts(days))
    better = {slot for slot, (_, verdict) in found.items() if verdict == "better"}
    assert better <= {("weekday", 2), ("weekday", 3), ("hour", 12), ("hour", 18), ("hour", 20)}
    worse = {slot for slot, (_, verdict) in found.items() if verdict == "worse"}
    assert not worse & {("weekday", 2), ("weekday", 3), ("hour", 12), ("hour", 18)}
    if days == 800:
        assert {("weekday", 3), ("hour", 18)} <= better
        assert {("weekday", 5), ("hour", 7)} <= worse


def test_one_viral_post_on_three_networks_is_one_post(tmp_path):
    viral = [{"profile": "a", "platform": name, "post_key": "v", "published_weekday": 3, "published_hour": 12,
              "times_usual": 40} for name in ("instagram", "threads", "tiktok")]  # fmt: skip
    usual = [{"profile": "a", "platform": "threads", "post_key": f"{n}", "published_weekday": 3, "published_hour": 12,
              "times_usual": 1 + (n % 3 - 1) / 10} for n in range(8)]  # fmt: skip
    assert verdicts(tmp_path, viral + usual)["weekday", 3] == (9, "too few posts")


def test_the_least_bad_is_not_the_best(tmp_path):
    posts = [{"profile": "a", "platform": "threads", "post_key": f"{day} {n}", "published_weekday": day,
              "published_hour": 12, "times_usual": 0.2 * day + n / 100}
             for day in (1, 2) for n in range(12)]  # fmt: skip
    found = verdicts(tmp_path, posts)
    assert {verdict for _, verdict in found.values()} == {"worse"}
