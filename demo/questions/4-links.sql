-- Which links were clicked most, and how did that change since yesterday?
WITH days AS (
    SELECT *,
        clicks - lag(clicks) OVER (PARTITION BY profile, short_url ORDER BY snapshot_date) AS since_yesterday
    FROM ayrshare.link_analytics
)
SELECT profile, short_url, original_url AS leads_to, clicks, window_days AS in_days, since_yesterday
FROM days
WHERE snapshot_date = (SELECT max(snapshot_date) FROM ayrshare.link_analytics)
ORDER BY clicks DESC NULLS LAST, short_url
LIMIT 8;
