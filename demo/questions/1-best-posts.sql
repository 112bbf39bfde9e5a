-- Which of this week's posts performed best on each network?
WITH this_week AS (
    SELECT *,
        coalesce(likes, 0) + coalesce(comments, 0) + coalesce(shares, 0) AS interactions
    FROM ayrshare_models.ayrshare__post_metrics_latest
    WHERE published_at > (SELECT max(snapshot_date) FROM ayrshare_models.ayrshare__post_metrics_latest) - INTERVAL '7 days'
      AND thread_index = 0
),
ranked AS (
    SELECT *,
        row_number() OVER (PARTITION BY platform ORDER BY interactions DESC, profile, social_post_id) AS place
    FROM this_week
)
SELECT platform, place, profile, left(message, 36) AS post, interactions, likes, comments, shares, views
FROM ranked
WHERE place <= 2
ORDER BY platform, place;
