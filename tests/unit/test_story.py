"""The sandbox's story: the same every time, and plausible."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from sandbox.account import Account
from sandbox.networks import account_block, links, native_item, post_block
from tap_ayrshare.ayrshare.contract import load

START = datetime(2026, 3, 5, 6, tzinfo=timezone.utc)
METRICS = load("metrics.json")
FOLLOWERS = {"followersCount", "followerCount", "subscriberCount"}


@pytest.fixture
def account():
    return Account(START, has_story=True, days=80)


def test_it_is_the_same_every_time(account):
    again = Account(START, has_story=True, days=80)
    for first, second in zip(account.profiles, again.profiles, strict=True):
        assert first.posts == second.posts
    brand = account.profiles[2]
    for post in brand.posts[::9]:
        for network in post.networks:
            assert post_block(brand, post, network, START) == post_block(again.profiles[2], post, network, START)


def test_posts_read_like_posts(account):
    assert [profile.label for profile in account.profiles] == ["primary", "bean-and-leaf", "northtrail", "studio-lumen"]
    for profile in account.profiles[1:]:
        sent = [post for post in profile.posts if post.published <= START]
        assert len(sent) > 40
        assert len({post.text for post in sent}) > len(sent) / 3
        assert not any("{" in post.text for post in sent)
        weekdays = Counter(post.published.weekday() for post in sent)
        assert max(weekdays.values()) >= 2 * min(weekdays[day] for day in range(7))
        assert {post.published.hour for post in sent} <= {7, 9, 12, 15, 18, 20}
        assert all(set(post.networks) <= set(profile.linked) for post in sent)
    shapes = Counter(post.shape for profile in account.profiles for post in profile.posts)
    assert {"gone", "partial", "failed"} <= set(shapes)
    assert shapes["plain"] > 0.9 * sum(shapes.values())


def test_one_post_goes_viral(account):
    brand = account.profiles[2]
    sizes = {
        post.text: json.loads(post_block(brand, post, "instagram", START))["analytics"]["reachCount"]
        for post in brand.posts if "instagram" in post.networks and post.published <= START
    }  # fmt: skip
    (first, viral), (_, second) = sorted(((size, text) for text, size in sizes.items()), reverse=True)[:2]
    assert viral.startswith("We left a tent on the ridge")
    assert first > 3 * sizes[second]


def test_counters_only_grow_and_agree_between_endpoints(account):
    compared = 0
    for profile in account.profiles[1:]:
        for post in profile.posts[5:60:7]:
            for network in post.networks:
                before = numbers(
                    json.loads(post_block(profile, post, network, START - timedelta(days=3)))["analytics"],
                    network,
                    "post",
                )
                after = numbers(json.loads(post_block(profile, post, network, START))["analytics"], network, "post")
                listed = numbers(json.loads(native_item(profile, post, network, START)), network, "native")
                assert all(before[name] <= after[name] for name in before)
                for name in after.keys() & listed.keys():
                    assert after[name] == listed[name], (network, name)
                    compared += 1
    assert compared > 100


def numbers(body, network, kind):
    """The promoted columns of a body that are there."""
    found = {}
    for column, mapping in METRICS[kind].get(network, {}).items():
        for path in mapping["paths"]:
            if isinstance(value := body.get(path), int):
                found[column] = value
                break
    return found


def test_accounts_grow_and_the_viral_post_shows(account):
    def followers(profile, network, days_ago):
        body = json.loads(account_block(profile, network, START - timedelta(days=days_ago)))["analytics"]
        (name,) = FOLLOWERS & set(body)
        return int(body[name])

    for profile, network, grows in ((1, "tiktok", True), (2, "instagram", True), (2, "facebook", False)):
        days = [followers(account.profiles[profile], network, days_ago) for days_ago in (40, 30, 20, 14)]
        assert days == sorted(days, reverse=not grows)
    brand = account.profiles[2]
    usual = followers(brand, "instagram", 14) - followers(brand, "instagram", 18)
    assert followers(brand, "instagram", 8) - followers(brand, "instagram", 12) > 5 * usual


def test_links_lead_to_the_brand(account):
    for profile in account.profiles[1:]:
        assert all(profile.label in link["originalUrl"] for link in links(profile, START, START))
