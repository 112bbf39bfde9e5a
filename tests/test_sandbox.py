"""The stand-in for the API: that it answers as the facts about the API say, and misbehaves as it is told."""

import gzip
import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sandbox.process import SandboxProcess, running

NOW = "2026-11-23T12:00:00Z"
X_KEYS = {"X-Twitter-OAuth1-Api-Key": "x-app-key", "X-Twitter-OAuth1-Api-Secret": "x-app-secret"}
POST_NETWORKS = {
    "bluesky", "facebook", "instagram", "linkedin", "pinterest", "reddit", "snapchat", "threads", "tiktok", "twitter",
    "youtube",
}  # fmt: skip
ACCOUNT_NETWORKS = POST_NETWORKS | {"gmb"}


class Answer:
    def __init__(self, response, raw):
        self.status, self.headers, self.raw = response.status, response.headers, raw

    @property
    def json(self):
        return json.loads(self.raw)


class Client:
    """Asks a sandbox, over one connection that is kept."""

    def __init__(self, box: SandboxProcess, profile=None, headers=X_KEYS, key=None):
        self.box = box
        self.headers = {"Authorization": f"Bearer {key or box.config['api_key']}", **headers}
        if profile:
            self.headers["Profile-Key"] = f"sandbox-profile-key-{profile}"
        url = urlsplit(box.config["api_url"])
        self.connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        try:
            self.connection.request(method, f"/api{path}", body=data, headers=self.headers)
            response = self.connection.getresponse()
            return Answer(response, response.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, body):
        return self.ask("POST", path, body)

    def history(self, query="limit=1000&lastDays=0"):
        return self.get(f"/history?{query}").json["history"]

    def analytics(self, post_id, **body):
        return self.post("/analytics/post", {"id": post_id, **body})

    def social(self, *platforms, **body):
        return self.post("/analytics/social", {"platforms": list(platforms), **body})

    def close(self):
        self.connection.close()


@pytest.fixture(scope="module")
def shared():
    with running("--now", NOW, "--no-limit", "--profiles", "4") as box:
        yield box


@pytest.fixture
def box(shared):
    shared.set_faults()
    shared.set_clock(NOW)
    shared.set_limit(0, 300)
    shared.set_options(
        links="legacy", playlists="official", plan="business", x_keys="required", gzip=False, facebook="after",
        history_envelope="whole", numbers_after=0, no_numbers="187", quota_used=False,
    )  # fmt: skip
    shared.clear()
    yield shared
    shared.set_faults()


@pytest.fixture
def clients(box):
    made = []

    def client(*args, **options):
        made.append(Client(*args, **options) if args else Client(box, **options))
        return made[-1]

    yield client
    for one in made:
        one.close()


@pytest.fixture
def primary(clients):
    return clients()


# The process


def test_the_first_line_goes_into_a_configuration(box):
    assert box.config["api_url"].startswith("http://127.0.0.1:")
    assert box.config["api_key"] == "sandbox-api-key"
    assert [p["name"] for p in box.config["profiles"]] == ["acme", "globex", "initech", "umbrella"]
    assert box.config["profiles"][0]["profile_key"] == "sandbox-profile-key-acme"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quickly_and_quietly(signum):
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    process.stdout.readline()
    process.send_signal(signum)
    out, log = process.communicate(timeout=3)
    assert (process.returncode, out, log) == (0, "", "")


def bodies(client):
    asked = [client.get(path).raw for path in ("/user", "/profiles", "/history?limit=50&lastDays=0")]
    asked += [client.analytics(row["id"]).raw for row in client.history("limit=20&lastDays=0")]
    return asked + [client.social(name, daily=name == "facebook").raw for name in sorted(ACCOUNT_NETWORKS)]


def test_the_same_options_give_the_same_bodies(clients, primary):
    with running("--now", NOW, "--no-limit", "--profiles", "4") as twin:
        assert bodies(clients(twin)) == bodies(primary)
    with running("--now", NOW, "--no-limit", "--profiles", "4", "--seed", "2") as other:
        assert bodies(clients(other)) != bodies(primary)


# Keys


def test_keys(clients):
    assert (clients(key="wrong").get("/user").status, clients(key="wrong").get("/user").json["code"]) == (401, 102)
    unknown = clients(profile="nobody").get("/user")
    assert (unknown.status, "code" in unknown.json) == (403, False)


def test_unknown_paths_and_methods(primary):
    assert primary.get("/nowhere").status == 404
    assert primary.post("/user", {}).status == 405
    assert primary.get("/analytics/post").status == 405


# The account


def test_user_names_the_linked_networks(clients, primary):
    body = primary.get("/user").json
    assert set(body["activeSocialAccounts"]) == ACCOUNT_NETWORKS | {"telegram"}
    assert [entry["platform"] for entry in body["displayNames"]] == body["activeSocialAccounts"]
    assert len(clients(profile="globex").get("/user").json["activeSocialAccounts"]) == 5
    assert "activeSocialAccounts" not in clients(profile="initech").get("/user").json


