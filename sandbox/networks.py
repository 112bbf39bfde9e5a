"""What the networks say of a post, an account and its links: bodies filled with numbers that grow with the clock."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sandbox import story
from sandbox.bodies import load, template
from sandbox.facebook import ENDED, ENDED_ON, fields_that_ended
from sandbox.moments import TIMELINE, last_updated, stamps
from sandbox.posts import TAKEN_BACK_AGE, Post, growth

if TYPE_CHECKING:
    from sandbox.account import Profile
    from sandbox.story import Draft

DAY_SECONDS = 86400
X_DAYS = 30
"""After so many days X no longer gives some numbers of a post."""
X_PRIVATE = ("nonPublicMetrics", "organicMetrics")
THREAD_ONLY = ("media", "poll", "urls")
TIKTOK_INACTIVE = ("reach", "fullVideoWatchedRate", "averageTimeWatched", "impressionSources", "audienceCountries")
LAGGING = ("tiktok", "youtube")
"""The networks whose daily series ends two days before the others'."""
CUMULATIVE = ("pageFollows",)
OPENED = datetime(2025, 6, 1, tzinfo=timezone.utc)
"""When the accounts began to grow."""
REMARKS = ("Lovely 💚", "When does it start?", 'He said "no"', "Größer!", "いいね", "First\nSecond")
COMMENT_KEPT_DAYS, GONE_SHARE = 4, 0.3
"""The age in days of a post at which somebody takes back a comment, and on how many posts."""
AD_FINAL_DAYS = 3
"""After so many days what was spent on a day no longer changes."""
SHORTENED = 3
"""Links of a profile; the primary profile's last one was never clicked."""


# Posts


def numbers(profile: Profile, post: Post, network: str, now: datetime) -> tuple[float, int, float, float]:
    """Return how large a post's numbers are: size, what is added, what its largest counter has lost, its appeal."""
    if profile.brand and post.draft:
        size = story.size(profile.brand, post.draft, post.published, network, last_updated(now))
        return size, 0, 0.0, story.appeal(profile.brand, post.draft, post.published, network)
    age = max(0.0, (last_updated(now) - post.published).total_seconds() / DAY_SECONDS)
    final = 20 + 3000 * profile.chance(post.post_id, network, "size") ** 2
    is_cut = age >= TAKEN_BACK_AGE and profile.chance(post.post_id, network, "cut") < 0.1
    return growth(final, age), int(age), 0.3 * growth(final, TAKEN_BACK_AGE) if is_cut else 0.0, 1.0


def words(profile: Profile, post: Post, network: str) -> dict[str, str]:
    """Return the texts of a post's body."""
    return {
        "text": post.quoted_text, "name": profile.label, "date": f"{post.published:%Y-%m-%dT%H:%M:%S}",
        "id": post.native_id(network), "url": post.url(network),
    }  # fmt: skip


def post_block(profile: Profile, post: Post, network: str, now: datetime) -> str:
    """Return a network's block of POST /analytics/post as JSON text; of an X thread an array of them."""
    if network == "twitter" and post.k % 4 == 0 and not post.draft:
        return f"[{_block(profile, post, network, now, 0)}, {_block(profile, post, network, now, 1)}]"
    return _block(profile, post, network, now)


def _block(profile: Profile, post: Post, network: str, now: datetime, position: int | None = None) -> str:
    size, more, lost, appeal = numbers(profile, post, network, now)
    variant, without, fixed = _variant(profile, post, network, now)
    if position is not None:
        without += THREAD_ONLY
    if _is_cut(profile, network, now):
        without += fields_that_ended("post", variant)
    pair = network == "snapchat" and post.k % 2 == 0
    inner = template("post", variant, without, fixed, pair=pair, by_name=post.draft is not None).fill(
        size, more + (position or 0), words(profile, post, network), lost, appeal
    )
    native_id = f"{post.native_id(network)}-{position}" if position else post.native_id(network)
    # LinkedIn gives no address of a personal profile's post.
    url = "" if variant == "linkedin_personal" else f'"postUrl": "{post.url(network)}", '
    return f'{{"id": "{native_id}", {url}{inner[1:-1]}, {_fresh(now)}}}'


def _is_cut(profile: Profile, network: str, now: datetime) -> bool:
    """Return whether a network no longer gives what Facebook gave until June 2026."""
    return network == "facebook" and now >= ENDED_ON and profile.account.facebook == "after"


