-- Which posts of this week did best on each network?
WITH this_week AS (
    SELECT *,
        coalesce(likes, 0) + coalesce(comments, 0) + coalesce(shares, 0) AS interactions
    FROM ayrshare.post_analytics
    WHERE snapshot_date = (SELECT max(snapshot_date) FROM ayrshare.post_analytics)
      AND published_at > snapshot_date - INTERVAL '7 days'
      AND thread_index = 0
),
ranked AS (
    SELECT *,
        row_number() OVER (PARTITION BY platform ORDER BY interactions DESC, profile, post_id) AS place
    FROM this_week
)
SELECT r.platform, r.place, r.profile, left(p.text, 36) AS post, r.interactions, r.likes, r.comments, r.shares, r.views
FROM ranked r
LEFT JOIN ayrshare.posts p USING (profile, post_id)
WHERE r.place <= 2
ORDER BY r.platform, r.place;
