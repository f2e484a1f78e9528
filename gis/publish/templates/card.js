// What a click on a settlement shows.

function card(store, themes, i) {
  const w = store.words;
  const others = store.spellings(i).filter((name) => name !== store.title(i));
  const facts = el("dl");
  const fact = (label, ...value) => facts.append(el("dt", {}, label), el("dd", {}, ...value));
  if (store.region) fact(w.region, store.region[i] < 0 ? w.no_data : store.regions[store.region[i]]);
  if (store.population) fact(w.population, store.number(store.population[i]));
  for (const theme of themes) {
    if (theme.key !== "potential" && theme.key !== "remoteness_class") continue;
    const one = theme.classes[theme.codes[i]];
    fact(theme.label, swatch(one), " ", one.label);
  }
  if (store.remoteness) fact(w.remoteness, store.number(store.remoteness[i], 1));
  if (store.viability) {
    const missing = store.viability_missing && store.viability_missing[i];
    const note = missing ? ` (${Math.round(100 * missing)} % ${w.missing})` : "";
    fact(w.viability, store.number(store.viability[i], 1) + note);
  }
  if (store.access_km) {
    const minutes = store.access_min ? `, ${store.duration(store.access_min[i])}` : "";
    const km = store.number(store.access_km[i], 1);
    fact(w.access, store.access_km[i] === null || store.access_km[i] < 0 ? km : `${km} ${w.km}${minutes}`);
  }
  return el(
    "article", { class: "card", tabindex: -1, lang: store.language },
    el("h2", { dir: "auto" }, store.title(i)),
    el("p", { class: "quiet" }, el("bdi", {}, others.join(" · ")), others.length ? " · " : "", el("bdi", {}, store.id[i])),
    facts, journeys(store, i), bars(store, i),
  );
}

function journeys(store, i) {
  const w = store.words;
  const rows = store.tiers.filter((tier) => tier.min || tier.km).map((tier) => {
    const centre = tier.centre ? tier.centre[i] : -1;
    const name = centre < 0 ? "" : centre === i ? w.here : store.title(centre);
    return el(
      "tr", {}, el("th", { scope: "row" }, tier.label, el("br"), el("bdi", { class: "quiet" }, name)),
      el("td", {}, tier.min ? store.duration(tier.min[i]) : ""),
      el("td", {}, tier.km ? (tier.km[i] === -1 ? "" : store.number(tier.km[i])) : ""),
    );
  });
  if (!rows.length) return null;
  const head = [w.centre, w.time, w.distance].map((text) => el("th", { scope: "col" }, text));
  return el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
}

function bars(store, i) {
  const parts = store.contributions.filter((part) => part.points[i] !== null);
  if (!parts.length) return null;
  const most = Math.max(...parts.map((part) => Math.abs(part.points[i])), 1e-9);
  const list = el("div", { class: "bars" });
  for (const part of parts.sort((a, b) => b.points[i] - a.points[i])) {
    const bar = el("i");
    bar.style.width = `${(100 * Math.abs(part.points[i])) / most}%`;
    list.append(el("span", {}, part.label), el("span", { class: "bar" }, bar), el("b", {}, store.number(part.points[i], 1)));
  }
  return el("section", {}, el("h3", {}, store.words.contributions), list);
}
