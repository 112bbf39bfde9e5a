// Best posts, what works, and when.

function bestCard(posts, everyPost) {
  const sorts = [...GAINS, "reach", ...RATES].filter((metric) => posts.some((post) => is(post[metric])));
  const sort = sorts.includes(state.sort) ? state.sort : sorts[0];
  if (!sort) {
    card("best", "Best posts", "", [], empty(posts.length ? "None of the posts has numbers yet." : "No post was published in this period."));
    return;
  }
  const usual = new Map([...groups(everyPost, accountKey)].map(([key, rows]) => [key, median(rows.map((post) => post[sort]))]));
  // A post on several networks is one entry, at the place of the network where it did best.
  const ranked = [...groups(posts.filter((post) => is(post[sort])), (post) => post.key).values()]
    .map((same) => same.sort((a, b) => b[sort] - a[sort])).map(([best, ...others]) => ({ ...best, others })).sort((a, b) => b[sort] - a[sort]);
  const item = (post, at) => {
    const ordinary = usual.get(post.profile * 1000 + post.network);
    const times = ordinary > 0 ? post[sort] / ordinary : null;
    const facts = ["engagements", "engagement_rate", "views", "impressions", "reach"].filter((name) => name !== sort && is(post[name])
      && (name !== "impressions" || post.impressions !== post.views) && !(name === "views" && sort === "impressions" && post.impressions === post.views))
      .map((name) => make("span", {}, `${shown(name, post[name])} ${METRICS[name].toLowerCase()}`));
    const picture = post.thumbnail && state.pictures
      ? make("div", { class: "thumbnail" }, make("img", { src: post.thumbnail, alt: "", loading: "lazy" })) : null;
    return make("li", { class: "post" }, make("div", { class: "rank" }, String(at + 1)),
      make("div", {}, make("div", { class: "text", dir: "auto" }, post.text || "Post without text"),
        make("div", { class: "facts" }, make("span", { class: "network" }, dot(post.network), account(post)),
          make("span", {}, `${written(post.day, true)}${is(post.hour) ? `, ${String(post.hour).padStart(2, "0")}:00` : ""}`),
          post.format || post.media ? make("span", {}, kindOf(post)) : null, ...facts,
          post.url ? link(post.url, "Open post") : null, post.thumbnail ? link(post.thumbnail, "Thumbnail") : null),
        post.others.length ? make("div", { class: "facts" }, make("span", {}, "Also on"), ...post.others.map((other) => make("span", { class: "network" },
          dot(other.network), `${network(other.network)}: ${shown(sort, other[sort])}`, other.url ? make("span", {}, " ", link(other.url, "Open")) : ""))) : null),
      make("div", { class: "score" }, make("b", {}, shown(sort, post[sort])), make("span", {}, ` ${METRICS[sort].toLowerCase()} `),
        times >= 3 ? make("div", {}, make("span", { class: "tag" }, `${times >= 10 ? Math.round(times) : times.toFixed(1)}× its usual`)) : null),
      picture);
  };
  const list = make("ol", { class: "posts" }, ...ranked.slice(0, state.shown).map(item));
  const hasPictures = ranked.some((post) => post.thumbnail);
  card("best", "Best posts", `${plural(ranked.length, "post")} of the period with ${METRICS[sort].toLowerCase()}, by their newest numbers. “Usual” is the median of the account's posts.`,
    [hasPictures ? toggle("Load thumbnails", state.pictures, () => { state.pictures = !state.pictures; }) : null,
      choice("Sorted by", sorts.map((name) => [name, METRICS[name]]), sort, (value) => { state.sort = value; })].filter(is),
    list,
    ranked.length > state.shown ? make("button", { type: "button", class: "more", onclick: () => { state.shown += 20; render(); } },
      `Show ${Math.min(20, ranked.length - state.shown)} more of ${number.format(ranked.length)}`) : null);
}

const spoken = (word) => word.charAt(0).toUpperCase() + word.slice(1).replace(/_/g, " ").toLowerCase();
const kindOf = (post) => [...new Set([post.format, post.media].filter(is).map(spoken))].join(" / ");

