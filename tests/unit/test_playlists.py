"""YouTube playlists: every form of the list, a snapshot a day."""

from datetime import timedelta

import pytest

from tests.samples import SampleWorld, samples
from tests.unit.test_sync_runs import statuses
from tests.world import START, World, errors

ENTRY = {
    "id": "PL1", "title": "One", "views": 31, "playlistStarts": "12", "viewsPerPlaylistStart": 2.58,
    "averageTimeInPlaylist": 3.4, "averageViewDuration": 81, "estimatedMinutesWatched": 42.5,
    "thumbNail": {"url": "https://example.com/1.jpg", "width": 120},
}  # fmt: skip
OLDER = {"id": "PL1", "channelId": "UC-own", "url": "https://example.com/1", "publishedAt": "2023-01-01T00:00:00Z"}
OFFICIAL = {"status": "success", "channelId": "UC1", "playLists": [ENTRY], "lastUpdated": "2026-10-18T22:11:27.471Z"}


def playlists(body, status=200, **more):
    world = World(linked=("youtube",))
    world.fault = lambda path, _: (status, body) if path == "/analytics/youTubePlaylists" else None
    return world, world.run("youtube_playlists", "extraction_errors", "sync_runs", **more)


def test_a_playlist_as_the_official_page_shows_it():
    _, output = playlists(OFFICIAL)
    (row,) = output.records("youtube_playlists")
    assert (row["playlist_id"], row["title"], row["channel_id"], row["url"]) == ("PL1", "One", "UC1", None)
    assert (row["views"], row["playlist_starts"], row["views_per_playlist_start"]) == (31, 12, 2.58)
    assert (row["average_time_in_playlist"], row["average_view_duration"]) == (3.4, 81)
    assert (row["estimated_minutes_watched"], row["thumbnail_url"]) == (42.5, "https://example.com/1.jpg")
    assert (row["snapshot_date"], row["api_last_updated"]) == ("2026-11-01", "2026-10-18T22:11:27.471000Z")
    assert row["details"] == ENTRY


@pytest.mark.parametrize(
    "body",
    [
        {"status": "success", "playlists": [OLDER]}, {"playlists": [OLDER]}, [OLDER], {"play_lists": [OLDER]},
        {"status": "success", "channelId": "UC1", "playLists": [OLDER]},
    ],
)  # fmt: skip
def test_what_was_guessed_before_is_read_too(body):
    _, output = playlists(body)
    (row,) = output.records("youtube_playlists")
    assert (row["channel_id"], row["url"], row["published_at"][:4]) == ("UC-own", "https://example.com/1", "2023")
    assert row["views"] is None
    assert "the contract doesn't have" not in output.log


def test_an_entry_without_an_id_is_said_and_one_that_comes_twice_is_one_row():
    _, output = playlists({**OFFICIAL, "playLists": [ENTRY, {"title": "?"}, ENTRY]})
    assert len(output.records("youtube_playlists")) == 1
    assert errors(output) == {("youtube_playlists", "item-1", "youtube", "invalid_body")}


def test_no_playlists_are_complete_and_no_list_is_a_failure():
    assert statuses(playlists({**OFFICIAL, "playLists": []})[1])["youtube_playlists"] == "complete"
    _, output = playlists({"status": "success", "channelId": "UC1"})
    assert output.code == 1
    assert errors(output) == {("youtube_playlists", "all", "youtube", "invalid_body")}


def test_every_day_is_a_snapshot_and_a_budget_asks_once_a_day():
    world = SampleWorld(next(sample for sample in samples() if sample.name == "youtube_playlists"))
    first = world.run("youtube_playlists", request_budget=9, now=START)
    assert first.bookmark("youtube_playlists")["replication_key_value"] == "2026-11-01"
    again = world.run("youtube_playlists", state=first.state, request_budget=9, now=START + timedelta(hours=1))
    assert again.records("youtube_playlists") == []
    later = world.run("youtube_playlists", state=first.state, now=START + timedelta(days=1))
    assert [row["snapshot_date"] for row in later.records("youtube_playlists")] == ["2026-11-02"]


def test_without_youtube_nothing_is_asked():
    world = World()
    world.run("youtube_playlists")
    assert world.asked("/analytics/youTubePlaylists") == []
