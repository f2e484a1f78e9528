// The settlements of the page, unpacked. Every value is text or a number; nothing is ever read as HTML.

// Letters of Kazakh that a Russian keyboard lacks, and marks above letters, do not matter to the search.
const FOLD = { қ: "к", ғ: "г", ң: "н", ә: "а", ө: "о", ұ: "у", ү: "у", һ: "х", і: "и", ы: "ы", ı: "i" };

function fold(text) {
  return text.toLocaleLowerCase("kk").replace(/ş/g, "sh").replace(/ç/g, "ch").normalize("NFD").replace(/\p{M}/gu, "").replace(/[қғңәөұүһіı]/g, (c) => FOLD[c]);
}

// Cyrillic letters in Latin ones; those that are not here have no sound of their own.
const LATIN = {
  а: "a", б: "b", в: "v", г: "g", д: "d", е: "e", ж: "j", з: "z", и: "i", к: "k", л: "l", м: "m", н: "n", о: "o", п: "p", р: "r", с: "s", т: "t", у: "u",
  ф: "f", х: "h", ц: "ts", ч: "ch", ш: "sh", щ: "sh", ъ: "", ы: "i", ь: "", э: "e", ю: "iu", я: "ia",
};

// What the spellings of a name in Kazakh, Russian and either Latin alphabet have in common: Ақтөбе, Актобе and Aqtobe
// sound alike. Takes what 'fold' returns.
function sound(folded) {
  return folded.replace(/[а-я]/g, (c) => LATIN[c]).replace(/[^\p{L}\p{N}]/gu, "")
    .replace(/shch/g, "sh").replace(/d?zh/g, "j").replace(/([kg])h/g, (all, c) => (c === "k" ? "h" : "g")).replace(/q/g, "k")
    .replace(/[yı]/g, "i").replace(/w/g, "u").replace(/ie/g, "e").replace(/(.)\1+/g, "$1");
}

// The same data with each label, which comes in all languages, in one of them.
function inLanguage(value, language) {
  if (Array.isArray(value)) return typeof value.find((one) => one !== null) === "object" ? value.map((one) => inLanguage(one, language)) : value;
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  if (["en", "ru", "kk"].every((one) => typeof value[one] === "string")) return value[language];
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inLanguage(one, language)]));
}

function translated(data, language) {
  const { routes } = data; // which holds no words
  return { ...inLanguage({ ...data, routes: null }, language), routes, words: data.words[language], language };
}

// The class of each number among bins; those after the last are unreachable and unknown.
function classify(values, bounds) {
  const last = bounds.length;
  return values.map((value) => {
    if (value === null) return last + 2;
    if (value === -1) return last + 1;
    const code = bounds.findIndex((bound) => value <= bound);
    return code < 0 ? last : code;
  });
}

// How numbers are written; to make this takes longer than to write a hundred of them.
const SIGNS = new Map();