def _variant(
    profile: Profile, post: Post, network: str, now: datetime
) -> tuple[str, tuple[str, ...], tuple[tuple[str, Any], ...]]:
    """Return which of the documented forms a post's block has, the fields that it lacks, and fixed values."""
    if post.draft:
        return _variant_of_draft(post.draft, network)
    if network == "facebook":
        return ("facebook_2026", "facebook")[post.k % 2], (), ()
    if network == "instagram":
        return ("instagram_feed", "instagram_reels", "instagram_story")[post.k % 3], (), ()
    if network == "linkedin":
        return linkedin(profile), (), ()
    if network == "twitter":
        return network, X_PRIVATE if now - post.published > timedelta(days=X_DAYS) else (), ()
    if network == "tiktok" and post.k % 3 == 0:
        return network, TIKTOK_INACTIVE, ()
    if network == "tiktok" and post.k % 3 == 1:
        return network, (), (("reach", -1),)
    if network == "youtube" and post.k % 3 == 0:
        return network, ("liveBroadcastDetails",), (("averageViewPercentage", None), ("estimatedMinutesWatched", None))
    return network, (), ()


def _variant_of_draft(draft: Draft, network: str) -> tuple[str, tuple[str, ...], tuple[tuple[str, Any], ...]]:
    fixed = _kind_of_draft(draft, network)
    if network == "instagram":
        return ("instagram_reels" if draft.media == "video" else "instagram_feed"), (), fixed
    variant = {"facebook": "facebook_2026", "linkedin": "linkedin_corporate"}.get(network, network)
    return variant, ("liveBroadcastDetails",) if network == "youtube" else (), fixed


def _kind_of_draft(draft: Draft, network: str) -> tuple[tuple[str, Any], ...]:
    """Return what the networks say of a draft's kind, where they say it."""
    kind = {"carousel": "CAROUSEL_ALBUM", "video": "VIDEO", "image": "IMAGE", "text": "TEXT_POST"}[draft.media]
    if network == "instagram":
        return ("mediaType", kind), ("mediaProductType", "REELS" if draft.media == "video" else "FEED")
    if network == "threads":
        return (("mediaType", kind),)
    if network == "facebook":
        status = {"video": "added_video", "text": "mobile_status_update"}.get(draft.media, "added_photos")
        return (("statusType", status),)
    return ()


def linkedin(profile: Profile) -> str:
    """Return whether a profile has linked a company's page or a person."""
    return "linkedin_personal" if profile.number % 3 == 1 and not profile.brand else "linkedin_corporate"


def unowned_video(video: str, now: datetime) -> dict[str, Any]:
    """Return the block of a YouTube video of another channel: described, all numbers zero."""
    fixed = (("averageViewPercentage", 0), ("liveBroadcast", "none"))
    about = {"text": "Somebody else's video", "name": "another channel", "date": f"{TIMELINE:%Y-%m-%dT%H:%M:%S}"}
    inner = template("post", "youtube", ("liveBroadcastDetails",), fixed).fill(0, 0, {**about, "id": video, "url": ""})
    return {"id": video, "postUrl": f"https://example.com/youtube/{video}", **json.loads(inner), **stamps(now)}


def native_item(profile: Profile, post: Post, network: str, now: datetime) -> str:
    """Return a post as GET /history/:platform gives it, as JSON text."""
    size, more, lost, appeal = numbers(profile, post, network, now)
    body = (
        template("native", network, (), _kind_of_draft(post.draft, network), by_name=True)
        if post.draft
        else template("native", network)
    )
    return body.fill(size, more, words(profile, post, network), lost, appeal)


def comments(profile: Profile, post: Post, network: str, now: datetime) -> list[dict[str, Any]]:
    """Return the comments on a post, newest first: more with its age, and one that is taken back after some days."""
    age = (last_updated(now) - post.published) / timedelta(days=1)
    count = int(min(7.0, 1 + max(0.0, age)) * (0.3 + profile.chance(post.post_id, network, "comments")))
    gone = age > COMMENT_KEPT_DAYS and profile.chance(post.post_id, network, "gone") < GONE_SHARE
    shown = range(1 if gone else 0, count)
    return [_comment(profile, post, network, number) for number in reversed(shown)]


