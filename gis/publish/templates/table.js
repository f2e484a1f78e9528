// Which settlements are shown, and a table of them.

// Fills store.passes: 1 where a settlement passes the filter.
function applyFilter(store, filter) {
  const tier = store.tiers.find((one) => one.key === filter.tier);
  for (let i = 0; i < store.n; i++) {
    const people = store.people(i), minutes = tier && tier.min ? tier.min[i] : null;
    store.passes[i] =
      (filter.region < 0 || store.region[i] === filter.region) &&
      (!(filter.people > 0) || people >= filter.people) &&
      (!(filter.minutes > 0) || minutes === -1 || (minutes !== null && minutes >= filter.minutes));
  }
}

const filtered = (filter) => filter.region >= 0 || filter.people > 0 || filter.minutes > 0;

// Controls for region, population and minutes; unreachable is farther than any number of minutes.
function filterBox(store, state, change) {
  const w = store.words;
  const set = (key, value) => { state.filter[key] = value; applyFilter(store, state.filter); change(); };
  const row = (id, label, control) => { control.id = id; return el("p", {}, el("label", { for: id }, label), control); };
  const number = (key) => el("input", { type: "number", min: 0, value: state.filter[key] > 0 ? state.filter[key] : null, oninput: (event) => set(key, event.target.valueAsNumber) });
  const box = el("details", { class: "filter", open: filtered(state.filter) }, el("summary", {}, w.filter));
  if (store.regions) {
    const order = store.regions.map((name, code) => ({ name, code })).sort((a, b) => a.name.localeCompare(b.name, store.language));
    const list = el("select", { onchange: (event) => set("region", Number(event.target.value)) }, el("option", { value: -1 }, w.all_regions));
    for (const { name, code } of order) list.append(el("option", { value: code }, name));
    list.value = state.filter.region;
    box.append(row("filter-region", w.region, list));
  }
  if (store.population) box.append(row("filter-people", w.people_from, number("people")));
  const timed = store.tiers.filter((tier) => tier.min);
  if (timed.length) {
    const list = el("select", { "aria-label": w.centre, onchange: (event) => set("tier", event.target.value) });
    for (const tier of timed) list.append(el("option", { value: tier.key }, tier.label));
    state.filter.tier = list.value = state.filter.tier || timed[0].key;
    box.append(row("filter-minutes", w.minutes_from, number("minutes")), list);
  }
  return box;
}

// A table of the settlements that are shown: it sorts, leads back to the map, and downloads as CSV. Of many settlements
// the first are shown; the rows that are seen at once are made at once, the others when there is time.
function tableDrawer(store, state, points, show) {
  const w = store.words;
  const most = 300, atOnce = 30;
  const columns = tableColumns(store, state.all);
  let sorted = 0, down = false, rows = [], later = 0;
  const body = el("tbody");
  const count = el("b", { "aria-live": "polite" });
  const heads = columns.map((column, k) =>
    el("th", { scope: "col" }, el("button", { type: "button", onclick: () => { down = sorted === k && !down; sorted = k; draw(); } }, column.label)));
  const drawer = el("section", { class: "drawer", hidden: true, "aria-label": w.table },
    el("header", {}, count,
      el("button", { type: "button", class: "download", onclick: () => download(columns, [...rows].sort(order()), store.language) }, w.download),
      el("button", { type: "button", class: "close", "aria-label": w.close, onclick: () => { drawer.hidden = true; } }, "×")),
    el("div", { class: "rows", tabindex: 0 }, el("table", {}, el("thead", {}, el("tr", {}, ...heads)), body)));

  function order() {
    const { value } = columns[sorted];
    const inOrder = new Intl.Collator(store.language).compare;
    return (a, b) => {
      const x = value(a), y = value(b);
      if (x === null || y === null) return (x === null) - (y === null); // what is not known goes last
      const found = typeof x === "number" ? far(x) - far(y) || 0 : inOrder(x, y);
      return down ? -found : found;
    };
  }

  const row = (i) => el("tr", {}, ...columns.map((column, k) => {
    const text = column.text(i);
    return k === 0 ? el("th", { scope: "row" }, el("button", { type: "button", onclick: () => { drawer.hidden = true; show(i); } }, el("bdi", {}, text))) : el("td", { class: column.number ? "number" : null }, text);
  }));

  function draw() {
    clearTimeout(later);
    rows = [];
    for (let i = 0; i < store.n; i++) if (points.shown(i)) rows.push(i);
    const first = firstInOrder(rows, most, order());
    heads.forEach((head, k) => head.setAttribute("aria-sort", k !== sorted ? "none" : down ? "descending" : "ascending"));
    count.textContent = `${w.shown}: ${store.number(rows.length)} / ${store.number(store.n)}`;
    body.setAttribute("aria-busy", "true");
    body.replaceChildren(...first.slice(0, atOnce).map(row));
    later = setTimeout(() => {
      body.append(...first.slice(atOnce).map(row));
      if (rows.length > most) body.append(el("tr", {}, el("td", { colspan: columns.length, class: "quiet" }, `… ${store.number(rows.length - most)}`)));
      body.setAttribute("aria-busy", "false");
    }, 50);
  }
  drawer.refresh = () => { if (!drawer.hidden) draw(); };
  drawer.open = () => { drawer.hidden = false; draw(); };
  return drawer;
}

