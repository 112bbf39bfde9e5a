-- How did the newest posts grow day by day, across all their networks?
WITH newest AS (
    SELECT profile, ayrshare_post_id
    FROM ayrshare_models.ayrshare__post_metrics_daily
    WHERE likes_delta IS NOT NULL AND ayrshare_post_id IS NOT NULL
    GROUP BY profile, ayrshare_post_id
    ORDER BY max(published_at) DESC, ayrshare_post_id
    LIMIT 3
)
SELECT left(max(p.text), 36) AS post, d.snapshot_date AS day, sum(d.likes) AS likes, sum(d.likes_delta) AS new_likes,
    sum(d.comments) AS comments
FROM ayrshare_models.ayrshare__post_metrics_daily d
JOIN newest USING (profile, ayrshare_post_id)
LEFT JOIN ayrshare.posts p ON p.profile = d.profile AND p.post_id = d.ayrshare_post_id
WHERE d.thread_index = 0
GROUP BY d.profile, d.ayrshare_post_id, d.snapshot_date
ORDER BY max(d.published_at) DESC, d.ayrshare_post_id, d.snapshot_date;