def _comment(profile: Profile, post: Post, network: str, number: int) -> dict[str, Any]:
    own_id = f"{network[:2]}-comment-{post.post_id}-{number}"
    comment: dict[str, Any] = {"commentId": own_id, "comment": f"{REMARKS[number % len(REMARKS)]} #{number}"}
    if network != "instagram":
        # No source shows more of them by name.
        return comment
    written = post.published + timedelta(hours=1 + 20 * number)
    who = f"reader{int(100 * profile.chance(own_id))}"
    comment |= {
        "created": f"{written:%Y-%m-%dT%H:%M:%S}Z", "from": {"id": f"user-{who}", "username": who}, "hidden": False,
        "likeCount": int(9 * profile.chance(own_id, "likes")), "platform": network,
        "postId": post.native_id(network), "username": who,
    }  # fmt: skip
    reply = {**comment, "commentId": f"{own_id}-r", "comment": "Thank you!", "username": profile.label}
    return {**comment, "replies": [{**reply, "replies": []}] if number % 3 == 0 else []}


# Accounts


def account_block(profile: Profile, network: str, now: datetime, youtube: Any = None) -> str:
    """Return a network's block of POST /analytics/social as JSON text."""
    variant = linkedin(profile) if network == "linkedin" else network
    if network == "instagram" and profile.label == "globex":
        variant = "instagram_warning"
    days = max(0.0, (last_updated(now) - OPENED).total_seconds() / DAY_SECONDS)
    size = 200 + 2000 * profile.chance(network) + days * (0.5 + profile.chance(network, "pace"))
    if variant == "instagram_warning":
        size, days = 20, days / 20
    if profile.brand:
        size, days = story.followers(profile.brand, network, profile.account.start, now), 0
    about = {"name": profile.brand.title if profile.brand else profile.label, "id": f"{network}-{profile.label}"}
    # Snapchat's array has two elements for every fourth profile.
    pair = network == "snapchat" and profile.number % 4 == 0 and profile.number > 0
    without = fields_that_ended("account", variant) if _is_cut(profile, network, now) else ()
    text = template("account", variant, without, pair=pair).fill(size, int(days), about)
    if network == "pinterest":
        block = json.loads(text)
        block["analytics"]["daily"] = _pinterest_days(profile, now)
        text = json.dumps(block)
    if network == "youtube" and isinstance(youtube, dict) and youtube.get("lifetime") is True:
        block = json.loads(text)
        block["analytics"]["lifetimeLikes"] = int(size * 9)
        text = json.dumps(block)
    return f"{text[:-1]}, {_fresh(now)}}}"


def _pinterest_days(profile: Profile, now: datetime) -> list[dict[str, Any]]:
    today = now.date()
    return [
        {
            "date": f"{day}", "dataStatus": "READY" if back > 1 else "ESTIMATE",
            "metrics": {name: int(20 * profile.chance("pinterest", name, day)) for name in ("IMPRESSION", "SAVE")},
        }
        for back in range(7, 0, -1)
        for day in [today - timedelta(days=back)]
    ]  # fmt: skip


def daily_block(profile: Profile, network: str, quarters: int, now: datetime) -> dict[str, Any]:
    """Return a network's daily series, oldest first: some networks end earlier, one metric a day before the others."""
    days = (last_updated(now) - OPENED).total_seconds() / DAY_SECONDS
    analytics: dict[str, Any] = {"id": f"{network}-{profile.label}", "name": profile.label}
    if network == "youtube":
        analytics = {"id": analytics["id"], "title": profile.label, "subscriberCount": str(500 + int(days))}
    elif network == "tiktok":
        analytics = {"username": profile.label, "followerCount": 500 + int(days)}
    elif network == "snapchat":
        analytics = {}
    else:
        analytics["followersCount"] = 500 + int(days)
    is_cut = _is_cut(profile, network, now)
    for position, metric in enumerate(load("daily")[network]):
        if is_cut and ENDED["account"].match(metric):
            continue
        lag = 2 * (network in LAGGING) + (position == 1)
        last = now.date() - timedelta(days=lag)
        values = [
            {"value": _of_day(profile, network, metric, day), "endTime": f"{day}T08:00:00+0000"}
            for back in range(90 * quarters - 1, -1, -1)
            for day in [last - timedelta(days=back)]
        ]
        analytics[metric] = {"period": "day", "total": sum(entry["value"] for entry in values), "values": values}
    return {"analytics": analytics, **stamps(now)}


def _of_day(profile: Profile, network: str, metric: str, day: Any) -> int:
    found = int(5 + 50 * profile.chance(network, metric, day))
    return 2000 + 50 * (day - OPENED.date()).days + found if metric in CUMULATIVE else found


# Reviews, messages, schedules


