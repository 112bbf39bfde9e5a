-- Which links got the most clicks, and how did that change on the last day?
SELECT profile, short_url, original_url AS destination, clicks, window_days, clicks_delta AS change_last_day
FROM ayrshare_models.ayrshare__link_clicks_daily
WHERE snapshot_date = (SELECT max(snapshot_date) FROM ayrshare_models.ayrshare__link_clicks_daily)
ORDER BY clicks DESC NULLS LAST, short_url
LIMIT 8;
