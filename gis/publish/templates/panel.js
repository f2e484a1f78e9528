// The panel: search, what is coloured by what, layers, and a legend of what is shown.

function panel(data, store, state, show) {
  const w = store.words;
  const legends = el("div", { class: "legends", "aria-live": "polite" });
  const drawLegends = () => legends.replaceChildren(...legendParts(data, store, state, change));
  const change = () => { drawLegends(); state.apply(); };

  const select = (label, options, value, onchange) => {
    const id = "choice-" + options[0].key + label.length;
    const list = el("select", { id, onchange: (event) => onchange(event.target.value) });
    const groups = new Map();
    for (const option of options) {
      if (option.group && !groups.has(option.group)) {
        groups.set(option.group, el("optgroup", { label: option.group }));
        list.append(groups.get(option.group));
      }
      (groups.get(option.group) || list).append(el("option", { value: option.key }, option.short || option.label));
    }
    list.value = value;
    return el("p", {}, el("label", { for: id }, label), list);
  };
  const box = (label, key) =>
    el("label", { class: "box" },
      el("input", { type: "checkbox", checked: state[key], onchange: (e) => { state[key] = e.target.checked; change(); } }),
      label);

  const body = el("div", { class: "body", id: "layers" }, languages(store, state));
  if (data.themes.length > 1) {
    body.append(select(w.colour, data.themes, state.theme.key, (key) => {
      state.theme = data.themes.find((theme) => theme.key === key);
      state.hidden.clear();
      change();
    }));
  }
  if (data.rasters.length) {
    const none = { key: "none", label: w.raster_none };
    body.append(select(w.raster, [none, ...data.rasters], state.raster, (key) => { state.raster = key; change(); }));
  }
  const boxes = el("p", { class: "boxes" });
  if (data.centres.length) boxes.append(box(w.centres, "centres"));
  if (data.roads.length) boxes.append(box(w.roads, "roads"));
  if (data.regions.length) boxes.append(box(w.regions, "regions"));
  body.append(boxes);
  const filter = filterBox(store, state, change);
  const table = el("button", { type: "button", class: "wide", onclick: () => state.table() }, w.table);
  const about = el("details", { class: "about" }, el("summary", {}, w.about), ...data.notes.map((text) => el("p", {}, text)));
  about.hidden = !data.notes.length;
  window.addEventListener("beforeprint", () => { about.open = true; });
  const toggle = el("button", { type: "button", class: "toggle", "aria-controls": "layers", onclick: () => {
    const open = root.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
  }, "aria-expanded": "false", "aria-label": w.layers, title: w.layers }, "☰");
  const root = el("aside", { class: "panel", "aria-label": w.layers },
    el("header", {}, el("h1", {}, data.title), toggle), search(store, show), body, legends, filter, table, about);
  drawLegends();
  return root;
}

function languages(store, state) {
  const names = { kk: "Қазақша", ru: "Русский", en: "English" };
  return el("p", { class: "languages" }, ...Object.entries(names).map(([lang, name]) =>
    el("button", { type: "button", lang, "aria-pressed": String(store.language === lang), onclick: () => state.speak(lang) }, name)));
}

function legendParts(data, store, state, change) {
  const w = store.words;
  const theme = state.theme;
  const counts = new Array(theme.classes.length).fill(0);
  theme.codes.forEach((code, i) => { counts[code] += store.passes[i]; });
  const parts = [el("h2", {}, theme.label)];
  const list = el("ul");
  theme.classes.forEach((one, code) => {
    if (!theme.codes.includes(code)) return;
    const off = state.hidden.has(code);
    list.append(el("li", {}, el("button", {
      type: "button", title: w.hide, "aria-pressed": String(!off), onclick: () => {
        if (!state.hidden.delete(code)) state.hidden.add(code);
        change();
        document.querySelectorAll(".legends li button")[[...list.children].findIndex((li) => li.dataset.code === String(code))]?.focus();
      },
    }, swatch(one), el("span", {}, one.label), el("b", {}, store.number(counts[code])))));
    list.lastChild.dataset.code = code;
  });
  parts.push(list);
  const raster = data.rasters.find((one) => one.key === state.raster);
  if (raster) {
    parts.push(el("h2", {}, `${w.raster}: ${raster.label}`), plainList(data.minutes, true));
  }
  if (state.roads && data.roads.length) {
    const lines = data.roads.map((road) => ({ label: road.label, line: road }));
    parts.push(el("h2", {}, w.roads), plainList(lines, true));
  }
  if (state.regions && data.regions.length) {
    parts.push(plainList([{ label: w.regions, line: { colour: data.region_colour, width: 1.2, kind: "dashed" } }]));
  }
  if (state.centres && data.centres.length) {
    parts.push(el("ul", { class: "plain" }, el("li", {}, el("span", { class: "line" }, el("span", { class: "square" })), w.centres)));
  }
  return parts;
}

function plainList(items, two) {
  return el("ul", { class: two ? "plain two" : "plain" }, ...items.map((one) => {
    if (!one.line) return el("li", {}, swatch(one), one.label);
    const sample = el("span", { class: "line" });
    sample.style.borderTop = `${Math.max(1, one.line.width)}px ${one.line.kind || "solid"} ${one.line.colour}`;
    return el("li", {}, sample, one.label);
  }));
}

// A combo box: arrow keys move in the list, Enter chooses, Escape closes.
function search(store, show) {
  const w = store.words;
  const list = el("ul", { id: "found", role: "listbox", "aria-label": w.search, hidden: true, onmousedown: (event) => event.preventDefault() });
  let rows = [], at = -1;
  const mark = (next) => {
    at = next;
    [...list.children].forEach((li, k) => li.setAttribute("aria-selected", String(k === at)));
    if (at >= 0) list.children[at].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", at < 0 ? "" : "found-" + at);
  };
  const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); };
  const choose = (k) => { close(); input.value = store.title(rows[k]); show(rows[k]); };
  const input = el("input", {
    type: "search", placeholder: w.search, "aria-label": w.search, role: "combobox", "aria-controls": "found",
    "aria-expanded": "false", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false",
    oninput: () => {
      rows = store.find(input.value, 12);
      list.replaceChildren(...rows.map((row, k) => {
        const other = store.spellings(row).filter((name) => name !== store.title(row))[0];
        const region = store.region && store.region[row] >= 0 ? store.regions[store.region[row]] : "";
        return el("li", { role: "option", id: "found-" + k, onclick: () => choose(k) },
          el("bdi", {}, store.title(row)),
          el("small", {}, el("bdi", {}, other || ""), other && region ? " · " : "", region));
      }));
      if (!rows.length) list.append(el("li", { class: "quiet" }, w.nothing));
      list.hidden = !input.value.trim();
      input.setAttribute("aria-expanded", String(!list.hidden));
      mark(rows.length ? 0 : -1);
    },
    onkeydown: (event) => {
      if (event.key === "Escape") close();
      if (list.hidden || !rows.length) return;
      if (event.key === "ArrowDown") mark((at + 1) % rows.length);
      else if (event.key === "ArrowUp") mark((at - 1 + rows.length) % rows.length);
      else if (event.key === "Enter") choose(Math.max(at, 0));
      else return;
      event.preventDefault();
    },
    onblur: () => close(),
  });
  return el("div", { class: "search", role: "search" }, input, list);
}
