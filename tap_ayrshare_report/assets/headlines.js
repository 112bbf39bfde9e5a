// The page's first lines: highlights, and tiles with a figure each.

function highlights(accounts, posts) {
  const growing = accounts.filter((one) => one.start >= 100 && one.change > 0).sort((a, b) => b.growth - a.growth)[0];
  const [best, metric] = bestPost(posts);
  $("highlights").replaceChildren(
    growing
      ? make("div", { class: "highlight", style: ["--color", color(growing.network)] },
        make("p", { class: "kicker" }, "Grows fastest"),
        make("p", { class: "big" }, `${account(growing)}: ${signed(growing.growth, (v) => percent(v))} followers`),
        make("p", { class: "quiet" }, `${signed(growing.change)} to ${count(growing.followers)} in ${plural(days(), "day")}`))
      : make("div", { class: "highlight" }, make("p", { class: "kicker" }, "Grows fastest"),
        make("p", { class: "big" }, accounts.length ? "No account won followers" : "No followers reported"),
        make("p", { class: "quiet" }, "in this period, with these filters")),
    best
      ? make("div", { class: "highlight", style: ["--color", color(best.network)] },
        make("p", { class: "kicker" }, "Did best"),
        make("p", { class: "big" }, link(best.url, `“${clipped(best.text || "Post without text", 110)}”`)),
        make("p", { class: "quiet" }, `${shown(metric, best[metric])} ${METRICS[metric].toLowerCase()} · ${account(best)} · `
          + `${written(best.day)}`))
      : make("div", { class: "highlight" }, make("p", { class: "kicker" }, "Did best"),
        make("p", { class: "big" }, posts.length ? "No post has numbers yet" : "No post was published"),
        make("p", { class: "quiet" }, "in this period, with these filters")));
}

const clipped = (text, length) => (text.length > length ? `${text.slice(0, length - 1).trimEnd()}…` : text);

function bestPost(posts) {
  for (const metric of ["engagements", "views", "impressions", "reactions"]) {
    const ranked = posts.filter((post) => post[metric] > 0).sort((a, b) => b[metric] - a[metric]);
    if (ranked.length) return [ranked[0], metric];
  }
  return [null, null];
}

function change(now, then, isKnown) {
  if (!is(now) && isKnown) return null;
  if (!isKnown) return make("span", { class: "change same" }, "no earlier data");
  if (!is(then)) return make("span", { class: "change same" }, "not comparable");
  const difference = now - then;
  if (!difference) return make("span", { class: "change same" }, "= no change");
  const share = then ? ` (${signed(difference / Math.abs(then), (v) => percent(v, 0))})` : "";
  const kind = difference > 0 ? "up" : difference < 0 ? "down" : "same";
  const arrow = { up: "▲", down: "▼", same: "=" }[kind];
  return make("span", { class: `change ${kind}` }, `${arrow} ${Number.isInteger(difference)
    ? signed(difference, short) : signed(difference * 100, (v) => `${v.toFixed(2)} points`)}${Number.isInteger(difference) ? share : ""}`);
}

function spark(series) {
  const known = series.filter(is);
  if (known.length < 2) return null;
  const high = Math.max(...known), low = Math.min(0, ...known), span = high - low || 1;
  const points = series.map((value, at) => (is(value) ? `${(100 * at / (series.length - 1)).toFixed(1)},${(28 - 26 * (value - low) / span).toFixed(1)}` : null)).filter(is);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 30");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  for (const [name, value] of Object.entries({ points: points.join(" "), fill: "none", stroke: css("--accent"), "stroke-width": 1.6, "vector-effect": "non-scaling-stroke" })) line.setAttribute(name, value);
  svg.append(line);
  return svg;
}

/** compared: the numbers of the two periods that are like for like, and the accounts that are left out of them. */
function tile(title, now, compared, show, note, series) {
  return make("div", { class: "tile" }, make("h2", {}, title), make("div", { class: "value" }, is(now) ? show(now) : "–"),
    is(now) ? change(compared.now, compared.then, compared.n > 0) : null, series ? spark(series) : null,
    make("p", { class: "note" }, note), is(now) && compared.n && compared.left.length ? make("p", { class: "note" }, leftOut(compared.left)) : null);
}