def test_profiles_come_in_pages_without_keys(clients, primary):
    first = primary.get("/profiles?limit=3").json
    assert [row["refId"] for row in first["profiles"]] == ["ref-acme", "ref-globex", "ref-initech"]
    assert first["pagination"]["hasMore"] is True
    last = primary.get(f"/profiles?limit=3&cursor={first['pagination']['nextCursor']}").json
    assert [row["refId"] for row in last["profiles"]] == ["ref-umbrella"]
    assert last["pagination"] == {"hasMore": False, "nextCursor": None, "limit": 3}
    assert "sandbox-profile-key" not in primary.get("/profiles").raw.decode()
    assert clients(profile="acme").get("/profiles").status == 403


def test_plans(box, primary):
    box.set_options(plan="premium")
    assert primary.get("/profiles").json["code"] == 169
    assert primary.social("facebook").status == 200
    box.set_options(plan="basic")
    assert (primary.social("facebook").status, primary.social("facebook").json["code"]) == (403, 169)
    assert primary.get("/history").status == 200


@pytest.mark.parametrize(
    ("form", "keys"), [("array", None), ("object", {"playlists"}), ("status", {"playlists", "status"})]
)
def test_playlists_in_the_guessed_envelopes(box, primary, form, keys):
    box.set_options(playlists=form)
    body = primary.get("/analytics/youTubePlaylists").json
    assert (set(body) if isinstance(body, dict) else None) == keys
    assert len(body if keys is None else body["playlists"]) == 2


def test_playlists_as_the_official_page_has_them(primary):
    body = primary.get("/analytics/youTubePlaylists").json
    published = json.loads((Path(__file__).parent / "data" / "responses" / "youtube_playlists.json").read_text())
    assert set(body) == set(published["response"])
    assert {*body["playLists"][0]} == {*published["response"]["playLists"][0]}


def test_facebook_before_and_after_june_2026(box, primary):
    def fields():
        posts = [row for row in primary.history() if row["status"] == "success" and "facebook" in row["platforms"]]
        blocks = [primary.analytics(row["id"]).json.get("facebook", {}) for row in posts]
        account = primary.social("facebook").json["facebook"]
        return {name for block in [*blocks, account] for name in block.get("analytics", {})}

    ended = {"impressions", "impressionsUnique", "videoViewsUnique", "totalVideoViewsUnique", "totalVideoImpressions",
             "pagePostsImpressions", "pagePostsImpressionsUnique"}  # fmt: skip
    today = fields()
    assert not ended & today
    assert {"mediaView", "mediaViewIsFromAds", "pageMediaView"} <= today
    box.set_options(facebook="before")
    assert ended <= fields()


def test_a_post_without_numbers_yet(box, primary):
    row = next(row for row in primary.history() if row["status"] == "success" and len(row["platforms"]) == 1)
    box.set_options(numbers_after=10**9)
    answer = primary.analytics(row["id"])
    assert (answer.status, answer.json["code"]) == (400, 187)
    box.set_options(no_numbers="success")
    assert (primary.analytics(row["id"]).status, primary.analytics(row["id"]).json) == (200, {"status": "success"})


def test_a_used_up_post_quota_refuses_the_analytics_and_comments_of_posts_alone(box, primary):
    row = next(row for row in primary.history() if row["status"] == "success")
    box.set_options(quota_used=True)
    user = primary.get("/user").json
    assert user["monthlyPostCount"] == user["monthlyPostQuota"]
    for answer in (primary.analytics(row["id"]), primary.get(f"/comments/{row['id']}")):
        assert (answer.status, answer.json["code"]) == (429, 106)
    assert primary.social("facebook").status == 200


def test_what_stands_around_the_history(box, primary):
    around = {"history", "refId", "count", "lastUpdated", "nextUpdate"}
    assert set(primary.get("/history?lastDays=0").json) == around
    box.set_options(history_envelope="bare")
    assert set(primary.get("/history?lastDays=0").json) == {"history"}


# Posts


def test_history_has_every_shape_of_post(primary):
    rows = primary.history()
    assert {row["status"] for row in rows} == {"success", "pending", "paused", "awaiting approval", "error"}
    assert {row["status"] for row in primary.history("limit=1000&lastDays=0&status=deleted")} == {"deleted"}
    assert {type(row["created"]) for row in rows} == {str, dict}
    assert {type(row["scheduleDate"]) for row in rows if row["type"] == "scheduled"} == {str, dict}
    texts = [row["created"] for row in rows if isinstance(row["created"], str)]
    assert {text[19:] for text in texts} == {"Z", ".000Z", "+0000"}
    assert any("postIds" not in row for row in rows)
    ids = {entry["id"] for row in rows for entry in row.get("postIds", [])}
    assert {"pending", "failed"} < ids
    assert any(row["type"] == "now" and isinstance(row["scheduleDate"], dict) for row in rows)


