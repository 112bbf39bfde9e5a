"""The streams, a module for each family of endpoints."""

from tap_ayrshare.streams.account import AccountsStream, ProfilesStream
from tap_ayrshare.streams.account_analytics import SocialAnalyticsDailyStream, SocialAnalyticsStream
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.extraction_errors import ExtractionErrorsStream
from tap_ayrshare.streams.links import LinkAnalyticsStream
from tap_ayrshare.streams.native_posts import SocialPostAnalyticsStream, SocialPostsStream
from tap_ayrshare.streams.playlists import YouTubePlaylistsStream
from tap_ayrshare.streams.posts import PostAnalyticsStream, PostsStream
from tap_ayrshare.streams.sync_runs import SyncRunsStream

STREAMS: tuple[type[AyrshareStream], ...] = (
    AccountsStream,
    ProfilesStream,
    SocialAnalyticsStream,
    SocialAnalyticsDailyStream,
    LinkAnalyticsStream,
    YouTubePlaylistsStream,
    PostsStream,
    SocialPostsStream,
    PostAnalyticsStream,
    SocialPostAnalyticsStream,
    ExtractionErrorsStream,
    SyncRunsStream,
)
"""All streams, in the order in which a profile's are read: the few requests before the many."""
