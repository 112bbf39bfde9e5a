-- What couldn't be read on these nights, and why?
SELECT stream, platform, code, count(*) AS rows, string_agg(DISTINCT profile, ', ') AS profiles, message
FROM ayrshare.extraction_errors
GROUP BY stream, platform, code, message
ORDER BY rows DESC, stream, platform, code;