function formatsCard(posts) {
  const rates = RATES.filter((name) => posts.some((post) => is(post[name])));
  const rate = rates.includes(state.rate) ? state.rate : rates[0];
  const known = posts.filter((post) => rate && is(post[rate]) && (post.format || post.media));
  const kinds = [...groups(known, (post) => `${network(post.network)} · ${kindOf(post)}`)].map(([name, rows]) => ({
    name, n: rows.length, net: rows[0].network, rate: median(rows.map((post) => post[rate])),
    low: quantile(rows.map((post) => post[rate]), 0.25), high: quantile(rows.map((post) => post[rate]), 0.75),
  })).sort((a, b) => b.rate - a.rate);
  const firm = kinds.filter((kind) => kind.n >= FEWEST);
  const drawn = (firm.length ? firm : kinds).slice(0, 14);
  const text = "Median engagement rate of the posts of each format and media type. Compare within a network: networks count differently.";
  const element = make("div", { class: "chart" });
  card("formats", "What works: format and media", text,
    rates.length > 1 ? [choice("Which rate", rates.map((name) => [name, METRICS[name]]), rate, (value) => { state.rate = value; })] : [],
    drawn.length ? element : empty("No post of this choice has both a format and an engagement rate."),
    firm.length < kinds.length && firm.length ? make("p", { class: "under" }, `Kinds with fewer than ${FEWEST} posts are only in the table.`) : null,
    drawn.length ? folded("formats", () => table("Median engagement rate by format and media type",
      [["Format and media"], ["Posts", "number"], ["Median rate", "number"], ["Middle half", "number"]],
      kinds.map((kind) => [kind.name, count(kind.n), percent(kind.rate, 2), `${percent(kind.low, 2)} – ${percent(kind.high, 2)}`]))) : null);
  if (!drawn.length) return;
  const order = [...drawn].reverse();
  draw("formats", element, 40 + 30 * drawn.length, `Bar chart. Median engagement rate: ${drawn.map((kind) => `${kind.name} ${percent(kind.rate, 2)} of ${plural(kind.n, "post")}`).join(", ")}.`, {
    grid: grid({ right: narrow() ? 84 : 96 }), xAxis: { ...values((value) => `${+(100 * value).toFixed(1)} %`), splitNumber: narrow() ? 2 : 4 },
    yAxis: { type: "category", data: order.map((kind) => kind.name), axisTick: { show: false }, axisLine: { show: false },
      axisLabel: { color: css("--ink"), fontSize: 12, width: narrow() ? 104 : 170, overflow: "truncate", hideOverlap: true } },
    tooltip: tooltip((p) => `<b>${escaped(p.name)}</b><br>median of ${plural(order[p.dataIndex].n, "post")}: <b>${percent(p.value, 2)}</b><br>middle half: ${percent(order[p.dataIndex].low, 2)} – ${percent(order[p.dataIndex].high, 2)}`),
    series: [{ type: "bar", barMaxWidth: 18, data: order.map((kind) => ({ value: kind.rate, itemStyle: { color: color(kind.net), borderRadius: [0, 4, 4, 0] } })),
      label: { show: true, position: "right", color: css("--ink"), formatter: (p) => `${percent(p.value, 1)}  n = ${order[p.dataIndex].n}` } }],
  });
}

function quantile(list, share) {
  const sorted = list.filter(is).sort((a, b) => a - b);
  const at = (sorted.length - 1) * share, low = Math.floor(at);
  return sorted.length ? sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]) : null;
}

/** The median of posts' scores with an interval that holds the true one 99 times in 100, by the ranks of the scores. */
function summary(entries) {
  const scores = entries.map((one) => one.score).sort((a, b) => a - b), n = scores.length;
  const reach = SURE * Math.sqrt(n) / 2;
  const at = (rank) => scores[Math.min(n - 1, Math.max(0, Math.round(rank) - 1))];
  return { n, score: median(scores), low: at(n / 2 - reach), high: at(1 + n / 2 + reach) };
}

/** The time whose posts do best, if there are enough and even the low end of the interval is above the usual. */
const bestOf = (entries) => [...entries].filter(([, one]) => one.n >= FIRM && one.low > 1).sort((a, b) => b[1].low - a[1].low)[0];

