// Audience, clients, links, and how fresh it all is.

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
