// What a click on a settlement shows.

function card(store, themes, i) {
  const w = store.words;
  const others = store.spellings(i).filter((name) => name !== store.title(i));
  let facts = el("dl");
  const main = facts;
  const fact = (label, ...value) => facts.append(el("dt", {}, label), el("dd", {}, ...value));
  if (store.region) fact(w.region, store.region[i] < 0 ? w.no_data : store.regions[store.region[i]]);
  if (store.population) fact(w.population, store.number(store.population[i]));
  const small = (text) => [el("br"), el("small", { class: "quiet" }, text)];
  const classes = (wanted) => themes.filter((theme) => theme.card && Boolean(theme.group) === wanted).forEach((theme) => {
    const one = theme.classes[theme.codes[i]];
    const chance = theme.key === "potential" && store.probability ? store.probability[i] : null;
    const sure = store.doubt ? ` (${store.isDoubtful(i) ? w.not_stable : w.stable})` : "";
    fact(theme.label, swatch(one), " ", one.label, ...(chance === null ? [] : small(`${w.probability}: ${store.number(chance)}${sure}`)));
  });
  classes(false);
  if (store.remoteness) fact(w.remoteness, store.number(store.remoteness[i], 1));
  if (store.viability) {
    const missing = store.viability_missing && store.viability_missing[i];
    const note = missing ? ` (${Math.round(100 * missing)} % ${w.missing})` : "";
    const low = store.viability_p05 && store.viability_p05[i], high = store.viability_p95 && store.viability_p95[i];
    const spread = typeof low === "number" && typeof high === "number"
      ? small(fill(w.interval, { low: store.number(low), high: store.number(high) })) : [];
    fact(w.viability, store.number(store.viability[i], 1) + note, ...spread);
  }
  facts = el("dl");
  if (store.access_km) {
    const minutes = store.access_min ? `, ${store.duration(store.access_min[i])}` : "";
    const km = store.number(store.access_km[i], 1);
    fact(w.access, store.access_km[i] === null || store.access_km[i] < 0 ? km : `${km} ${w.km}${minutes}`);
  }
  if (store.heating_degree_days) fact(w.heating, store.number(store.heating_degree_days[i]));
  classes(true);
  return el(
    "article", { class: "card", tabindex: -1, lang: store.language },
    el("h2", { dir: "auto" }, store.title(i)),
    el("p", { class: "quiet" }, el("bdi", {}, others.join(" · ")), others.length ? " · " : "", el("bdi", {}, store.id[i])),
    main, journeys(store, i), linesOf(store, i), ofMonth(store, i), bars(store, i), facts,
  );
}

function journeys(store, i) {
  const w = store.words;
  const rows = store.tiers.filter((tier) => tier.min || tier.km).flatMap((tier) => {
    const centre = tier.centre ? tier.centre[i] : -1;
    const name = centre < 0 ? "" : centre === i ? w.here : store.title(centre);
    const year = centre === i ? "" : ofYear(store, tier, i);
    const row = el(
      "tr", {}, el("th", { scope: "row" }, tier.label, el("br"), el("bdi", { class: "quiet" }, name)),
      el("td", {}, tier.min ? store.duration(tier.min[i]) : ""),
      el("td", {}, tier.km ? (tier.km[i] === -1 ? "" : store.number(tier.km[i])) : ""),
    );
    return year ? [row, el("tr", {}, el("td", { colspan: 3, class: "year" }, year))] : [row];
  });
  if (!rows.length) return null;
  const season = store.seasons.length ? [el("br"), el("small", {}, store.seasons[store.season].label)] : [];
  const head = [[w.centre], [w.time, ...season], [w.distance]].map((parts) => el("th", { scope: "col" }, ...parts));
  return el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
}