def test_history_refuses_bad_parameters_and_is_empty_with_an_error(primary):
    for query in ("limit=0", "limit=1001", "limit=x", "startDate=x&endDate=y", "lastDays=-1"):
        assert (primary.get(f"/history?{query}").status, primary.get(f"/history?{query}").json["code"]) == (400, 101)
    empty = primary.get("/history?startDate=2001-01-01T00:00:00Z&endDate=2001-02-01T00:00:00Z")
    assert (empty.status, empty.json["history"]["code"]) == (400, 221)


def test_history_filters(primary):
    scheduled = primary.history("limit=1000&lastDays=0&type=scheduled")
    assert {row["type"] for row in scheduled} == {"scheduled"}
    some = primary.history("limit=1000&lastDays=0&platforms=reddit&platforms=threads")
    assert some
    assert all({"reddit", "threads"} & set(row["platforms"]) for row in some)
    assert len(primary.get("/history").json["history"]) <= 25
    one = primary.get(f"/history/{some[0]['id']}").json
    assert one == some[0]
    assert primary.get("/history/nothing").json["code"] == 186


def test_a_post_of_long_ago_that_is_sent_today(box, primary):
    row = primary.get("/history/primary-today").json
    assert (row["status"], row["postIds"], row["created"]) == ("pending", [], "2026-09-24T18:00:00Z")
    assert row["scheduleDate"]["utc"] == "2026-11-23T18:00:00Z"
    assert primary.analytics("primary-today").status == 404
    box.set_clock("2026-11-23T18:00:01Z")
    row = primary.get("/history/primary-today").json
    assert (row["status"], bool(row["postIds"])) == ("success", True)
    assert primary.analytics("primary-today").status in (200, 400)


def test_windows_of_a_long_history(clients):
    args = ("--now", NOW, "--no-limit", "--profiles", "0", "--posts", "2500", "--days", "50", "--plain")
    with running(*args, "--same-second", "30") as many:
        client = clients(many)
        newest = client.history()
        assert len(newest) == 1000
        dates = [row["created"] for row in newest]
        assert dates == sorted(dates, reverse=True)
        assert Counter(dates).most_common(1)[0][1] == 1
        found = set()
        for start, end in (("2026-10-01", "2026-10-16"), ("2026-10-16", "2026-11-02"), ("2026-11-02", "2026-11-24")):
            rows = client.history(f"limit=1000&startDate={start}T00:00:00Z&endDate={end}T00:00:00Z")
            assert len(rows) < 1000 or end == "2026-11-24"
            found |= {row["id"] for row in rows}
        rest = client.history("limit=1000&startDate=2026-11-02T00:00:00Z&endDate=2026-11-05T00:00:00Z")
        assert len(found | {row["id"] for row in rest}) == 2500
        crowd = Counter(row["created"] for row in client.history(f"limit=1000&{crowded(client)}"))
        assert max(crowd.values()) == 30
        # Both ends are included.
        second = max(crowd, key=lambda date: crowd[date])
        assert len(client.history(f"limit=1000&startDate={second}&endDate={second}")) == 30


def crowded(client):
    return "startDate=2026-10-28T00:00:00Z&endDate=2026-10-30T00:00:00Z"


@pytest.mark.parametrize(("compared", "is_listed"), [("published", False), ("created", True)])
def test_what_windows_compare(clients, compared, is_listed):
    with running("--now", NOW, "--profiles", "0", "--history-dates", compared) as box:
        body = clients(box).get("/history?limit=9&startDate=2026-09-24T17:00:00Z&endDate=2026-09-24T19:00:00Z").json
        rows = body["history"] if isinstance(body["history"], list) else []
        assert ("primary-today" in {row["id"] for row in rows}) == is_listed


# Numbers of posts


def read_all(client):
    found = {}
    for row in client.history():
        body = client.analytics(row["id"])
        if body.status == 200:
            found[row["id"]] = body.json
    return found


def test_every_network_has_numbers_and_every_shape(clients, primary):
    answers = {**read_all(primary), **read_all(clients(profile="acme"))}
    blocks = [(name, block) for body in answers.values() for name, block in body.items() if name in POST_NETWORKS]
    good = [(name, block) for name, block in blocks if isinstance(block, list) or "analytics" in block]
    assert {name for name, _ in good} == POST_NETWORKS
    threads = [block for name, block in good if name == "twitter" and isinstance(block, list)]
    assert [len(block) for block in threads] == [2] * len(threads) != []
    assert {len(block["analytics"]) for name, block in good if name == "snapchat"} == {1, 2}
    kinds = {block["analytics"].get("mediaProductType") for name, block in good if name == "instagram"}
    assert kinds == {"FEED", "REELS", "STORY"}
    assert {block["type"] for name, block in good if name == "linkedin"} == {"corporate", "personal"}
    assert {"mediaView" in block["analytics"] for name, block in good if name == "facebook"} == {True, False}
    tiktoks = [block["analytics"] for name, block in good if name == "tiktok"]
    assert any(block.get("reach") == -1 for block in tiktoks)
    assert any("reach" not in block for block in tiktoks)
    assert any(b["analytics"]["averageViewPercentage"] is None for name, b in good if name == "youtube")
    partial = [body for body in answers.values() if body["status"] == "partial"]
    assert {any(e["platform"] in body for e in body["errors"]) for body in partial} == {True, False}


