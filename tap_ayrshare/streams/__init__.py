"""The streams, a module for each family of endpoints."""

from tap_ayrshare.streams.account import AccountsStream, ProfilesStream
from tap_ayrshare.streams.account_analytics import (
    AccountDemographicsStream,
    SocialAnalyticsDailyStream,
    SocialAnalyticsStream,
)
from tap_ayrshare.streams.ads import AdAccountsStream, AdSpendDailyStream, AdsStream
from tap_ayrshare.streams.auto_schedules import AutoSchedulesStream
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.comments import CommentsStream, SocialPostCommentsStream
from tap_ayrshare.streams.extraction_errors import ExtractionErrorsStream
from tap_ayrshare.streams.links import LinkAnalyticsStream
from tap_ayrshare.streams.messages import MessagesStream
from tap_ayrshare.streams.native_posts import SocialPostAnalyticsStream
from tap_ayrshare.streams.playlists import YouTubePlaylistsStream
from tap_ayrshare.streams.reviews import ReviewsStream, ReviewTotalsStream
from tap_ayrshare.streams.sent_posts import PostAnalyticsStream, PostsStream
from tap_ayrshare.streams.social_posts import SocialPostsStream
from tap_ayrshare.streams.sync_runs import SyncRunsStream

STREAMS: tuple[type[AyrshareStream], ...] = (
    AccountsStream,
    ProfilesStream,
    SocialAnalyticsStream,
    AccountDemographicsStream,
    SocialAnalyticsDailyStream,
    LinkAnalyticsStream,
    YouTubePlaylistsStream,
    ReviewsStream,
    ReviewTotalsStream,
    MessagesStream,
    AdAccountsStream,
    AdsStream,
    AdSpendDailyStream,
    AutoSchedulesStream,
    PostsStream,
    SocialPostsStream,
    PostAnalyticsStream,
    SocialPostAnalyticsStream,
    CommentsStream,
    SocialPostCommentsStream,
    ExtractionErrorsStream,
    SyncRunsStream,
)
"""All streams, in the order in which a profile's are read: the few requests before the many."""