def reviews(profile: Profile, network: str, now: datetime) -> dict[str, Any]:
    """Return the reviews of a profile on a network, newest first, and the totals where the network has them."""
    rows = []
    for number in range(4):
        written = last_updated(now) - timedelta(days=9 * number + 1)
        row: dict[str, Any] = {
            "created": f"{written:%Y-%m-%dT%H:%M:%S}.707819Z", "id": f"{network}-review-{profile.label}-{number}",
            "rating": ("FIVE", "FOUR", "ONE", "FIVE")[number], "review": f"Review {number}",
            "reviewer": {"name": f"guest {number}", "profile": "https://example.com/guest.png"},
            "updated": f"{written:%Y-%m-%dT%H:%M:%S}.707819Z",
        }  # fmt: skip
        if network == "facebook":
            picture = {"height": 50, "isSilhouette": False, "url": "https://example.com/guest.png", "width": 50}
            row |= {"rating": ("positive", "negative")[number % 2]}
            row["reviewer"] = {"name": f"guest {number}", "id": f"guest-{number}", "profile": picture}
            del row["updated"]
        elif number == 1:
            row["reviewReply"] = {"reply": "Thank you!", "updated": row["updated"]}
        rows.append(row)
    totals = {"averageRating": 3.75, "totalReviewCount": len(rows)} if network == "gmb" else {}
    return {network: rows, **totals}


def messages(profile: Profile, network: str, now: datetime) -> list[dict[str, Any]]:
    """Return the messages of a profile on a network, newest first."""
    rows = []
    for number in range(5):
        sent = last_updated(now) - timedelta(hours=7 * number + 1)
        row: dict[str, Any] = {
            "senderId": f"{network}-user-{number % 2}", "senderDetails": {
                "name": f"customer {number % 2}", "profileImage": f"https://example.com/customer/{number % 2}.jpg",
            },
            "conversationId": f"{network}-conversation-{number % 2}", "created": f"{sent:%Y-%m-%dT%H:%M:%S}.455Z",
            "action": "sent", "recipientId": f"{network}-{profile.label}", "platform": network,
            "id": f"{network}-message-{profile.label}-{number}", "message": f"Message {number}",
        }  # fmt: skip
        if number == 1:
            del row["message"]
            row["attachments"] = [{"type": "image", "url": "https://example.com/image.png"}]
        if number == 2:
            row["reactions"] = {f"{network}-user-1": "😆"}
        rows.append(row)
    return rows


def auto_schedules(profile: Profile) -> dict[str, Any]:
    """Return the auto schedules of a profile by title; one was never used."""
    return {
        f"{profile.label} mornings": {
            "schedule": ["08:05 AM", "11:30 AM"], "daysOfWeek": [1, 2, 3, 4, 5],
            "excludeDates": ["2026-12-25T00:00:00Z"], "lastScheduleDate": "2026-11-21T18:06:00Z",
        },
        "weekend": {"schedule": ["10:00 AM"], "daysOfWeek": [0, 6], "excludeDates": []},
    }  # fmt: skip


# Ads


def ad_accounts(profile: Profile, now: datetime) -> list[dict[str, Any]]:
    """Return the Facebook ad accounts of a profile: two, in different currencies."""
    accounts = []
    for number, currency in enumerate(("USD", "EUR")):
        spent = round(100.11 + 7.07 * ((now.date() - OPENED.date()).days) / (number + 1), 2)
        accounts.append({
            "accountId": f"act-{profile.label}-{number}", "ageInDays": 2870.86, "amountSpent": spent, "balance": 7.84,
            "budgetRemaining": 1, "created": "2012-01-05T03:11:31-0800", "currency": currency, "disableReason": None,
            "metrics": {"spend": spent, "impressions": 24994, "reach": 20410, "clicks": 622, "ctr": 2.488597,
                        "accountCurrency": currency, "websiteCtr": [{"action_type": "link_click", "value": "2.152"}]},
            "minDailyBudget": 1, "name": f"{profile.label} {currency}", "owner": "3205611418413", "spendCap": 0,
            "status": "Active", "timezoneName": "America/Los_Angeles",
        })  # fmt: skip
    return accounts


def ads(account_id: str) -> list[dict[str, Any]]:
    """Return the ads of an ad account; that they look like those of a history is a guess."""
    return [
        {"adId": f"{account_id}-ad{number}", "adName": f"Boost {number}", "budgetDaily": 4, "deliveryStatus": "ACTIVE",
         "postId": f"boosted-{number}", "status": "ACTIVE"}
        for number in range(2)
    ]  # fmt: skip


