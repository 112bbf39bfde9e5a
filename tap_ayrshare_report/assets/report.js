
"use strict";
(() => {
  const NETWORKS = {
    bluesky: ["Bluesky", "#2b8fb8", "#6cc7ff"], facebook: ["Facebook", "#1667d9", "#6aabff"],
    gmb: ["Google Business", "#23804a", "#5fce86"], instagram: ["Instagram", "#c2307f", "#f47bb8"],
    linkedin: ["LinkedIn", "#3a4a9f", "#a3b1ff"], pinterest: ["Pinterest", "#b4530f", "#ff9f5e"],
    reddit: ["Reddit", "#8f5d07", "#f0b540"], snapchat: ["Snapchat", "#77690a", "#e6d84a"],
    telegram: ["Telegram", "#41718f", "#8cc2dd"], threads: ["Threads", "#7446a8", "#c79bf5"],
    tiktok: ["TikTok", "#0b7c84", "#35d3cf"], twitter: ["X", "#4d5965", "#b4bfca"],
    youtube: ["YouTube", "#c62222", "#ff7a70"],
  };
  const METRICS = {
    engagements: "Engagements", reactions: "Reactions", likes: "Likes", comments: "Comments", shares: "Shares",
    saves: "Saves", clicks: "Clicks", impressions: "Impressions", reach: "Reach", views: "Views",
    video_views: "Video views", watch_time_seconds: "Watch time in seconds", engagement_rate: "Engagement rate",
    engagement_rate_by_impressions: "Engagement rate by impressions", engagement_rate_by_reach: "Engagement rate by reach",
    engagement_rate_by_followers: "Engagement rate by followers", followers: "Followers",
  };
  const GAINS = ["engagements", "reactions", "comments", "shares", "saves", "clicks", "impressions", "views", "video_views"];
  const RATES = ["engagement_rate", "engagement_rate_by_impressions", "engagement_rate_by_reach", "engagement_rate_by_followers"];
  const STREAMS = {
    accounts: "linked accounts", posts: "posts sent", post_analytics: "numbers of posts", social_posts: "list of posts",
    social_post_analytics: "numbers of other posts", social_analytics: "numbers of accounts",
    social_analytics_daily: "daily series", link_analytics: "link clicks", youtube_playlists: "playlists",
  };
  const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  const FEWEST = 3;      // posts that a format's median must stand on to be drawn
  const FIRM = 10;       // posts that a time's median must stand on to be called better than usual
  const SURE = 2.58;     // standard errors around a median's rank: 99 of 100 intervals hold the true median
  const LINES = 10;      // lines in a chart that can still be told apart
  const DASHES = ["solid", "dashed", "dotted"];
  const APART = [["#2456c9", "#8ab0ff"], ["#b4530f", "#ff9f5e"], ["#0b7a45", "#57d295"], ["#8a2be2", "#c79bf5"],
                 ["#c62222", "#ff7a70"], ["#0b7c84", "#35d3cf"], ["#77690a", "#e6d84a"], ["#c2307f", "#f47bb8"],
                 ["#4d5965", "#b4bfca"], ["#5b3a1e", "#d9a877"]];
  const PAPER = 620;     // pixels that fit on the width of a sheet
  const LOW = 210;       // and those of a chart that leaves room for the next one
  const DAY = 86400000;

  const $ = (id) => document.getElementById(id);
  const number = new Intl.NumberFormat("en-US");
  const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
  const state = { profile: -1, networks: new Set(), from: 0, to: 0, metric: "engagements", sort: "engagements",
                  shown: 10, followers: "percent", rate: "engagement_rate", pictures: false, open: new Set(), closed: new Set() };
  const charts = new Map();
  let D, first;

  // Numbers

  const is = (value) => value !== null && value !== undefined;
  const count = (value) => (is(value) ? number.format(Math.round(value)) : "–");
  const short = (value) => (is(value) ? (Math.abs(value) < 10000 ? count(value) : compact.format(value)) : "–");
  const signed = (value, show = count) => (is(value) ? (value > 0 ? "+" : value < 0 ? "−" : "±") + show(Math.abs(value)) : "–");
  const percent = (value, digits = 1) => (is(value) ? `${(100 * value).toFixed(digits)} %` : "–");
  const plural = (n, one, many = `${one}s`) => `${number.format(n)} ${n === 1 ? one : many}`;
  const shown = (metric, value) => (RATES.includes(metric) ? percent(value, 2) : count(value));

  /** The sum of growth over days, posts or profiles, if all agree that it may be added up; null if nothing is reported. */
  function total(level, metric, over, values) {
    const meaning = (D.additive[level] || {})[metric];
    for (const what of over) {
      if (!meaning || !meaning[what]) throw new Error(`${metric} of ${level}s must not be added up over ${what}`);
    }
    let sum = null;
    for (const value of values) if (is(value)) sum = (sum || 0) + value;
    return sum;
  }

  function median(values) {
    const sorted = values.filter(is).sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    if (!sorted.length) return null;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  function groups(rows, key) {
    const found = new Map();
    for (const row of rows) {
      const name = key(row);
      if (!found.has(name)) found.set(name, []);
      found.get(name).push(row);
    }
    return found;
  }

  // Days

  const moment = (day) => new Date(first + day * DAY);
  const iso = (day) => moment(day).toISOString().slice(0, 10);
  const dayOf = (text) => Math.round((Date.parse(`${text}T00:00:00Z`) - first) / DAY);
  const written = (day, year = false) => moment(day).toLocaleDateString("en-US",
    { month: "short", day: "numeric", timeZone: "UTC", ...(year ? { year: "numeric" } : {}) });
  const days = () => state.to - state.from + 1;
  const monthOf = (day) => iso(day).slice(0, 7);
  const isMonth = () => moment(state.from).getUTCDate() === 1 && monthOf(state.from) === monthOf(state.to) && moment(state.to + 1).getUTCDate() === 1;
  /** The period before: as many days, or the month before a month. */
  const before = () => (isMonth()
    ? { from: dayOf(`${monthOf(state.from - 1)}-01`), to: state.from - 1 } : { from: state.from - days(), to: state.from - 1 });

  /** Which time zone days and hours are of. */
  function zones() {
    const found = [...new Set(D.coverage.filter((one) => state.profile < 0 || one.profile === state.profile).map((one) => one.zone).filter(is))];
    return found.length === 1 ? `Days and hours are those of ${found[0]}.` : found.length ? `Days and hours are those of each profile's own time zone.` : "";
  }

  // Names

  const network = (n) => (NETWORKS[D.networks[n]] || [D.networks[n]])[0];
  const networkNamed = (name) => (NETWORKS[name] || [name])[0];
  const isDark = () => document.documentElement.dataset.theme === "dark";
  const color = (n) => (NETWORKS[D.networks[n]] || ["", "#5a6570", "#aab4be"])[isDark() ? 2 : 1];
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  /** A name in its own direction, so that an Arabic one doesn't reorder the line that it is in. */
  const isolated = (name) => (/[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/.test(name) ? `\u2068${name}\u2069` : name);
  const account = (row) => (state.profile < 0 && D.profiles.length > 1
    ? `${network(row.network)}, ${isolated(D.profiles[row.profile])}` : network(row.network));
  const accountKey = (row) => row.profile * 1000 + row.network;
  const distinct = (rows) => new Set(rows.map((post) => post.key)).size;

  // Elements: text is only ever set as text

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "style") element.style.setProperty(...value);
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && is(value)) element.setAttribute(name, value);
    }
    element.append(...children.filter(is));
    return element;
  }

  const dot = (n) => make("span", { class: "dot", style: ["--color", color(n)], "aria-hidden": "true" });
  const link = (url, text) => (url ? make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text) : text);
  const escaped = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

  function table(caption, columns, rows) {
    const cell = (tag, at, value) => make(tag, { class: columns[at][1], scope: tag === "th" ? "col" : null,
      dir: tag === "td" && columns[at][1] === "words" ? "auto" : null }, is(value) ? value : "–");
    return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Table: ${caption}` },
      make("table", {}, make("caption", {}, caption),
        make("thead", {}, make("tr", {}, ...columns.map((column, at) => cell("th", at, column[0])))),
        make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((value, at) => cell("td", at, value)))))));
  }

  /** Tables are made when they are opened: with thousands of rows they cost more than all charts. */
  function folded(id, build, title = "Show the numbers", isOpen = false) {
    const details = make("details", { open: state.open.has(id) || (isOpen && !state.closed.has(id)) }, make("summary", {}, title));
    const fill = () => { if (details.open && details.children.length === 1) details.append(build()); };
    fill();
    details.addEventListener("toggle", () => {
      state[details.open ? "open" : "closed"].add(id);
      state[details.open ? "closed" : "open"].delete(id);
      fill();
    });
    return details;
  }

  function card(id, title, text, controls, ...content) {
    const buttons = make("div", { class: "controls" }, ...controls);
    disposed(id);
    $(id).replaceChildren(
      make("header", {}, make("div", {}, make("h2", { id: `${id}-title` }, title), make("p", {}, text)), buttons), ...content.filter(is));
  }

  const empty = (text) => make("p", { class: "empty" }, text);
  const choice = (label, options, value, change) => make("select",
    { "aria-label": label, onchange: (event) => { change(event.target.value); render(); } },
    ...options.map(([name, text]) => make("option", { value: name, selected: name === value }, text)));
  const toggle = (text, pressed, click) => make("button",
    { type: "button", "aria-pressed": String(pressed), onclick: () => { click(); render(); } }, text);

  // Charts

  const narrow = () => window.innerWidth < 600;

  function disposed(id) {
    if (charts.has(id)) charts.get(id).dispose();
    charts.delete(id);
  }

  function draw(id, element, height, label, option) {
    element.style.height = `${height}px`;
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", label);
    const chart = echarts.init(element, null, { renderer: "svg" });
    charts.set(id, chart);
    chart.setOption({ animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily }, ...option });
    scalable(element);
    return chart;
  }

  /** With a viewBox a sheet of paper can show it smaller, whenever it was drawn. */
  function scalable(element) {
    const svg = element.querySelector("svg");
    svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  }

  const axisText = () => ({ color: css("--quiet"), fontSize: 12 });
  const tooltip = (formatter, more = {}) => ({
    confine: true, backgroundColor: css("--card"), borderColor: css("--line"), textStyle: { color: css("--ink"), fontSize: 13 },
    formatter, ...more,
  });
  const grid = (more = {}) => ({ left: 8, right: 12, top: 16, bottom: 4, containLabel: true, ...more });
  const dates = (values, labels) => ({
    type: "category", data: values, axisLabel: { ...axisText(), margin: 14, hideOverlap: true, formatter: (value) => labels.get(value) },
    axisTick: { show: false }, axisLine: { lineStyle: { color: css("--line") } }, boundaryGap: true,
  });
  const values = (formatter) => ({
    type: "value", axisLabel: { ...axisText(), formatter, hideOverlap: true }, splitLine: { lineStyle: { color: css("--grid") } },
  });

  // What is chosen

  const isChosen = (row) => (state.profile < 0 || row.profile === state.profile) && state.networks.has(row.network);
  const within = (row, span = state) => row.day >= span.from && row.day <= span.to;
  const rowsOf = (columns) => {
    const names = Object.keys(columns);
    return columns[names[0]].map((_, at) => Object.fromEntries(names.map((name) => [name, columns[name][at]])));
  };
  const isAll = () => state.from === 0 && state.to === dayOf(D.last);
  /** Posts without a date are in no period, but they are among all. */
  const isPublished = (post) => within(post) || (!is(post.day) && isAll());

  /** Like for like: of the accounts with numbers, those whose growth is known on all days of both periods, and the others. */
  function comparable(rows, metric) {
    const span = before(), covered = new Set(), all = new Map();
    for (const one of D.coverage) if (one.from <= span.from && one.to >= state.to) covered.add(accountKey(one));
    for (const row of rows) if ((within(row) || within(row, span)) && is(row[metric])) all.set(accountKey(row), row);
    const left = [...all].filter(([key]) => !covered.has(key)).map(([, row]) => row);
    return { rows: rows.filter((row) => covered.has(accountKey(row))), n: all.size - left.length, left };
  }

  /** Which accounts a comparison leaves out, and why. */
  function leftOut(left) {
    const span = before();
    const why = (row) => {
      const mine = D.coverage.filter((one) => accountKey(one) === accountKey(row));
      const last = mine[mine.length - 1];
      if (!last || mine.length > 1 && last.from > span.from) return `${account(row)}${last ? ` (another account since ${written(last.from)})` : ""}`;
      return `${account(row)} (${last.from > span.from ? `read from ${written(last.from)}` : `until ${written(last.to)}`})`;
    };
    return left.length ? `Change without ${left.slice(0, 3).map(why).join(", ")}${left.length > 3 ? ` and ${left.length - 3} more` : ""}` : "";
  }

  function accountsOf(rows) {
    return [...groups(rows, (row) => row.profile * 1000 + row.network).values()].map((series) => {
      const inside = series.filter((row) => within(row));
      if (!inside.length) return null;
      const earlier = series.filter((row) => row.day < state.from).pop() || inside[0];
      const last = inside[inside.length - 1];
      const { profile, network: net } = last;
      const change = last.followers - earlier.followers;
      return { profile, network: net, rows: inside, start: earlier.followers, followers: last.followers, change,
               read: last.day, growth: earlier.followers > 0 ? change / earlier.followers : null,
               gained: total("account", "followers", ["days"], inside.map((row) => row.gained)),
               lost: total("account", "followers", ["days"], inside.map((row) => row.lost)) };
    }).filter(is);
  }

  // Sections

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

  function followersCard(accounts) {
    const ranked = [...accounts].sort((a, b) => (b.growth || 0) - (a.growth || 0));
    const drawn = [...accounts].sort((a, b) => Math.abs(b.change) - Math.abs(a.change)).slice(0, LINES)
      .sort((a, b) => (b.growth || 0) - (a.growth || 0));
    const some = drawn.length < accounts.length ? ` The ${LINES} of ${accounts.length} accounts that changed most are drawn.` : "";
    const isShare = state.followers === "percent";
    const element = make("div", { class: "chart" });
    const legend = make("ul", { class: "legend" });
    const by = "By account: followers of several accounts are not added up, the same person may follow two.";
    card("followers", "Followers by network", by + some,
      [toggle("Growth in %", isShare, () => { state.followers = "percent"; }), toggle("Followers", !isShare, () => { state.followers = "count"; })],
      accounts.length ? make("div", { class: "legended" }, element, legend) : empty("No followers are reported for this choice."),
      accounts.length ? folded("followers", () => table("Followers by account",
        [["Account"], ["Followers", "number"], ["Change", "number"], ["Change in %", "number"], ["Won", "number"], ["Lost", "number"], ["Read on"]],
        ranked.map((one) => [make("span", {}, dot(one.network), ` ${account(one)}`), count(one.followers), signed(one.change),
          signed(one.growth, (v) => percent(v)), count(one.gained), count(one.lost), written(one.read)]))) : null);
    if (!accounts.length) return;
    const all = Array.from({ length: days() }, (_, at) => state.from + at);
    const labels = new Map(all.map((day) => [iso(day), written(day)]));
    const show = (value) => (isShare ? signed(value, (v) => `${v.toFixed(1)} %`) : count(value));
    const isByNetwork = new Set(drawn.map((one) => one.network)).size === drawn.length;
    const stroked = (one) => (isByNetwork ? color(one.network) : APART[drawn.indexOf(one) % APART.length][isDark() ? 1 : 0]);
    const dash = (one) => (isByNetwork ? 0 : Math.floor(drawn.indexOf(one) / 4)) % DASHES.length;
    const chart = draw("followers", element, 320, `Line chart. ${ranked.slice(0, 5).map((one) => `${account(one)}: ${signed(one.change)} followers, ${signed(one.growth, (v) => percent(v))}`).join(". ")}.`, {
      grid: grid(),
      tooltip: tooltip((points) => `<b>${escaped(written(dayOf(points[0].axisValue), true))}</b><br>`
        + [...points].filter((p) => is(p.value)).sort((a, b) => b.value - a.value).map((p) => `${p.marker}${escaped(p.seriesName)}: <b>${escaped(show(p.value))}</b>`).join("<br>"), { trigger: "axis" }),
      xAxis: { ...dates(all.map(iso), labels), boundaryGap: false },
      yAxis: { ...values((value) => (isShare ? `${value} %` : short(value))), scale: true },
      series: drawn.map((one) => {
        const known = new Map(one.rows.map((row) => [row.day, row.followers]));
        return {
          name: account(one), type: "line", showSymbol: days() === 1, connectNulls: true, color: stroked(one),
          lineStyle: { width: 2.5, type: DASHES[dash(one)] },
          data: all.map((day) => (!known.has(day) ? null : isShare ? (one.start ? 100 * (known.get(day) / one.start - 1) : null) : known.get(day))),
          emphasis: { focus: "series" },
        };
      }),
    });
    legend.append(...drawn.map((one, at) => {
      const stroke = make("span", { class: "stroke", style: ["border-top", `3px ${DASHES[dash(one)]} ${stroked(one)}`], "aria-hidden": "true" });
      const value = isShare ? signed(one.growth, (v) => percent(v)) : count(one.followers);
      return make("li", { onmouseenter: () => chart.dispatchAction({ type: "highlight", seriesIndex: at }),
        onmouseleave: () => chart.dispatchAction({ type: "downplay", seriesIndex: at }) }, stroke, make("span", {}, account(one)), make("b", {}, value));
    }));
  }

  function engagementCard(daily, posts) {
    const inside = daily.filter((row) => within(row));
    const same = sameEvents(inside);
    const reported = GAINS.filter((metric) => !(same && metric === "impressions") && inside.some((row) => is(row[metric])));
    const metric = reported.includes(state.metric) ? state.metric : reported[0];
    const title = metric ? METRICS[metric] : "Engagement";
    const step = days() > 100 ? 7 : 1;
    const element = make("div", { class: "chart" });
    if (!metric) {
      card("engagement", "Engagement by day", "What posts gained on each day.", [], empty("No engagement was reported for this choice."));
      return;
    }
    // Whole weeks up to the last day: what is left over at the beginning is no week, and isn't drawn.
    const start = state.from + (days() % step);
    const bins = Array.from({ length: Math.floor(days() / step) }, (_, at) => start + at * step);
    const binOf = (row) => start + Math.floor((row.day - start) / step) * step;
    const nets = [...groups(inside.filter((row) => is(row[metric]) && row.day >= start), (row) => row.network).entries()]
      .map(([n, rows]) => {
        const byBin = groups(rows, binOf);
        const sums = bins.map((bin) => (byBin.has(bin) ? total("post", metric, ["days", "posts", "profiles"], byBin.get(bin).map((row) => row[metric])) : null));
        return { n, sums, all: total("post", metric, ["days", "posts", "profiles"], sums) };
      }).sort((a, b) => b.all - a.all);
    const labels = new Map(bins.map((bin) => [iso(bin), written(bin)]));
    const weekday = step === 1 ? (day) => ` (${WEEKDAYS[(moment(day).getUTCDay() + 6) % 7]})` : () => ", seven days";
    card("engagement", `${title} by ${step === 1 ? "day" : "week"}`,
      `What all posts gained on each day, whenever they were published. ${zones()}`
        + (start > state.from ? ` Weeks of seven days up to ${written(state.to)}; the first ${plural(start - state.from, "day")} make no week.` : ""),
      [choice("What is counted", reported.map((name) => [name, METRICS[name]]), metric, (value) => { state.metric = value; })], element,
      folded("engagement", () => table(`${title} by ${step === 1 ? "day" : "week"} and network`,
        [[step === 1 ? "Day" : "Week from"], ...nets.map((one) => [network(one.n), "number"])],
        bins.map((bin, at) => [written(bin, true), ...nets.map((one) => count(one.sums[at]))]).reverse())));
    draw("engagement", element, 320, `Bar chart. ${title} in the period: ${nets.map((one) => `${network(one.n)} ${count(one.all)}`).join(", ")}.`, {
      grid: grid({ top: 40 }), legend: { top: 0, left: 0, textStyle: { color: css("--ink") }, itemWidth: 14, itemHeight: 10, type: "scroll", pageTextStyle: { color: css("--quiet") } },
      tooltip: tooltip((points) => `<b>${escaped(written(dayOf(points[0].axisValue), true) + weekday(dayOf(points[0].axisValue)))}</b><br>`
        + points.filter((p) => is(p.value)).map((p) => `${p.marker}${escaped(p.seriesName)}: <b>${count(p.value)}</b>`).join("<br>"), { trigger: "axis", axisPointer: { type: "shadow" } }),
      xAxis: dates(bins.map(iso), labels), yAxis: values(short),
      series: nets.map((one, at) => ({ name: network(one.n), type: "bar", stack: "all", color: color(one.n), data: one.sums, barCategoryGap: "25%",
        ...(at === nets.length - 1 ? marked(posts, metric, binOf, (bin) => nets.reduce((sum, net) => sum + (net.sums[bins.indexOf(bin)] || 0), 0)) : {}) })),
    });
  }

  /** The best post of the period, where it was published in the chart. */
  function marked(posts, metric, binOf, height) {
    const [best] = posts.filter((post) => is(post.day) && post[metric] > 0).sort((a, b) => b[metric] - a[metric]);
    if (!best || !height(binOf(best))) return {};
    return { markPoint: { symbol: "pin", symbolSize: 34, silent: true, itemStyle: { color: css("--accent") }, label: { formatter: "★", color: css("--card") },
      data: [{ name: "Best post", coord: [iso(binOf(best)), height(binOf(best))] }] } };
  }

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

  function audienceCard() {
    const rows = D.audience.filter(isChosen).filter((row) => row.audience === "followers");
    const parts = [...groups(rows, (row) => `${accountKey(row)} ${row.dimension}`).values()];
    const named = (word) => spoken(word.replace("gender_age", "gender and age"));
    const bars = (found) => make("div", { class: "part" }, make("h3", {}, dot(found[0].network), ` ${account(found[0])}: ${named(found[0].dimension)}`),
      make("ul", { class: "bars" }, ...found.slice(0, 6).map((row) => {
        const bar = make("span", { class: "bar", "aria-hidden": "true" });
        bar.style.width = `${Math.max(1, 100 * row.share / Math.max(...found.map((one) => one.share)))}%`;
        return make("li", {}, make("span", { dir: "auto" }, row.bucket), make("b", {}, percent(row.share, 0)), bar);
      })));
    const isListed = rows.some((row) => row.basis === "listed");
    $("audience").hidden = D.is_client && !parts.length;
    card("audience", "Audience", parts.length ? `Who follows, as last reported${isListed ? "; where a network gives counts, parts of the groups that it lists" : ""}.` : "", [],
      parts.length ? make("div", { class: "parts" }, ...parts.slice(0, 12).map(bars)) : empty("No network of this choice reports its audience."));
  }

  /** What needs attention at a client: numbers that are missing, accounts that fell silent or shrink. */
  function attention(profile, series, posts) {
    const end = dayOf(D.last), found = [];
    const newest = new Map();
    for (const one of D.coverage.filter((row) => row.profile === profile)) newest.set(one.network, one);
    const linked = new Set(D.accounts.filter((row) => row.profile === profile).map((row) => row.network));
    const stale = [...newest.values()].filter((one) => end - one.to > 1);
    const gone = stale.filter((one) => linked.size && !linked.has(one.network)), late = stale.filter((one) => !gone.includes(one));
    if (gone.length) found.push(`no longer linked: ${gone.map((one) => network(one.network)).join(", ")}`);
    if (late.length) found.push(`no numbers since ${written(Math.min(...late.map((one) => one.to)))}: ${late.map((one) => network(one.network)).join(", ")}`);
    const failing = D.health.filter((row) => row.profile === D.profiles[profile] && row.status === "failed");
    if (failing.length) found.push(`${plural(failing.length, "stream")} failed in the last run`);
    if (!posts.length) found.push("nothing was published");
    const shrinking = series.filter((one) => one.start >= 100 && one.growth < -0.01);
    if (shrinking.length) found.push(`fewer followers: ${shrinking.map((one) => `${network(one.network)} ${percent(one.growth)}`).join(", ")}`);
    return found.join("; ");
  }

  /** The agency's page: all clients, what changed, and what needs attention. */
  function clientsCard(daily, followers, posts) {
    const isShown = state.profile < 0 && D.profiles.length > 1 && !D.is_client;
    $("clients").hidden = !isShown;
    if (!isShown) return;
    const span = before();
    const sum = (rows) => total("post", "engagements", ["days", "posts"], rows.map((row) => row.engagements));
    const byProfile = (rows) => groups(rows, (row) => row.profile);
    const [gains, people, published] = [byProfile(daily), byProfile(followers), byProfile(posts)];
    const clients = D.profiles.map((name, profile) => {
      const mine = gains.get(profile) || [], like = comparable(mine, "engagements");
      const [now, then] = [sum(like.rows.filter((row) => within(row))), sum(like.rows.filter((row) => within(row, span)))];
      const series = accountsOf(people.get(profile) || []);
      const own = published.get(profile) || [];
      return { name, profile, engagements: sum(mine.filter((row) => within(row))), now, then, like, posts: distinct(own),
               net: total("account", "followers", ["days", "profiles"], (people.get(profile) || []).filter((row) => within(row)).map((row) => row.change)),
               needs: attention(profile, series, own) };
    }).map((one) => ({ ...one, growth: is(one.now) && one.then > 0 ? one.now / one.then - 1 : null }))
      .sort((a, b) => Number(Boolean(b.needs)) - Number(Boolean(a.needs)) || (a.growth ?? Infinity) - (b.growth ?? Infinity));
    const needing = clients.filter((one) => one.needs).length;
    const choose = (one) => make("button", { type: "button", class: "plain", onclick: () => { $("profile").value = one.profile; $("profile").dispatchEvent(new Event("change")); } },
      make("bdi", { dir: "auto" }, one.name));
    card("clients", "Clients", `${needing ? `${plural(needing, "client")} of ${clients.length} need${needing === 1 ? "s" : ""} attention.` : "None needs attention."} Changes are like for like.`, [],
      table("Clients", [["Client"], ["Posts", "number"], ["Engagements", "number"], ["Change", "number"], ["Followers, net", "number"], ["Needs attention", "words"]],
        clients.map((one) => [choose(one), count(one.posts), count(one.engagements),
          one.like.n ? change(one.now, one.then, true) : "–", signed(one.net), one.needs || "–"])));
  }

  function freshnessCard(accounts, posts) {
    const names = new Set([...state.networks].map((n) => D.networks[n]));
    const isOf = (row) => state.profile < 0 || row.profile === D.profiles[state.profile];
    const errors = D.errors.map((row) => ({ ...row, n: Object.entries(row.days).reduce((sum, [day, rows]) => (day >= state.from && day <= state.to ? sum + rows : sum), 0), last: Math.max(...Object.keys(row.days).map(Number)) }))
      .filter((row) => row.n && isOf(row) && (names.has(row.network) || !D.networks.includes(row.network)))
      .sort((a, b) => b.n - a.n);
    const newest = new Map([...groups(posts, (post) => post.profile * 1000 + post.network)].map(([key, rows]) => [key, rows.reduce((latest, post) => Math.max(latest, post.read), -Infinity)]));
    const linked = D.accounts.filter(isChosen);
    const end = dayOf(D.last);
    const age = (day) => (is(day) && Number.isFinite(day) ? `${written(day, true)}${end - day > 0 ? ` (${plural(end - day, "day")} behind)` : ""}` : "never");
    const late = D.health.filter((row) => isOf(row) && (row.complete === null || end - row.complete > 1 || (row.status && row.status !== "complete")));
    const read = new Map(accounts.map((one) => [one.profile * 1000 + one.network, one.read]));
    const stale = linked.filter((row) => { const key = row.profile * 1000 + row.network; const latest = Math.max(row.read ?? -Infinity, newest.get(key) ?? -Infinity, read.get(key) ?? -Infinity); return end - latest > 1; });
    const said = [
      stale.length ? `${plural(stale.length, "account")} of ${linked.length} ${stale.length === 1 ? "has" : "have"} no number of the last day.` : linked.length ? `All ${plural(linked.length, "account")} have numbers of ${written(end, true)}.` : "",
      errors.length ? `${plural(errors.length, "kind")} of trouble in the period.` : "Nothing was left unread in the period.",
    ].join(" ");
    card("freshness", "How fresh, and what could not be read", said, [],
      linked.length ? folded("accounts", () => table("Newest numbers of each account", [["Account"], ["Name", "words"], ["Followers", "number"], ["Account read"], ["Posts read"]],
        linked.map((row) => [make("span", {}, dot(row.network), ` ${account(row)}`), link(row.url, row.name || "–"), count(row.followers), age(row.read), newest.has(row.profile * 1000 + row.network) ? age(newest.get(row.profile * 1000 + row.network)) : "none"])), "Accounts", stale.length > 0) : empty("The models have no linked accounts."),
      late.length ? table("Streams that are not complete", [["Profile"], ["What"], ["Last complete"], ["Last run"], ["Why", "words"]],
        late.map((row) => [row.profile, STREAMS[row.stream] || row.stream, age(row.complete), row.status || "–", row.reason])) : null,
      errors.length ? table("What could not be read", [["Profile"], ["Network"], ["What"], ["Why", "words"], ["Times", "number"], ["Last on"]],
        errors.slice(0, 100).map((row) => [row.profile, row.network === "all" ? "all" : networkNamed(row.network), STREAMS[row.stream] || row.stream,
          `${row.message || "no message"}${row.code ? ` (${row.code})` : ""}`, count(row.n), written(row.last)])) : null,
      D.missing.length ? make("p", { class: "under" }, `Not among the models, and so not here: ${D.missing.join(", ")}.`) : null);
  }

  function meaningsCard() {
    const names = new Set([...state.networks].map((n) => D.networks[n]));
    const rows = D.meanings.filter((row) => names.has(row.network) && (METRICS[row.metric]));
    card("meanings", "What the numbers mean", "Exact: the network's own name for it. Equivalent: another name for the same. Derived: a sum of the network's own parts.", [],
      rows.length ? folded("meanings", () => table("What each number counts", [["Number"], ["Of"], ["Network"], ["Basis"], ["Counts", "words"]],
        rows.map((row) => [METRICS[row.metric], row.level, networkNamed(row.network), row.basis, row.counts || row.field])), "By number and network") : empty("The models say nothing about these networks."));
  }

  // The whole

  let cache;
  function chosen() {
    cache = cache || { daily: rowsOf(D.daily), followers: rowsOf(D.followers), posts: rowsOf(D.posts) };
    return { daily: cache.daily.filter(isChosen), followers: cache.followers.filter(isChosen), posts: cache.posts.filter(isChosen) };
  }

  function render() {
    const focused = document.activeElement && document.activeElement.getAttribute("aria-label");
    const { daily, followers, posts } = chosen();
    const accounts = accountsOf(followers);
    const inside = posts.filter(isPublished);
    const who = make("bdi", { dir: "auto" }, state.profile < 0 ? plural(D.profiles.length, "profile") : D.profiles[state.profile]);
    const span = before();
    $("scope").replaceChildren(`${written(state.from, true)} – ${written(state.to, true)} (${plural(days(), "day")}), `, who, `, ${plural(state.networks.size, "network")}. Changes are against ${written(span.from)} – ${written(span.to)}. ${zones()}`);
    highlights(accounts, inside);
    tiles(daily, followers, posts);
    followersCard(accounts);
    clientsCard(daily, followers, inside);
    engagementCard(daily, inside);
    bestCard(inside, posts);
    formatsCard(inside);
    timesCard(inside);
    audienceCard();
    linksCard();
    if (!D.is_client) freshnessCard(accounts, posts);
    if (!D.is_client) meaningsCard();
    document.documentElement.dataset.drawn = [...charts.keys()].join(" ");
    const again = focused && [...document.querySelectorAll("select")].find((one) => one.getAttribute("aria-label") === focused);
    if (again) again.focus();
  }

  function setPeriod(value) {
    const last = dayOf(D.last);
    $("range").hidden = value !== "custom";
    if (value !== "custom") {
      const month = /^\d{4}-\d\d$/.test(value) ? dayOf(`${value}-01`) : null;
      state.to = month === null ? last : Math.min(last, dayOf(`${monthOf(month + 31)}-01`) - 1);
      state.from = month === null ? (value === "all" ? 0 : Math.max(0, last - Number(value) + 1)) : Math.max(0, month);
    }
    $("from").value = iso(state.from);
    $("to").value = iso(state.to);
  }

  const monthNamed = (name) => new Date(`${name}-01T00:00:00Z`).toLocaleDateString("en-US", { month: "long", year: "numeric", timeZone: "UTC" });

  function filters() {
    const last = dayOf(D.last);
    $("profile").replaceChildren(...(D.profiles.length > 1 ? [make("option", { value: -1 }, `All ${D.profiles.length} profiles`)] : []),
      ...D.profiles.map((name, at) => ({ name, at })).sort((a, b) => a.name.localeCompare(b.name)).map(({ name, at }) => make("option", { value: at }, name)));
    state.profile = Number($("profile").value);
    const months = [...new Set(Array.from({ length: last + 1 }, (_, day) => monthOf(day)))]
      .filter((name) => dayOf(`${name}-01`) >= 0).reverse().slice(0, 13);
    const spans = [7, 14, 28, 30, 60, 90, 180, 365].filter((n) => n <= last + 1);
    $("period").replaceChildren(...spans.map((n) => make("option", { value: n }, `Last ${n} days`)),
      ...months.map((name) => make("option", { value: name }, monthNamed(name))),
      make("option", { value: "all" }, `All ${plural(last + 1, "day")}`), make("option", { value: "custom" }, "From … to …"));
    $("period").value = D.month ? D.month.slice(0, 7) : last + 1 >= 60 ? "30" : last + 1 >= 14 ? String(spans.filter((n) => 2 * n <= last + 1).pop()) : "all";
    for (const id of ["from", "to"]) Object.assign($(id), { min: D.first, max: D.last });
    setPeriod($("period").value);
    const order = D.networks.map((_, n) => n).sort((a, b) => network(a).localeCompare(network(b)));
    state.networks = new Set(order);
    $("networks").append(...order.map((n) => make("button", { type: "button", class: "chip", "aria-pressed": "true", "data-network": D.networks[n], onclick: (event) => {
      if (state.networks.has(n)) state.networks.delete(n); else state.networks.add(n);
      event.currentTarget.setAttribute("aria-pressed", String(state.networks.has(n)));
      render();
    } }, dot(n), network(n))));
    $("profile").addEventListener("change", (event) => { state.profile = Number(event.target.value); state.shown = 10; render(); });
    $("period").addEventListener("change", (event) => { setPeriod(event.target.value); state.shown = 10; render(); });
    for (const id of ["from", "to"]) {
      $(id).addEventListener("change", () => {
        const [from, to] = [dayOf($("from").value), dayOf($("to").value)];
        if (Number.isFinite(from) && Number.isFinite(to)) {
          state.from = Math.max(0, Math.min(from, to, last));
          state.to = Math.min(last, Math.max(from, to, 0));
          render();
        }
      });
    }
    $("filters").addEventListener("submit", (event) => event.preventDefault());
  }

  function setTheme(name) {
    document.documentElement.dataset.theme = name;
    $("theme").textContent = name === "dark" ? "Light" : "Dark";
    for (const chip of document.querySelectorAll(".chip .dot")) {
      const n = D.networks.indexOf(chip.parentElement.dataset.network);
      chip.style.setProperty("--color", color(n));
    }
  }

  function printing() {
    let shownTheme;
    window.addEventListener("beforeprint", () => {
      shownTheme = document.documentElement.dataset.theme;
      setTheme("light");
      render();
      for (const [id, chart] of charts) {
        chart.resize({ width: PAPER, ...(id === "formats" ? {} : { height: LOW }) });
        chart.getZr().flush();  // the sheet is laid out before the next frame
        scalable(chart.getDom());
      }
    });
    window.addEventListener("afterprint", () => { setTheme(shownTheme); render(); });
    $("print").addEventListener("click", () => window.print());
  }

  async function unpacked() {
    const bytes = Uint8Array.from(atob($("data").textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  async function begin() {
    if (typeof DecompressionStream === "undefined") {
      throw new Error("this browser is too old for it: it takes Chrome or Edge 80, Firefox 113, Safari 16.4, or later");
    }
    D = await unpacked();
    first = Date.parse(`${D.first}T00:00:00Z`);
    $("title").textContent = D.is_client && D.profiles.length === 1 ? `${D.profiles[0]} · ${D.title}` : D.title;
    if (D.logo) {
      $("logo").append(make("img", { src: D.logo, alt: "" }));
      $("logo").hidden = false;
    }
    for (const id of ["freshness", "meanings"]) $(id).hidden = D.is_client;
    $("profile").parentElement.hidden = D.is_client;
    const many = D.posts_shown < D.posts_total ? `, the newest ${number.format(D.posts_shown)} of ${plural(D.posts_total, "post")}` : `, ${plural(new Set(D.posts.key).size, "post")}`;
    $("about").textContent = `${plural(D.profiles.length, "profile")}, ${plural(D.networks.length, "network")}${many} · numbers up to ${written(dayOf(D.last), true)}`;
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    setTheme(dark.matches ? "dark" : "light");
    filters();
    setTheme(document.documentElement.dataset.theme);
    $("theme").addEventListener("click", () => { setTheme(isDark() ? "light" : "dark"); render(); });
    dark.addEventListener("change", () => { setTheme(dark.matches ? "dark" : "light"); render(); });
    document.querySelector(".buttons").hidden = false;
    $("report").hidden = false;
    $("footer").append(make("p", {}, `Written ${D.written.replace("T", " ").replace("+00:00", " UTC")}${D.is_client ? "" : ` by tap-ayrshare ${D.version}`}. A dash is a number that the network doesn't report; it is never 0. `
      + "Nothing in this file is loaded from elsewhere, unless you ask for thumbnails."));
    render();
    printing();
    let waiting, width = window.innerWidth;
    window.addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        if (window.innerWidth === width || window.matchMedia("print").matches) return;
        width = window.innerWidth;
        render();
      }, 150);
    });
    document.documentElement.dataset.ready = "true";
  }

  begin().catch((error) => {
    $("trouble").textContent = `The report can't be shown: ${error.message}.`;
    $("trouble").hidden = false;
    throw error;
  });
})();