// The first of some rows as they would stand if all were sorted; most are only compared with the last of these.
function firstInOrder(rows, most, order) {
  let first = [], last = null;
  const cut = () => {
    first = first.sort(order).slice(0, most);
    if (first.length === most) last = first[most - 1];
  };
  for (const row of rows) {
    if (last !== null && order(row, last) >= 0) continue;
    first.push(row);
    if (first.length === 2 * most) cut();
  }
  cut();
  return first;
}

const far = (value) => (value === -1 ? Infinity : value);

function tableColumns(store, themes) {
  const w = store.words;
  const text = (label, value) => ({ label, value, text: (i) => value(i) ?? w.no_data });
  const number = (label, values, digits) => ({
    label, number: true, value: (i) => values()[i], text: (i) => store.number(values()[i], digits),
  });
  const columns = [text(w.name, (i) => store.title(i)), text(w.code, (i) => store.id[i])];
  if (store.region) columns.push(text(w.region, (i) => (store.region[i] < 0 ? null : store.regions[store.region[i]])));
  if (store.population) columns.push(number(w.population, () => store.population, 0));
  for (const theme of themes) {
    if (!theme.card) continue;
    columns.push(text(theme.label, (i) => theme.classes[theme.codes[i]].label));
  }
  if (store.remoteness) columns.push(number(w.remoteness, () => store.remoteness, 1));
  if (store.viability) columns.push(number(w.viability, () => store.viability, 1));
  for (const tier of store.tiers) {
    if (tier.min) columns.push(number(`${w.travel_time}: ${tier.label}, ${w.min}`, () => tier.min, 0));
  }
  return columns;
}

// Text that a spreadsheet would take for a formula gets an apostrophe before it, as in the other tables. A spreadsheet in
// Russian or Kazakh takes a comma for the sign of decimals, and opens a file with commas between the cells as one column.
function download(columns, rows, language) {
  const own = language !== "en";
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return value === -1 ? "inf" : own ? String(value).replace(".", ",") : String(value);
    const safe = /^[=+\-@\t\r\n]/.test(value) ? "'" + value : value;
    return `"${safe.replace(/"/g, '""')}"`;
  };
  const lines = [columns.map((column) => cell(column.label)), ...rows.map((i) => columns.map((column) => cell(column.value(i))))];
  const file = new Blob(["\ufeff" + lines.map((line) => line.join(own ? ";" : ",")).join("\r\n") + "\r\n"], { type: "text/csv;charset=utf-8" });
  const link = el("a", { href: URL.createObjectURL(file), download: "settlements.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
