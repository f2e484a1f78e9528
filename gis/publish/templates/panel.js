// The panel: search, what is coloured by what, layers, and a legend of what is shown.

function panel(data, store, state, show) {
  const w = store.words;
  const legends = el("div", { class: "legends", "aria-live": "polite" });
  const drawLegends = () => legends.replaceChildren(...legendParts(data, store, state, change));
  const change = () => { state.apply(); drawLegends(); };

  let choices = 0;
  const select = (label, options, value, onchange) => {
    const id = "choice-" + choices++;
    const list = el("select", { id, "data-label": label, onchange: (event) => onchange(event.target.value) });
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
  const clear = (name, key) => {
    const list = [...body.querySelectorAll("select")].find((one) => one.dataset.label === w[name]);
    if (list) list.value = "none";
    state[key] = "none";
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
  if (data.seasons.length) body.append(seasonSlider(data, store, state, change));
  const others = data.seasons.map(({ label }, k) => ({ key: String(k), label }));
  if (data.compare) others.unshift({ key: "run", label: data.compare.label });
  if (others.length) {
    body.append(select(w.beside, [{ key: "none", label: w.beside_none }, ...others], state.beside, (key) => {
      state.beside = key;
      if (key !== "none" && key !== "run" && state.theme.tier === undefined && state.raster === "none") {
        state.theme = data.themes.find((theme) => theme.tier !== undefined); // seasons differ in minutes alone
        body.querySelector("select").value = state.theme.key;
        state.hidden.clear();
      }
      state.apply();
      drawLegends();
    }));
  }
  if (data.rasters) {
    const none = { key: "none", label: w.raster_none };
    const shown = store.tiers.filter((tier) => data.rasters.of[tier.key]);
    body.append(select(w.raster, [none, ...shown], state.raster, (key) => {
      state.raster = key;
      if (key !== "none") clear("regions_by", "area"); // one picture of the land at a time
      change();
    }));
  }
  const led = store.tiers.filter((tier) => tier.centre);
  if (led.length) {
    body.append(select(w.catchments, [{ key: "none", label: w.raster_none }, ...led], state.catchments, (key) => { state.catchments = key; change(); }));
  }
  if (data.areas && data.areas.themes.length) {
    const none = { key: "none", label: w.raster_none };
    body.append(select(w.regions_by, [none, ...data.areas.themes], state.area, (key) => {
      state.area = key;
      if (key !== "none") clear("raster", "raster");
      change();
    }));
  }
  const boxes = el("p", { class: "boxes" });
  if (data.centres.length) boxes.append(box(w.centres, "centres"));
  if (data.roads.length) boxes.append(box(w.roads, "roads"));
  if (data.regions) boxes.append(box(w.regions, "regions"));
  body.append(boxes);
  const filter = filterBox(store, state, change);
  const table = el("button", { type: "button", class: "wide", onclick: () => state.table() }, w.table);
  const about = el("details", { class: "about" }, el("summary", {}, w.about), ...data.notes.map((text) => el("p", {}, ...linked(text))));
  about.hidden = !data.notes.length;
  window.addEventListener("beforeprint", () => { about.open = true; });
  const toggle = el("button", { type: "button", class: "toggle", "aria-controls": "layers", onclick: () => {
    const open = root.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
  }, "aria-expanded": "false", "aria-label": w.layers, title: w.layers }, "☰");
  const root = el("section", { class: "panel", "aria-label": w.layers },
    el("header", {}, el("h1", {}, data.title), toggle), search(store, show), body, legends, filter, table, disparity(data, store), findings(data, w), about);
  drawLegends();
  return root;
}

// One step for each season or month; surface, route, and the minutes of the card, the table, the filter and the colours follow it.
function seasonSlider(data, store, state, change) {
  const name = () => data.seasons[store.season].label;
  const shown = el("output", { for: "season" }, name());
  const slider = el("input", { id: "season", type: "range", min: 0, max: data.seasons.length - 1, step: 1, value: store.season, "aria-valuetext": name(), oninput: () => {
    store.inSeason(data.themes, Number(slider.value));
    applyFilter(store, state.filter);
    shown.textContent = name();
    slider.setAttribute("aria-valuetext", name());
    change();
    state.again();
  } });
  const label = data.seasons.some(({ key }) => /^\d+$/.test(key)) ? store.words.month : store.words.season;
  return el("p", { class: "season" }, el("label", { for: "season" }, `${label}: `), shown, slider);
}

// The pictures of the differences between regions, each in a window of its own.
function disparity(data, store) {
  const w = store.words, pictures = data.pictures[store.language] || {};
  const shown = [["lorenz", w.lorenz], ["ranking", w.ranking]].filter(([key]) => pictures[key]);
  if (!shown.length) return null;
  const box = el("details", { class: "disparity" }, el("summary", {}, w.disparity));
  for (const [key, label] of shown) {
    const image = () => el("img", { src: "data:image/svg+xml;charset=utf-8," + encodeURIComponent(pictures[key]), alt: label });
    const open = () => {
      const close = el("button", { type: "button", class: "close", "aria-label": w.close, onclick: () => dialog.close() }, "×");
      const dialog = el("dialog", { class: "picture", "aria-label": label, onclose: () => dialog.remove() }, close, image());
      box.closest(".leaflet-container").append(dialog);
      L.DomEvent.disableClickPropagation(dialog);
      dialog.showModal();
    };
    box.append(el("button", { type: "button", class: "wide", onclick: open }, label));
  }
  return box;
}

// What the run warned of, and what it repaired.
function findings(data, w) {
  if (!data.findings.length) return null;
  return el("details", { class: "findings" }, el("summary", {}, `${w.findings}: ${data.findings.length}`),
    el("ul", {}, ...data.findings.map((one) => el("li", {},
      el("b", {}, one.level === "repair" ? w.repair : w.warning), " ", el("bdi", {}, one.text), one.count > 1 ? ` (× ${one.count})` : ""))));
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
    if (!theme.codes.includes(code) && !(state.right && state.right.includes(code))) return;
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
  const signs = [];
  if (theme.key === "potential" && theme.codes.some((code, i) => store.isDoubtful(i))) {
    signs.push({ label: w.not_stable[0].toUpperCase() + w.not_stable.slice(1), mark: "hollow", colour: "#888888" });
  }
  if (theme.tier === undefined && store.cut_off && store.cut_off.includes(1)) {
    signs.push({ label: w.unreachable, mark: "slash", colour: "#ffffff" });
  }
  if (signs.length) parts.push(plainList(signs));
  if (state.right) parts.push(changed(store, state, theme));
  const area = data.areas && data.areas.themes.find((one) => one.key === state.area);
  if (area) {
    const used = area.classes.filter((one, code) => area.codes.includes(code));
    const order = data.areas.names.map((name, k) => k).sort((a, b) => (area.values[b] ?? -1) - (area.values[a] ?? -1));
    parts.push(el("h2", {}, `${w.regions}: ${area.label}`), plainList(used, true),
      el("table", { class: "areas" }, el("tbody", {}, ...order.map((k) =>
        el("tr", {}, el("th", { scope: "row" }, el("bdi", {}, data.areas.names[k])), el("td", {}, store.number(area.values[k], 1)))))));
  }
  if (state.raster !== "none") {
    const tier = store.tiers.find((one) => one.key === state.raster);
    parts.push(el("h2", {}, `${w.raster}: ${tier.label}${surfaceSeasons(data, store, state)}`), plainList(data.minutes, true));
    const step = data.seasons[store.season];
    if (step && step.own < 0) parts.push(el("p", { class: "quiet month" }, fill(w.month_surface, { month: step.label, season: data.seasons[0].label })));
  }
  if (state.catchments !== "none") {
    const tier = store.tiers.find((one) => one.key === state.catchments);
    parts.push(el("h2", {}, `${w.catchments}: ${tier.label}`), el("p", { class: "quiet" }, w.catchment_lines));
  }
  if (state.roads && data.roads.length) {
    const lines = data.roads.map((road) => ({ label: road.label, line: road }));
    parts.push(el("h2", {}, w.roads), plainList(lines, true));
  }
  if (state.regions && data.regions) {
    parts.push(plainList([{ label: w.regions, line: { colour: data.region_colour, width: 1.2, kind: "dashed" } }]));
  }
  if (state.centres && data.centres.length) {
    parts.push(el("ul", { class: "plain" }, el("li", {}, el("span", { class: "line" }, el("span", { class: "square" })), w.centres)));
  }
  return parts;
}

// The seasons of the surfaces shown, left and right: a month or the worst one has the surface of its season.
function surfaceSeasons(data, store, state) {
  if (!data.seasons.length) return "";
  const name = (step) => {
    const own = data.seasons[step].own >= 0 ? data.seasons[step] : data.seasons[0];
    return own.label;
  };
  const right = data.seasons[state.beside] ? name(state.beside) : "";
  const left = name(store.season);
  return ` (${right && right !== left ? `${left} | ${right}` : left})`;
}

// The settlements whose class differs between the two sides of the swipe.
function changed(store, state, theme) {
  const rows = [];
  for (let i = 0; i < store.n; i++) if (store.passes[i] && theme.codes[i] !== state.right[i]) rows.push(i);
  rows.sort((a, b) => store.people(b) - store.people(a));
  return el("details", { class: "changed" }, el("summary", {}, `${store.words.changed}: ${store.number(rows.length)}`),
    el("ul", {}, ...rows.slice(0, 200).map((i) => el("li", {}, el("button", { type: "button", onclick: () => state.show(i) },
      swatch(theme.classes[theme.codes[i]]), swatch(theme.classes[state.right[i]]), el("bdi", {}, store.title(i)),
      el("small", { class: "quiet" }, `${theme.classes[theme.codes[i]].label} → ${theme.classes[state.right[i]].label}`))))));
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
  const live = el("p", { class: "unseen", role: "status" });
  const list = el("ul", { id: "found", role: "listbox", "aria-label": w.search, hidden: true, onmousedown: (event) => event.preventDefault() });
  let rows = [], at = -1;
  const mark = (next) => {
    at = next;
    [...list.children].forEach((li, k) => li.setAttribute("aria-selected", String(k === at)));
    if (at >= 0) list.children[at].scrollIntoView({ block: "nearest" });
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", "found-" + at);
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
      if (!rows.length) list.append(el("li", { class: "quiet", role: "option", "aria-disabled": "true", "aria-selected": "false" }, w.nothing));
      list.hidden = !input.value.trim();
      live.textContent = list.hidden ? "" : rows.length ? fill(w.results, { count: rows.length }) : w.nothing;
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
  return el("div", { class: "search", role: "search" }, input, list, live);
}