def ad_history(
    profile: Profile, account_id: str, first: datetime, last: datetime, now: datetime
) -> list[dict[str, Any]]:
    """Return what was spent on an account's ads on each day of a range; the last days until now are not final."""
    rows = []
    for ad in ads(account_id):
        for back in range((last.date() - first.date()).days + 1):
            day = last.date() - timedelta(days=back)
            share = min(1.0, ((now.date() - day).days + 1) / AD_FINAL_DAYS)
            seen = int(1000 * profile.chance(ad["adId"], day) * share)
            rows.append({
                **ad, "budgetType": "daily", "isActive": True, "isComplete": False, "network": "facebook",
                "goal": {"title": "Get More Engagement", "type": "engagement", "description": "More of it."},
                "metrics": {"clicks": seen // 50, "impressions": seen, "reach": seen * 9 // 10, "frequency": 0,
                            "ctr": 0, "cpm": 1.53, "cpp": 1.54, "cpc": 0},
                "spend": round(seen * 0.00153, 2), "spendDate": f"{day}T00:00:00.000Z",
            })  # fmt: skip
    return rows


# Links and playlists


def links(profile: Profile, first: datetime, last: datetime) -> list[dict[str, Any]]:
    """Return shortened links as GET /links gives them, with the clicks of a time."""
    shown = []
    shortened = profile.brand.links if profile.brand else [f"https://example.com/landing/{n}" for n in range(SHORTENED)]
    for number, address in enumerate(shortened):
        never = profile.number == 0 and number == SHORTENED - 1
        day, clicks = first.date(), 0
        while day <= last.date() and not never:
            clicks += int(2 + 9 * profile.chance("link", number, day)) + (day - TIMELINE.date()).days // 365
            day += timedelta(days=1)
        shown.append({
            "id": f"link-{profile.label}-{number}", "originalUrl": address,
            "shortUrl": f"https://ayr.example/{profile.label}{number}", "created": "2026-01-05T09:00:00.220Z",
            "status": "success", "totalClicks": clicks, "utmSource": "ayrshare",
            "browserCounts": {"chrome": clicks - clicks // 4, "mobile safari": clicks // 4} if clicks else {},
            "refererCounts": {"https://example.com": clicks // 3} if clicks else {},
            "socialClicks": {"facebook": clicks // 2} if clicks else {},
        })  # fmt: skip
    return shown


def legacy_link(link: dict[str, Any]) -> dict[str, Any]:
    """Return a link as the seed-era endpoint gives it: counts as text, by device."""
    ios = link["totalClicks"] // 4
    stats = [
        {"count": str(link["totalClicks"] - ios), "event": "CLICK", "platform": "OTHER"},
        {"count": str(ios), "event": "CLICK", "platform": "IOS"},
    ]
    return {
        "linkEventStats": stats if link["totalClicks"] else [], "link": link["originalUrl"],
        "shortLink": link["shortUrl"], "created": {"_seconds": 1601215211, "_nanoseconds": 413000000},
    }  # fmt: skip


def playlists(profile: Profile, now: datetime) -> list[dict[str, Any]]:
    """Return the YouTube playlists as the official page has them."""
    days = int(max(0.0, (last_updated(now) - OPENED).total_seconds() / DAY_SECONDS))
    return [
        {"id": f"list-{profile.label}-{n}", "title": f"Playlist {n}", "description": "", "views": 31 * n + 3 * days,
         "playlistStarts": 12 * n + days, "viewsPerPlaylistStart": 2.58, "averageTimeInPlaylist": 3.4,
         "averageViewDuration": 81, "estimatedMinutesWatched": 42 * n + 4 * days, "estimatedRedMinutesWatched": 5 * n,
         "thumbNail": {"url": f"https://example.com/list/{n}.jpg", "width": 120, "height": 90}}
        for n in range(2)
    ]  # fmt: skip


def guessed_playlists(profile: Profile) -> list[dict[str, Any]]:
    """Return the YouTube playlists as they were guessed from those of the account's analytics."""
    return [
        {"channelId": f"channel-{profile.label}", "description": "", "id": f"list-{profile.label}-{n}",
         "publishedAt": "2023-01-01T00:00:00Z", "title": f"Playlist {n}", "url": f"https://example.com/list/{n}"}
        for n in range(2)
    ]  # fmt: skip


def _fresh(now: datetime) -> str:
    return _fresh_text(last_updated(now))


@lru_cache(maxsize=16)
def _fresh_text(updated: datetime) -> str:
    return json.dumps(stamps(updated))[1:-1]
