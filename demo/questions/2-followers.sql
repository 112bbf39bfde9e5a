-- How many followers does each account have, and how many did it win per day?
WITH days AS (
    SELECT profile, platform, snapshot_date, followers,
        followers - lag(followers) OVER account AS won_last_day,
        lag(followers) OVER account - lag(followers, 2) OVER account AS won_day_before
    FROM ayrshare.social_analytics
    WINDOW account AS (PARTITION BY profile, platform ORDER BY snapshot_date)
)
SELECT profile, platform, followers, won_last_day, won_day_before
FROM days
WHERE snapshot_date = (SELECT max(snapshot_date) FROM days) AND followers IS NOT NULL
ORDER BY won_last_day DESC NULLS LAST, followers DESC
LIMIT 10;