def test_it_answers_with_every_field_that_the_published_scripts_assert(box, clients, primary):
    seen = defaultdict(set)
    # The scripts are older than what Facebook ended.
    box.set_options(facebook="before")
    for client in (primary, clients(profile="acme")):
        for body in read_all(client).values():
            look_into(seen, "answer", "all", body)
            for network in body.keys() & POST_NETWORKS:
                look_into(seen, "block", "all", body[network])
                for block in body[network] if isinstance(body[network], list) else [body[network]]:
                    look_into(seen, "post", network, block.get("analytics"))
        for network in ACCOUNT_NETWORKS:
            look_into(seen, "account", network, client.social(network).json[network]["analytics"])
        user = client.get("/user").json
        look_into(seen, "user", "all", user)
        for entry in user["displayNames"]:
            look_into(seen, "display_name", entry["platform"], entry)
        look_into(seen, "history_post", "all", client.history())
        for network in POST_NETWORKS - {"reddit"}:
            listed = client.get(f"/history/{network}?limit=50").json
            look_into(seen, "answer", "all", listed)
            look_into(seen, "native", network, listed["posts"])
    look_into(seen, "profile", "all", primary.get("/profiles").json["profiles"])
    for vintage, path in (("short", "/analytics/links-short"), ("current", "/links")):
        box.set_options(links=vintage)
        look_into(seen, "link", "all", primary.get(path).json["analytics"])
    published = json.loads((Path(__file__).parent / "data" / "published_fields.json").read_text())["fields"]
    missing = [
        (body, network, path)
        for body, by_network in published.items()
        for network, lists in by_network.items()
        for path in lists["asserted"]
        if path not in seen[body, network]
    ]
    assert missing == []


def look_into(seen, body, network, value, path=""):
    """Add the paths in a value to those seen of a body."""
    if isinstance(value, dict):
        for key, item in value.items():
            below = f"{path}.{key}" if path else key
            seen[body, network].add(below)
            look_into(seen, body, network, item, below)
    elif isinstance(value, list):
        for item in value:
            look_into(seen, body, network, item, f"{path}[]" if path else "")


def test_posts_that_are_gone_and_networks_that_cannot_be_read(clients, primary):
    rows = primary.history()
    gone = [row for row in rows if row["status"] == "success" and primary.analytics(row["id"]).status == 404]
    assert gone
    assert primary.analytics(gone[0]["id"]).json == {
        "action": "analytics", "status": "error", "code": 186, "message": "Post ID not found.", "id": gone[0]["id"],
    }  # fmt: skip
    assert primary.post("/analytics/post", {}).json["code"] == 101
    on_x = next(row for row in rows if "twitter" in row["platforms"] and row["status"] == "success")
    refused = clients(headers={}).analytics(on_x["id"], platforms=["twitter"])
    assert (refused.status, refused.json["errors"][0]["code"]) == (400, 419)


def test_numbers_grow_from_day_to_day_and_a_few_drop(box, primary):
    rows = [row for row in primary.history() if row["status"] == "success"]
    days = []
    for back in range(35, -1, -1):
        day = datetime(2026, 11, 23, 12, tzinfo=timezone.utc) - timedelta(days=back)
        box.set_clock(day.isoformat())
        answers = {row["id"]: primary.analytics(row["id"]) for row in rows}
        days.append({post_id: answer.json for post_id, answer in answers.items() if answer.status == 200})
    changes = Counter()
    for before, after in pairwise(days):
        for post_id in before:
            changes.update(compared(before[post_id], after[post_id]))
    assert changes["same"] == 0
    assert 0 < changes["fewer"] < changes["more"] / 1000


def compared(before, after, key=""):
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before.keys() & after.keys() - {"media", "mediaUrls", "urls", "status", "code"}:
            yield from compared(before[name], after[name], name)
    elif isinstance(before, list) and isinstance(after, list):
        for one, other in zip(before, after, strict=False):
            yield from compared(one, other, key)
    elif key.lower().endswith(("count", "views", "likes", "impression", "unique")) and type(before) is int:
        yield "more" if after > before else "fewer" if after < before else "same" if before != -1 else "declined"