/** The engagement rate of posts: of all together, by what the networks of most of them count. */
function rateOf(posts) {
  for (const base of ["impressions", "views"]) {
    const known = posts.filter((post) => is(post.engagements) && is(post[base]));
    const seen = known.reduce((sum, post) => sum + post[base], 0);
    if (seen) return { rate: known.reduce((sum, post) => sum + post.engagements, 0) / seen, base, n: known.length };
  }
  return { rate: null, base: "impressions", n: 0 };
}

function perDay(rows, value) {
  const byDay = groups(rows, (row) => row.day);
  return Array.from({ length: days() }, (_, at) => (byDay.has(state.from + at) ? value(byDay.get(state.from + at)) : null));
}

function tiles(daily, followers, posts) {
  const span = before();
  const [now, followersNow, postsNow] = [daily.filter((row) => within(row)), followers.filter((row) => within(row)), posts.filter(isPublished)];
  const compare = (rows, metric, sum) => {
    const like = comparable(rows, metric);
    return { ...like, now: sum(like.rows.filter((row) => within(row))), then: sum(like.rows.filter((row) => within(row, span))) };
  };
  const nights = new Set(daily.map((row) => row.day)).size;
  const gain = (metric) => {
    const sum = (rows) => total("post", metric, ["days", "posts", "profiles"], rows.map((row) => row[metric]));
    const reporting = new Set(now.filter((row) => is(row[metric])).map((row) => network(row.network)));
    const isReported = postsNow.some((post) => is(post[metric]));
    const note = reporting.size ? `from ${[...reporting].sort().slice(0, 3).join(", ")}${reporting.size > 3 ? ` and ${reporting.size - 3} more` : ""}`
      : isReported || nights === 1 ? "one reading so far: growth takes two" : "not reported";
    return tile(METRICS[metric], sum(now), compare(daily, metric, sum), short, note, perDay(now, sum));
  };
  const net = (rows) => total("account", "followers", ["days", "profiles"], rows.map((row) => row.change));
  const rate = rateOf(postsNow), networksOf = postsNow.length;
  const readings = new Set(followersNow.map((row) => row.day)).size;
  const seen = sameEvents(now) ? ["views"] : ["views", "impressions"];
  $("tiles").replaceChildren(
    tile("Followers won, net", net(followersNow), compare(followers, "change", net), (v) => signed(v, short),
      readings === 1 && !is(net(followersNow)) ? "one reading so far: growth takes two" : `of ${plural(new Set(followersNow.map(accountKey)).size, "account")}`, perDay(followersNow, net)),
    gain("engagements"), ...seen.map(gain),
    tile("Posts published", distinct(postsNow), compare(posts, "day", (rows) => distinct(rows)), short,
      networksOf > distinct(postsNow) ? `${number.format(networksOf)} with each network counted` : "that have numbers", null),
    ...(postsNow.some((post) => is(post.reach)) ? [tile("Average reach", mean(postsNow), compare(posts, "reach", mean), short,
      `of ${plural(postsNow.filter((post) => is(post.reach)).length, "post")}; never added up`, null)] : []),
    tile("Engagement rate", rate.rate, compare(posts, "engagements", (rows) => rateOf(rows).rate),
      (v) => percent(v, 2), `engagements by ${rate.base} of ${plural(rate.n, "post")} of the period`, null));
}

const mean = (posts) => {
  const known = posts.map((post) => post.reach).filter(is);
  return known.length ? Math.round(known.reduce((sum, value) => sum + value, 0) / known.length) : null;
};

/** Whether all impressions are views under another name. */
function sameEvents(rows) {
  const both = rows.filter((row) => is(row.impressions));
  return both.length > 0 && both.every((row) => row.impressions === row.views);
}
