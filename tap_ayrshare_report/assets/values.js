// What the page is made of: constants, numbers, days and names.

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