function numberSigns(language, digits) {
  const key = language + digits;
  if (!SIGNS.has(key)) {
    const sign = { en: "en-GB", ru: "ru-RU", kk: "ru-RU" }[language];
    SIGNS.set(key, new Intl.NumberFormat(sign, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  }
  return SIGNS.get(key);
}

class Store {
  constructor(data) {
    const p = data.points;
    Object.assign(this, p, { n: p.id.length });
    this.passes = new Uint8Array(this.n).fill(1);
    this.lon = p.lon.map((value) => value / 100000);
    this.lat = p.lat.map((value) => value / 100000);
    this.speak(data);
  }

  // Takes the labels of data that are in one language.
  speak(data) {
    const { tiers, contributions, regions } = data.points;
    Object.assign(this, { language: data.language, words: data.words, tiers, contributions, regions });
    this.seasons = data.seasons;
    this.months = data.months;
    this.routes = data.routes;
    this.inSeason(data.themes, this.season || 0);
    this.doubt = data.themes.find((theme) => theme.key === "potential_stable");
    this.centres = data.centres.map((c) => ({ ...c, name: c.row >= 0 ? this.title(c.row) : c.name || c.id }));
  }

  // Takes the minutes and centres of a season, and sorts numbers into the classes of the themes that have bounds.
  inSeason(themes, season) {
    this.season = season;
    for (const tier of this.tiers) {
      if (!tier.min) continue;
      tier.first = tier.first || tier.min;
      tier.min = this.minutesIn(tier, season);
      if (!tier.centre) continue;
      tier.firstCentre = tier.firstCentre || tier.centre;
      const own = season > 0 && tier.centres[season - 1];
      // Where only the minutes are known, the centre is the same while they are.
      tier.centre = season === 0 ? tier.firstCentre : own || tier.firstCentre.map((row, i) => (tier.min[i] === tier.first[i] ? row : -1));
    }
    for (const theme of themes) {
      if (theme.bounds) this.classifyLater(theme);
    }
  }

  // The classes of numbers are found when the theme is first looked at.
  classifyLater(theme) {
    const values = theme.tier === undefined ? this[theme.values] : this.tiers[theme.tier].min;
    let codes = null;
    Object.defineProperty(theme, "codes", { configurable: true, get: () => (codes = codes || classify(values, theme.bounds)) });
  }

  minutesIn(tier, season) {
    return season === 0 ? tier.first : tier.others[season - 1] || new Array(this.n).fill(null);
  }

  // The classes of a theme in another run or season (`run` or the number of a season), or null where it has none.
  codesBeside(theme, beside, compare) {
    if (beside === "none") return null;
    if (beside === "run") {
      const other = compare.themes[theme.key];
      return other ? (theme.bounds ? classify(other, theme.bounds) : other) : null;
    }
    const tier = theme.tier === undefined ? null : this.tiers[theme.tier];
    return tier ? classify(this.minutesIn(tier, Number(beside)), theme.bounds) : null;
  }

  isCutOff(i) {
    return Boolean(this.cut_off && this.cut_off[i]);
  }

  // Whether the class of potential is not stable.
  isDoubtful(i) {
    return Boolean(this.doubt && this.doubt.classes[this.doubt.codes[i]].mark === "hollow");
  }

  // The way of a settlement to its centre of a tier, as the stretches that it takes; null where it is not known.
  route(i, tier) {
    const r = this.routes, t = this.tiers[tier];
    const own = this.seasons.length ? this.seasons[this.season].own : 0;
    if (!r || !t.min || (own < 0 && t.min[i] !== t.first[i])) return null;
    const number = r.of[tier][Math.max(own, 0)];
    if (number < 0) return null;
    this.unfold(r);
    const { onward } = r.ways[number];
    const found = [];
    for (let node = i; onward[node] > 0;) {
      const stretch = r.at[node][onward[node] - 1];
      found.push(stretch);
      node = r.from[stretch] === node ? r.to[stretch] : r.from[stretch];
    }
    return found.length ? found : null;
  }

  // The places of a stretch, [latitude, longitude].
  places(stretch) {
    const r = this.routes;
    return [this.node(r.from[stretch]), ...r.between[stretch], this.node(r.to[stretch])];
  }

  node(k) {
    const { x, y, unit } = this.routes;
    return k < this.n ? [this.lat[k], this.lon[k]] : [(y[k - this.n] * unit) / 100000, (x[k - this.n] * unit) / 100000];
  }

  // Lays out what map_routes.py packed, once it is needed: the stretches at each node, and the places between the ends of
  // each stretch.
  unfold(r) {
    if (r.at) return;
    r.at = Array.from({ length: this.n + r.x.length }, () => []);
    r.between = [];
    let k = 0;
    r.from.forEach((from, stretch) => {
      r.to[stretch] += from;
      r.at[from].push(stretch);
      r.at[r.to[stretch]].push(stretch);
      const whole = (degrees) => Math.floor(Math.round(degrees * 100000) / r.unit);
      let x = from < this.n ? whole(this.lon[from]) : r.x[from - this.n], y = from < this.n ? whole(this.lat[from]) : r.y[from - this.n];
      const places = [];
      for (let n = r.count[stretch]; n > 0; n--, k++) {
        x += r.dx[k];
        y += r.dy[k];
        places.push([(y * r.unit) / 100000, (x * r.unit) / 100000]);
      }
      r.between.push(places);
    });
  }

  people(i) {
    return this.population && this.population[i] !== null ? this.population[i] : -1;
  }

  // The name in the language of the page, else the name, else the code.
  title(i) {
    const own = this.names[this.language];
    return (own && own[i]) || this.name[i] || this.id[i];
  }

  spellings(i) {
    const all = [this.name[i], ...Object.values(this.names).map((list) => list[i])];
    return [...new Set(all.filter((text) => text))];
  }

  // Names and codes as the search compares them; made ahead, a few at a time, while the page has nothing else to do.
  foldTo(end) {
    this.folded = this.folded || [];
    this.sounds = this.sounds || [];
    for (let i = this.folded.length; i < Math.min(end, this.n); i++) {
      const names = this.spellings(i).map(fold);
      this.folded.push([...names, fold(this.id[i])]);
      this.sounds.push([...new Set(names.map(sound))]);
    }
  }

  foldSoon() {
    const later = window.requestIdleCallback || ((work) => setTimeout(work, 50));
    later(() => {
      this.foldTo((this.folded || []).length + 1000);
      if (this.folded.length < this.n) this.foldSoon();
    });
  }

  // Rows whose name or code holds the text: exact first, then from the start; then those that sound so; each by population.
  find(text, most) {
    const wanted = fold(text.trim()), alike = sound(wanted);
    if (!wanted) return [];
    this.foldTo(this.n);
    const found = [];
    for (let i = 0; i < this.n; i++) {
      let rank = 7;
      for (const name of this.folded[i]) {
        const place = name === wanted ? 0 : name.startsWith(wanted) ? 1 : name.includes(" " + wanted) ? 2 : name.includes(wanted) ? 3 : 7;
        if (place < rank) rank = place;
      }
      if (rank === 7 && alike.length > 2) {
        for (const name of this.sounds[i]) {
          const place = name === alike ? 4 : name.startsWith(alike) ? 5 : name.includes(alike) ? 6 : 7;
          if (place < rank) rank = place;
        }
      }
      if (rank < 7) found.push([rank, -this.people(i), i]);
    }
    found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    return found.slice(0, most).map((one) => one[2]);
  }

  number(value, digits = 0) {
    if (value === null || value === undefined) return this.words.no_data;
    if (value === -1) return this.words.unreachable;
    return numberSigns(this.language, digits).format(value);
  }

  duration(minutes) {
    if (minutes === null || minutes === undefined || minutes < 0) return this.number(minutes);
    if (minutes < 60) return `${minutes} ${this.words.min}`;
    const rest = minutes % 60;
    return `${this.number(Math.floor(minutes / 60))} ${this.words.h}` + (rest ? ` ${rest} ${this.words.min}` : "");
  }
}

// Puts values into the places of a message: {name}.
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

// Text in which addresses of the web are links; no other kind of address becomes one.
function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:)])/).map((part, k) =>
    k % 2 ? el("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part);
}

// An element with attributes, and children that are elements or text.
function el(tag, attributes = {}, ...children) {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) one.addEventListener(name.slice(2), value);
    else if (value === true) one.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) one.setAttribute(name, value);
  }
  one.append(...children.filter((c) => c !== null && c !== undefined));
  return one;
}

function swatch(one, cut) {
  const canvas = el("canvas", { class: "swatch", "aria-hidden": "true" });
  const ratio = Math.max(2, window.devicePixelRatio || 1);
  canvas.width = canvas.height = 16 * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  drawMark(context, 8, 8, one.mark === "square" || one.mark === "hatch" ? 6.5 : 5, one, cut);
  return canvas;
}
