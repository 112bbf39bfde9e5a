-- Which links were clicked most, and how did that change on the last day?
SELECT profile, short_url, original_url AS leads_to, clicks, window_days AS in_days, clicks_delta AS on_the_last_day
FROM ayrshare_models.link_clicks_daily
WHERE snapshot_date = (SELECT max(snapshot_date) FROM ayrshare_models.link_clicks_daily)
ORDER BY clicks DESC NULLS LAST, short_url
LIMIT 8;
