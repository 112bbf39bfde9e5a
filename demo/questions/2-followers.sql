-- How many followers does each account have, and how many did it gain on the last day and in total?
SELECT profile, platform,
    max(followers) FILTER (WHERE age = 1) AS followers,
    max(followers_delta) FILTER (WHERE age = 1) AS gained_last_day,
    sum(followers_delta) AS gained_in_total
FROM (
    SELECT *, row_number() OVER (PARTITION BY profile, platform ORDER BY snapshot_date DESC) AS age
    FROM ayrshare_models.ayrshare__account_metrics_daily
) days
GROUP BY profile, platform
HAVING max(followers) IS NOT NULL
ORDER BY gained_last_day DESC NULLS LAST, followers DESC
LIMIT 10;
