// The whole page: filters, themes, printing, and the beginning.

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
