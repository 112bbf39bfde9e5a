"""A normal night: every request of it has a reason, and there are no others."""

from collections import Counter

import pytest

from tests.e2e.test_incremental import later
from tests.support import EVERYONE

NETWORKS = 12
REASONS = {
    "user": "GET /user: the linked networks, once for all streams",
    "profiles": "GET /profiles: the account's profiles",
    "history": "GET /history: the look-back and what can be due; all of it if a list has posts without a date",
    "deleted": "GET /history?status=deleted: deleted posts are listed only when asked for",
    "lists": "GET /history/:platform: native posts, down to the age that can be due; the first 100, then larger",
    "posts": "POST /analytics/post by Ayrshare id: posts that are due, all their networks at once",
    "batches": "POST /analytics/post by up to 100 social post ids: both of these, where the network has batches",
    "native": "POST /analytics/post by social post id: native posts that are due, or that have no date",
    "totals": "POST /analytics/social: totals, a network at a time, so that one's failure doesn't affect the others",
    "daily": "POST /analytics/social: daily series, a network at a time",
    "links": "GET the link endpoint that answered last time",
    "playlists": "GET /analytics/youTubePlaylists",
}


def reason(request: dict) -> str | None:
    path, body = request["path"], request["body"]
    if path == "/history":
        return "deleted" if request["query"].get("status") == "deleted" else "history"
    if path == "/analytics/post":
        return "batches" if "postIds" in body else "native" if body.get("searchPlatformId") else "posts"
    if path == "/analytics/social":
        return "daily" if body.get("daily") else "totals"
    named = {"/user": "user", "/profiles": "profiles", "/links": "links", "/analytics/youTubePlaylists": "playlists"}
    return "lists" if path.startswith("/history/") else named.get(path)


@pytest.mark.parametrize("bulk", ["off", "auto"])
def test_every_request_of_a_night_has_a_reason(tap, sandbox, bulk):
    box = sandbox("--posts", "600", "--days", "270", "--profiles", "0", "--plain", "--native-every", "20",
                  "--links", "current")  # fmt: skip
    config = {**box.config, **EVERYONE, "rate_limit_requests": 10**5, "rate_limit_window_seconds": 1,
              "x_daily_requests": 10**5, "bulk_analytics": bulk}  # fmt: skip
    first = tap.run(config)
    box.clear()
    box.set_clock(later(1))
    second = tap.run(config, state=first.state, now=later(1))
    assert (first.code, second.code) == (0, 0)
    requests = box.requests()
    found = Counter(map(reason, requests))
    print("\n".join(f"{count:5}  {REASONS[name]}" for name, count in found.items() if name))  # noqa: T201
    assert found.keys() == REASONS.keys() - ({"batches"} if bulk == "off" else set())
    once = ("user", "profiles", "deleted", "links", "playlists")
    assert {name: found[name] for name in once} == dict.fromkeys(once, 1)
    assert found["totals"] == NETWORKS
    assert found["daily"] == 5
    assert found["history"] <= 3
    if bulk == "off":
        assert found["posts"] == len({record["post_id"] for record in second.records("post_analytics")})
        assert found["native"] == len(second.records("social_post_analytics"))
    # Nothing is asked twice.
    asked = Counter((r["path"], str(sorted(r["query"].items())), str(r["body"])) for r in requests)
    assert [what for what, times in asked.items() if times > 1] == []
