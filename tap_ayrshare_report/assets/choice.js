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
