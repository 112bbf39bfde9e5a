-- How did the newest posts grow from day to day, on all their networks together?
WITH days AS (
    SELECT profile, post_id, snapshot_date, published_at,
        sum(likes) AS likes,
        sum(comments) AS comments
    FROM ayrshare.post_analytics
    WHERE thread_index = 0
    GROUP BY profile, post_id, snapshot_date, published_at
),
newest AS (
    SELECT profile, post_id
    FROM days
    WHERE likes IS NOT NULL
    GROUP BY profile, post_id
    HAVING count(*) > 1
    ORDER BY max(published_at) DESC, post_id
    LIMIT 3
)
SELECT left(p.text, 36) AS post, d.snapshot_date AS day, d.likes,
    d.likes - lag(d.likes) OVER (PARTITION BY d.profile, d.post_id ORDER BY d.snapshot_date) AS more_likes,
    d.comments
FROM days d
JOIN newest n USING (profile, post_id)
LEFT JOIN ayrshare.posts p USING (profile, post_id)
ORDER BY d.published_at DESC, d.post_id, d.snapshot_date;