def test_by_social_post_id(clients, primary):
    listed = primary.get("/history/instagram?limit=5").json["posts"]
    one = primary.analytics(listed[0]["id"], platforms=["instagram"], searchPlatformId=True).json
    assert (one["id"], one["instagram"]["id"], one["status"]) == (listed[0]["id"], listed[0]["id"], "success")
    ids = [post["id"] for post in listed]
    body = {"postIds": [*ids, "nothing"], "platforms": ["instagram"], "searchPlatformId": True}
    batch = primary.post("/analytics/post", body).json
    assert [block["id"] for block in batch["instagram"]] == ids
    assert (batch["status"], batch["errors"][0]["id"]) == ("partial", "nothing")
    for wrong in ({"postIds": ["x"] * 101}, {"platforms": ["instagram", "facebook"], "id": "x"}):
        assert primary.post("/analytics/post", {**body, **wrong}).json["code"] == 101
    other = primary.analytics("somebody-elses", platforms=["youtube"], searchPlatformId=True).json["youtube"]
    counts = [value for value in other["analytics"].values() if isinstance(value, int) and value is not False]
    assert set(counts) == {0}
    assert primary.analytics("nothing", platforms=["tiktok"], searchPlatformId=True).status == 404
    assert clients(profile="acme").analytics(ids[0], platforms=["instagram"], searchPlatformId=True).status == 404


# Native posts


@pytest.mark.parametrize("network", sorted(POST_NETWORKS - {"reddit"}))
def test_native_posts(primary, network):
    body = primary.get(f"/history/{network}?limit=500").json
    ids = [post["id"] for post in body["posts"] if "id" in post]
    sent = {entry["id"] for row in primary.history() for entry in row.get("postIds", [])}
    assert set(ids) & sent
    assert set(ids) - sent
    assert len(primary.get(f"/history/{network}").json["posts"]) == 10 + (network == "facebook")
    names = {name for post in body["posts"] for name in post}
    assert {"threads": "timestamp", "instagram": "mediaUrl", "linkedin": "visibility"}.get(network, "id") in names
    only_ids = primary.get(f"/history/{network}?skipAnalytics=true").json["posts"]
    assert {frozenset(post) for post in only_ids if "code" not in post} == {frozenset({"id"})}
    assert primary.get(f"/history/{network}?limit=501").json["code"] == 101


def test_an_item_of_native_posts_without_an_id(primary):
    body = primary.get("/history/facebook").json
    assert body["status"] == "partial"
    assert [post["code"] for post in body["posts"] if "id" not in post] == [187]


@pytest.mark.parametrize("network", ["threads", "twitter"])
def test_pages_of_native_posts(primary, network):
    whole = [post["id"] for post in primary.get(f"/history/{network}?limit=500").json["posts"]]
    found, cursor = [], ""
    while cursor is not None:
        body = primary.get(f"/history/{network}?limit=7{cursor and f'&next={cursor}'}").json
        found += [post["id"] for post in body["posts"]]
        cursor = body["meta"]["pagination"]["next"]
        assert body["meta"]["pagination"]["hasMore"] == (cursor is not None)
    assert found == whole
    assert len(found) > 14


# Numbers of accounts


def test_every_network_has_account_numbers(box, clients, primary):
    days = []
    for day in ("23", "24"):
        box.set_clock(f"2026-11-{day}T12:00:00Z")
        days.append({name: primary.social(name).json for name in ACCOUNT_NETWORKS})
    before, after = days
    assert all(set(body) == {name, "status"} for name, body in before.items())
    for name, key in (("facebook", "followersCount"), ("threads", "followersCount"), ("tiktok", "followerCount")):
        assert before[name][name]["analytics"][key] < after[name][name]["analytics"][key]
    assert isinstance(before["youtube"]["youtube"]["analytics"]["subscriberCount"], str)
    assert before["tiktok"]["tiktok"]["analytics"]["commentCountTotal"] == -1
    assert before["pinterest"]["pinterest"]["analytics"]["daily"][0]["metrics"]
    assert len(before["snapchat"]["snapchat"]["analytics"]) == 1
    assert len(clients(profile="umbrella").social("snapchat").json["snapchat"]["analytics"]) == 2
    assert clients(profile="globex").social("instagram").json["instagram"]["warning"][0]["code"] == 395


def test_what_account_numbers_take(clients, primary):
    for body in ({}, {"platforms": []}, {"platforms": ["facebook"], "quarters": 5}, {"platforms": "facebook"}):
        assert primary.post("/analytics/social", body).json["code"] == 101
    assert primary.social("tiktok", period60Days=True, quarters=1).json["code"] == 101
    assert set(primary.social("tiktok", period60Days=True).json["tiktok"]["analytics"]) == {
        "commentCountTotal", "shareCountTotal", "viewCountTotal",
    }  # fmt: skip
    assert primary.social("youtube", youtube={"lifetime": True}).json["youtube"]["analytics"]["lifetimeLikes"] > 0
    refused = clients(profile="globex").social("tiktok")
    assert (refused.status, refused.json["errors"][0]["code"]) == (400, 156)
    beside = clients(profile="globex").social("facebook", "tiktok")
    assert (beside.status, beside.json["status"], beside.json["tiktok"]["code"]) == (200, "partial", 156)


