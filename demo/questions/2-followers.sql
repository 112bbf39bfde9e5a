-- How many followers does each account have, and how many did it win on the last day and in all?
SELECT profile, platform,
    max(followers) FILTER (WHERE age = 1) AS followers,
    max(followers_delta) FILTER (WHERE age = 1) AS won_last_day,
    sum(followers_delta) AS won_in_all
FROM (
    SELECT *, row_number() OVER (PARTITION BY profile, platform ORDER BY snapshot_date DESC) AS age
    FROM ayrshare_models.account_metrics_daily
) days
GROUP BY profile, platform
HAVING max(followers) IS NOT NULL
ORDER BY won_last_day DESC NULLS LAST, followers DESC
LIMIT 10;
