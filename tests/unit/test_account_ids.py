"""The account that the numbers of a day are of: its own id, from the network's object or from GET /user."""

import pytest

from tests.world import World

LINKED = [{"platform": name, "id": f"linked-{name}"} for name in ("facebook", "linkedin")]


def answers(analytics):
    """The API for a profile with two accounts whose objects these are, by network."""

    def answer(path, given):
        if path == "/user":
            return 200, {"activeSocialAccounts": list(analytics), "displayNames": LINKED}
        (network,) = given["platforms"]
        return 200, {network: {"analytics": analytics[network]}, "status": "success"}

    return answer


@pytest.mark.parametrize(("network", "analytics", "settings", "expected"), [
    ("facebook", {"id": 111, "followersCount": 3}, {}, "111"),
    ("linkedin", {"followersCount": 3}, {}, "linked-linkedin"),
    # One night the object has no id: two sources of an id must not look like two accounts.
    ("facebook", {"followersCount": 3}, {}, None),
    # Nothing asks for /user.
    ("linkedin", {"followersCount": 3}, {"platforms": ["linkedin"]}, None),
    # No entry of its own.
    ("tiktok", {"followerCount": 3}, {}, None),
])  # fmt: skip
def test_the_account_of_a_snapshot(network, analytics, settings, expected):
    world = World(fault=answers({network: analytics}))
    (row,) = world.run("social_analytics", **settings).records("social_analytics")
    assert row["account_id"] == expected