def test_daily_series(box, primary):
    series = {name: primary.social(name, daily=True, quarters=1).json[name]["analytics"] for name in
              ("facebook", "youtube", "instagram", "tiktok", "snapchat")}  # fmt: skip
    for name, analytics in series.items():
        metrics = {key: value for key, value in analytics.items() if isinstance(value, dict)}
        assert metrics
        for metric in metrics.values():
            assert (metric["period"], len(metric["values"])) == ("day", 90)
            ends = [value["endTime"] for value in metric["values"]]
            assert ends == sorted(ends)
        newest = max(metric["values"][-1]["endTime"][:10] for metric in metrics.values())
        assert newest == ("2026-11-21" if name in ("youtube", "tiktok") else "2026-11-23")
    assert series["facebook"]["pageMediaView"]["values"][-1]["endTime"] == "2026-11-22T08:00:00+0000"
    follows = [value["value"] for value in series["facebook"]["pageFollows"]["values"]]
    assert follows == sorted(follows)
    assert (
        len(primary.social("facebook", daily=True, quarters=2).json["facebook"]["analytics"]["pageFollows"]["values"])
        == 180
    )
    box.set_clock("2026-11-24T12:00:00Z")
    later = primary.social("instagram", daily=True, quarters=1).json["instagram"]["analytics"]["reachCount"]["values"]
    assert later[:-1] == series["instagram"]["reachCount"]["values"][1:]


# Links


def test_legacy_links(primary):
    links = primary.get("/analytics/links?lastDays=30").json
    assert {type(entry["count"]) for link in links for entry in link["linkEventStats"]} == {str}
    assert links[-1]["linkEventStats"] == []
    assert primary.get("/analytics/links?lastDays=31").json["code"] == 101
    assert primary.get("/links").status == primary.get("/analytics/links-short").status == 404


@pytest.mark.parametrize(("vintage", "path"), [("short", "/analytics/links-short"), ("current", "/links")])
def test_later_links(box, primary, vintage, path):
    box.set_options(links=vintage)
    body = primary.get(path).json
    assert {type(link["totalClicks"]) for link in body["analytics"]} == {int}
    week = primary.get(f"{path}?fromClickDate=2026-11-17T00:00:00Z&toClickDate={NOW}").json["analytics"]
    assert 0 < week[0]["totalClicks"] < body["analytics"][0]["totalClicks"]
    assert primary.get("/analytics/links").status == 404
    one = primary.get("/links/link-primary-0")
    assert one.status == (404 if vintage == "short" else 200)
    assert vintage == "short" or one.json["analytics"] == body["analytics"][0]


def test_no_links_at_all(box, primary):
    box.set_options(links="none")
    assert {primary.get(path).status for path in ("/analytics/links", "/analytics/links-short", "/links")} == {404}


# The rate limit


@pytest.mark.parametrize("counting", ["sliding", "fixed"])
def test_the_rate_limit(box, clients, counting):
    box.set_limit(3, 0.6, counting)
    client = clients(profile="acme")
    start = time.monotonic()
    client.get("/user")
    time.sleep(0.3)
    statuses = [client.get("/user") for _ in range(3)]
    assert [answer.status for answer in statuses] == [200, 200, 429]
    assert statuses[1].headers["x-ratelimit-max"] == statuses[1].headers["x-ratelimit-count"] == "3"
    assert statuses[2].json == {"action": "request", "status": "error", "message": "Too many requests."}
    assert clients(profile="globex").get("/user").status == 200
    time.sleep(max(0.0, start + 0.65 - time.monotonic()))
    # A fixed window starts anew, a sliding one has let go of the first request alone.
    freed = [client.get("/user").status for _ in range(3)]
    assert freed == ([200, 429, 429] if counting == "sliding" else [200, 200, 200])


def test_too_many_429_suspend_a_profile(box, clients):
    box.set_limit(1, 300)
    client = clients(profile="acme")
    assert client.get("/user").status == 200
    assert {client.get("/user").status for _ in range(1000)} == {429}
    answer = client.get("/user")
    assert (answer.status, answer.json["message"]) == (403, "User Profile suspended.")
    assert clients(profile="globex").get("/user").status == 200


# Misbehaviour


