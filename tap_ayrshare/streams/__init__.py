"""The streams, a module for each family of endpoints."""

from tap_ayrshare.streams.account import AccountsStream, ProfilesStream
from tap_ayrshare.streams.account_analytics import SocialAnalyticsDailyStream, SocialAnalyticsStream
from tap_ayrshare.streams.extraction_errors import ExtractionErrorsStream
from tap_ayrshare.streams.links import LinkAnalyticsStream
from tap_ayrshare.streams.native_posts import SocialPostAnalyticsStream, SocialPostsStream
from tap_ayrshare.streams.playlists import YouTubePlaylistsStream
from tap_ayrshare.streams.posts import PostAnalyticsStream, PostsStream

STREAMS = (
    AccountsStream,
    ProfilesStream,
    PostsStream,
    PostAnalyticsStream,
    SocialPostsStream,
    SocialPostAnalyticsStream,
    SocialAnalyticsStream,
    SocialAnalyticsDailyStream,
    LinkAnalyticsStream,
    YouTubePlaylistsStream,
    ExtractionErrorsStream,
)
"""All streams, in the order of the documentation."""
