"""The streams, a module for each family of endpoints; what is one GET and one list is declared in `schemas/`."""

from tap_ayrshare.streams.account import AccountsStream
from tap_ayrshare.streams.account_analytics import (
    AccountDemographicsStream,
    SocialAnalyticsDailyStream,
    SocialAnalyticsStream,
)
from tap_ayrshare.streams.ads import AdAccountsStream, AdSpendDailyStream, AdsStream
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.comments import CommentsStream, SocialPostCommentsStream
from tap_ayrshare.streams.journal import ExtractionErrorsStream, SyncRunsStream
from tap_ayrshare.streams.links import LinkAnalyticsStream
from tap_ayrshare.streams.lists import LISTS
from tap_ayrshare.streams.messages import MessagesStream
from tap_ayrshare.streams.native_posts import SocialPostAnalyticsStream
from tap_ayrshare.streams.reviews import ReviewsStream, ReviewTotalsStream
from tap_ayrshare.streams.sent_posts import PostAnalyticsStream, PostsStream
from tap_ayrshare.streams.social_posts import SocialPostsStream

STREAMS: tuple[type[AyrshareStream], ...] = (
    AccountsStream,
    *LISTS,
    SocialAnalyticsStream,
    AccountDemographicsStream,
    SocialAnalyticsDailyStream,
    LinkAnalyticsStream,
    ReviewsStream,
    ReviewTotalsStream,
    MessagesStream,
    AdAccountsStream,
    AdsStream,
    AdSpendDailyStream,
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