@pytest.mark.parametrize(
    ("rule", "status", "code"),
    [
        ({"fault": "status", "status": 418, "body": {"code": 7}}, 418, 7),
        ({"fault": "rate_limit", "retry_after": 5}, 429, None),
        ({"fault": "unauthorized_api_key"}, 401, 102),
        ({"fault": "unauthorized_profile_key", "status": 401}, 401, None),
        ({"fault": "suspended"}, 403, None),
        ({"fault": "plan", "status": 402}, 402, 169),
        ({"fault": "not_found_post"}, 404, 186),
        ({"fault": "error_200", "code": 254, "retryAvailable": True}, 200, 254),
        ({"fault": "temporary_200"}, 200, None),
        ({"fault": "server_error", "status": 502, "body": {"status": "error"}}, 502, None),
    ],
)
def test_faults_that_answer(box, primary, rule, status, code):
    box.set_faults(rule)
    answer = primary.get("/user")
    assert (answer.status, answer.json.get("code")) == (status, code)
    assert answer.headers.get("Retry-After") == ("5" if "retry_after" in rule else None)


@pytest.mark.parametrize(
    ("rule", "status", "start"),
    [
        ({"fault": "not_found"}, 404, b"<html>"),
        ({"fault": "server_error", "status": 503}, 503, b"<html>"),
        ({"fault": "status", "status": 500, "content": "empty"}, 500, b""),
        ({"fault": "html"}, 200, b"<html>"),
        ({"fault": "invalid_json"}, 200, b"{"),
        ({"fault": "empty"}, 200, b""),
        ({"fault": "redirect", "location": "https://example.com/"}, 302, b""),
    ],
)
def test_faults_without_json(box, primary, rule, status, start):
    box.set_faults(rule)
    answer = primary.get("/user")
    assert answer.status == status
    assert answer.raw.startswith(start)
    assert answer.raw or not start
    with pytest.raises(ValueError, match=r"Expecting|delimiter"):
        _ = answer.json
    assert answer.headers.get("Location") == rule.get("location")


@pytest.mark.parametrize(
    ("fault", "network", "code"),
    [
        ("not_linked", "youtube", 156),
        ("auth_lost", "facebook", 161),
        ("x_auth", "twitter", 272),
        ("x_keys", "twitter", 419),
    ],
)
def test_faults_of_a_network(box, primary, fault, network, code):
    box.set_faults({"fault": fault, "platform": network})
    answer = primary.social(network)
    assert answer.status == 400
    assert [(e["code"], e["platform"]) for e in answer.json["errors"]] == [(code, network)]
    assert primary.social("threads").status == 200


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"fault": "reset"}, ConnectionResetError),
        ({"fault": "close"}, http.client.RemoteDisconnected),
        ({"fault": "cut"}, http.client.IncompleteRead),
        ({"fault": "cut", "chunked": True}, http.client.IncompleteRead),
    ],
)
def test_faults_of_the_connection(box, primary, rule, error):
    box.set_faults({**rule, "times": 1})
    with pytest.raises(error):
        primary.get("/user")
    assert primary.get("/user").status == 200
    assert [entry["fault"] for entry in box.requests()] == [rule["fault"], None]


def test_slow_answers(box, primary):
    box.set_faults({"fault": "slow", "seconds": 0.3, "times": 1})
    start = time.monotonic()
    primary.get("/user")
    assert time.monotonic() - start >= 0.3
    start = time.monotonic()
    primary.get("/user")
    assert time.monotonic() - start < 0.2


def test_faults_that_change_a_good_answer(box, primary):
    box.set_faults([{"fault": "block_error", "network": "tiktok", "code": 288}])
    body = primary.social("facebook", "tiktok").json
    assert (body["status"], body["tiktok"]["code"], "analytics" in body["facebook"]) == ("partial", 288, True)
    box.set_faults({"fault": "x_limit"})
    body = primary.social("facebook", "twitter").json
    assert "limit" in body["twitter"]["message"]
    box.set_faults({"fault": "usable_400"})
    assert (primary.social("facebook").status, "analytics" in primary.social("facebook").json["facebook"]) == (
        400,
        True,
    )
    box.set_faults({"fault": "extra_fields"})
    assert primary.social("facebook").json["facebook"]["analytics"]["brandNewField"] == 41
    box.set_faults({"fault": "nulls"})
    assert None in primary.social("facebook").json["facebook"]["analytics"].values()
    box.set_faults({"fault": "minus_one"})
    assert -1 in primary.social("facebook").json["facebook"]["analytics"].values()
    box.set_faults({"fault": "patch", "body": {"facebook": {"analytics": {"fanCount": 5}}}})
    body = primary.social("facebook").json["facebook"]
    assert (body["analytics"]["fanCount"], body["analytics"]["name"]) == (5, "primary")