// What the lines on the map mean, as far as the settlement has such.
function linesOf(store, i) {
  const w = store.words;
  const led = store.tiers.map((tier, k) => [tier.centre ? tier.centre[i] : -1, k]).filter(([centre]) => centre >= 0 && centre !== i);
  const known = led.some(([, k]) => store.route(i, k)), unknown = led.some(([, k]) => !store.route(i, k));
  if (!known && !unknown) return null;
  const line = (kind, label) => el("span", {}, el("i", { class: kind }), label);
  return el("p", { class: "lines" }, known ? line("", w.by_road) : null, known ? line("off", w.off_road) : null, unknown ? line("unknown", w.no_route) : null);
}

// A step of the slider without routes of its own: whose are drawn, of which tiers none is, and from which the settlement
// is cut off.
function ofMonth(store, i) {
  const w = store.words, step = store.seasons[store.season];
  if (!step || step.own >= 0) return null;
  const led = store.tiers.map((tier, k) => ({ ...tier, k })).filter((tier) => tier.min && tier.min[i] !== null && !(tier.firstCentre && tier.firstCentre[i] === i));
  const said = (message, tiers) => (tiers.length
    ? el("p", { class: "quiet month" }, fill(message, { month: step.label, season: store.seasons[0].label, tiers: tiers.map((tier) => tier.label).join(", ") })) : null);
  const cut = led.filter((tier) => tier.min[i] === -1 && tier.first[i] !== -1);
  const other = led.filter((tier) => tier.min[i] !== tier.first[i] && !cut.includes(tier));
  const same = led.filter((tier) => store.route(i, tier.k));
  return el("section", {}, said(w.month_cut_off, cut), said(w.month_other_way, other), said(w.month_same_way, same));
}

// The other seasons of a journey, its worst month, and the months in which there is none. Of many seasons those that take
// as long are said together, and those that take as long as the one that is shown are left out.
function ofYear(store, tier, i) {
  const w = store.words;
  const told = [], many = store.seasons.length > 5, alike = new Map();
  const month = tier.worst && tier.worst[i] >= 1 ? store.months[tier.worst[i] - 1] : "";
  store.seasons.forEach(({ key, label }, k) => {
    const minutes = k === 0 ? tier.first : tier.others && tier.others[k - 1];
    const worst = key === "worst" && month ? ` (${month})` : "";
    if (!minutes || (k === store.season && !worst)) return;
    const shown = store.duration(minutes[i]);
    if (!many || worst) told.push(`${label}${worst}: ${shown}`);
    else if (minutes[i] !== tier.min[i]) alike.set(shown, [...(alike.get(shown) || []), label]);
  });
  told.unshift(...[...alike].map(([shown, labels]) => `${labels.join(", ")}: ${shown}`));
  if (tier.cut_off && tier.cut_off[i] > 0) told.push(fill(w.cut_off_months, { months: tier.cut_off[i] }));
  if (tier.freight && tier.freight[i] > 0) told.push(fill(w.freight_months, { months: tier.freight[i] }));
  return told.join(" · ");
}

// The points of each indicator; as they are rounded, they add up to the total.
function bars(store, i) {
  const parts = store.contributions.filter((part) => part.points[i] !== null);
  if (!parts.length) return null;
  const without = store.contributions.filter((part) => part.points[i] === null);
  const most = Math.max(...parts.map((part) => Math.abs(part.points[i])), 1e-9);
  const list = el("div", { class: "bars" });
  for (const part of parts.sort((a, b) => b.points[i] - a.points[i])) {
    const bar = el("i");
    bar.style.width = `${(100 * Math.abs(part.points[i])) / most}%`;
    list.append(el("span", {}, part.label), el("span", { class: "bar" }, bar), el("b", {}, store.number(part.points[i], 1)));
  }
  const total = parts.reduce((sum, part) => sum + Math.round(10 * part.points[i]), 0) / 10;
  list.append(el("span", { class: "total" }, store.words.total), el("span"), el("b", { class: "total" }, store.number(total, 1)));
  const missing = without.length ? el("p", { class: "quiet" }, `${store.words.no_value}: ${without.map((part) => part.label).join(", ")}`) : null;
  return el("section", {}, el("h3", {}, store.words.contributions), list, missing);
}
