// Followers and engagement over time.

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