def test_which_requests_a_rule_acts_on(box, clients, primary):
    box.set_faults({"fault": "server_error", "endpoint": "/user", "every": 3, "times": 2})
    assert [primary.get("/user").status for _ in range(9)] == [200, 200, 500, 200, 200, 500, 200, 200, 200]
    box.set_faults({"fault": ["server_error", "plan"], "endpoint": "/user", "every": 2})
    assert [primary.get("/user").status for _ in range(6)] == [200, 500, 200, 403, 200, 500]
    box.set_faults({"fault": "server_error", "profile": "acme", "turns": [2]})
    acme = clients(profile="acme")
    assert [(primary.get("/user").status, acme.get("/user").status) for _ in range(3)] == [
        (200, 200), (200, 500), (200, 200),
    ]  # fmt: skip
    box.set_faults({"fault": "server_error", "endpoint": "/history", "exact": True, "method": "GET"})
    assert (primary.get("/history").status, primary.get("/history/facebook").status) == (500, 200)
    box.set_faults({"fault": "post_gone", "id": "primary-today"})
    assert primary.get("/history/primary-today").json["code"] == 186


def test_rules_out_of_a_file_and_wrong_rules(box, clients, tmp_path):
    path = tmp_path / "faults.json"
    path.write_text(json.dumps([{"fault": "server_error", "times": 1}]))
    with running("--faults", str(path)) as other:
        assert [clients(other).get("/user").status for _ in range(2)] == [500, 200]
    with pytest.raises(OSError, match="400"):
        box.set_faults({"fault": "no such thing"})


# Control


def test_the_log_of_requests(box, clients):
    acme = clients(profile="acme", headers={})
    acme.get("/history?limit=5&platforms=facebook")
    acme.social("facebook")
    first, second = box.requests()
    assert first["number"] < second["number"]
    assert first["time"] < second["time"]
    assert (first["method"], first["path"], first["query"]) == (
        "GET",
        "/history",
        {"limit": "5", "platforms": "facebook"},
    )
    assert (second["profile"], second["body"], second["status"]) == ("acme", {"platforms": ["facebook"]}, 200)
    assert (second["x_keys"], second["fault"]) == (False, None)
    assert "sandbox-profile-key" not in json.dumps([first, second])
    assert [entry["path"] for entry in box.requests("/history")] == ["/history"]
    box.clear()
    assert box.requests() == []


def test_requests_in_flight_are_counted(box, clients):
    box.set_latency(0.2)
    made = [clients(profile="acme"), clients(profile="acme"), clients(profile="globex")]
    threads = [threading.Thread(target=client.get, args=("/user",)) for client in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    box.set_latency(0)
    assert box.most_in_flight() == {"acme": 2, "globex": 1, "*": 3}


def test_the_clock_decides_what_is_there(box, primary):
    before = {row["id"] for row in primary.history()}
    box.set_clock("2026-12-03T12:00:00Z")
    after = {row["id"] for row in primary.history()}
    assert before < after
    box.set_clock("2026-10-01T12:00:00Z")
    assert {row["id"] for row in primary.history()} < before


def test_gzip(box, clients):
    box.set_options(gzip=True)
    client = clients(headers={"Accept-Encoding": "gzip"})
    answer = client.get("/user")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.raw))["refId"] == "ref-primary"
    assert clients().get("/user").headers["Content-Encoding"] is None


@pytest.mark.parametrize(
    ("fault", "status", "holds"),
    [({"fault": "no_block"}, 200, '"status": "success"'), ({"fault": "gateway_404"}, 404, "{}"),
     ({"fault": "plan_167"}, 403, '"code": 167'), ({"fault": "network_unnamed"}, 400, '"code": 156'),
     ({"fault": "network_429", "retry_after": 7}, 429, '"Retry-After": 7')],
)  # fmt: skip
def test_refusals_that_are_hard_to_read(box, primary, fault, status, holds):
    box.set_faults({**fault, "endpoint": "/analytics/post"})
    answer = primary.ask("POST", "/analytics/post", {"id": "p", "platforms": ["facebook"]})
    assert answer.status == status
    assert holds in answer.raw.decode()


def test_answers_that_are_odd(box, primary):
    history = "/history?limit=20"
    box.set_faults({"fault": "dates", "created": 1793527200, "endpoint": "/history"})
    assert {row["created"] for row in primary.get(history).json["history"]} == {1793527200}
    box.set_faults({"fault": "surrogates", "endpoint": "/history"})
    assert b"\\ud83d" in primary.get(history).raw
    box.set_faults({"fault": "headers", "headers": {"x-ratelimit-count": "9" * 5000}, "endpoint": "/history"})
    assert len(primary.get(history).headers["x-ratelimit-count"]) == 5000


def test_an_empty_history_is_nested_and_flat_on_demand(clients):
    query = "/history?startDate=2000-01-01T00:00:00Z&endDate=2000-01-02T00:00:00Z"
    for option, code in (((), ["history", "code"]), (("--empty-history", "flat"), ["code"])):
        with running("--limit", "0", "--now", NOW, *option) as box:
            found = clients(box).get(query).json
            for key in code:
                found = found[key]
            assert found == 221