function timesCard(posts) {
  // A post on three networks is one post: its score is the median of theirs.
  const known = posts.filter((post) => is(post.times) && is(post.hour) && is(post.weekday));
  const scored = [...groups(known, (post) => post.key).values()].map((same) => ({ ...same[0], score: median(same.map((post) => post.times)) }));
  if (!scored.length) {
    card("times", "Best weekday and hour", "", [], empty("No post of this choice has numbers old enough to compare."));
    return;
  }
  const by = (key) => new Map([...groups(scored, key)].map(([name, rows]) => [name, summary(rows)]));
  const cells = by((post) => `${post.weekday}-${post.hour}`), weekdays = by((post) => post.weekday), clocks = by((post) => post.hour);
  const [bestCell, bestWeekday, bestHour] = [bestOf(cells), bestOf(weekdays), bestOf(clocks)];
  const hours = [...clocks.keys()].sort((a, b) => a - b);
  const clock = (hour) => `${String(hour).padStart(2, "0")}:00`;
  const times = (one) => `${one.score.toFixed(1)}×`;
  const figures = (one) => `${times(one)} the usual (${one.low.toFixed(1)}–${one.high.toFixed(1)}×, ${plural(one.n, "post")})`;
  const told = [
    bestWeekday ? `Weekday: ${WEEKDAYS[bestWeekday[0] - 1]}, ${figures(bestWeekday[1])}.` : "",
    bestHour ? `Hour: ${clock(bestHour[0])}, ${figures(bestHour[1])}.` : "",
    bestCell ? `Together: ${WEEKDAYS[bestCell[0].split("-")[0] - 1]} ${clock(bestCell[0].split("-")[1])}, ${figures(bestCell[1])}.` : "",
  ].filter(Boolean).join(" ");
  const cell = (one, isBest) => {
    if (!one) return make("td", {}, "");
    const share = one.n < FIRM ? 0 : Math.min(1, Math.max(0, (one.score - 0.5) / 1.5));
    const td = make("td", { class: `${one.n < FIRM ? "few" : ""} ${isBest ? "best" : ""}` }, times(one), make("small", {}, `n = ${one.n}`));
    td.style.background = `rgba(${css("--heat")}, ${(isDark() ? 0.42 : 0.34) * share})`;
    return td;
  };
  card("times", "Best weekday and hour", told || `There isn't enough to tell: no weekday and no hour has ${FIRM} posts that are reliably above the usual.`, [],
    make("table", { class: "heat" }, make("caption", {}, "Engagements of posts by the time of publication, as a multiple of their account's median; n: posts."),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Hour"), ...WEEKDAYS.map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, ...hours.map((hour) => make("tr", {}, make("th", { scope: "row" }, clock(hour)),
        ...WEEKDAYS.map((_, at) => cell(cells.get(`${at + 1}-${hour}`), bestCell && bestCell[0] === `${at + 1}-${hour}`)))))),
    make("p", { class: "under" }, `${zones()} Stands on ${plural(scored.length, "post")} at least two days old when read, each counted once on all of its networks; fewer than ${FIRM} are too few to call.`));
}

function linksCard() {
  const rows = D.links.filter((row) => state.profile < 0 || row.profile === state.profile)
    .map((row) => ({ ...row, clicks: total("link", "clicks_gained", ["days"], Object.entries(row.days).filter(([day]) => day >= state.from && day <= state.to).map(([, clicks]) => clicks)) || 0 }))
    .sort((a, b) => b.clicks - a.clicks);
  const most = Math.max(1, ...rows.map((row) => row.clicks));
  const many = D.profiles.length > 1 && state.profile < 0;
  const all = rows.reduce((sum, row) => sum + row.clicks, 0);
  card("links", "Links by clicks", rows.length ? `${plural(all, "click")} on ${plural(rows.length, "link")} in the period. Not by network: the API doesn't give that.` : "", [], rows.length
    ? table("Links by clicks", [["Destination", "words"], ["Short link"], ...(many ? [["Profile"]] : []), ["Clicks", "number"], ["Read on"]],
      rows.slice(0, 50).map((row) => [link(row.url, row.url || "unknown"), row.short, ...(many ? [D.profiles[row.profile]] : []),
        make("div", {}, count(row.clicks), (() => { const bar = make("div", { class: "bar" }); bar.style.width = `${Math.max(1, 100 * row.clicks / most)}%`; return bar; })()), written(row.read)]))
    : empty(D.missing.includes("ayrshare__link_clicks_daily") ? "Link clicks are not among the models." : "No link of this choice has clicks."),
  rows.length > 50 ? make("p", { class: "under" }, `The first 50 of ${number.format(rows.length)}.`) : null);
}
