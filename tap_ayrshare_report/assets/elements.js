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
