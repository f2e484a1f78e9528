// The layer that folium adds to its map: unpacks the page's data and puts everything in place.

async function unpack(id) {
  const text = document.getElementById(id).textContent.trim();
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const whole = new Uint8Array(await new Response(stream).arrayBuffer());
  const end = 4 + new DataView(whole.buffer).getUint32(0, true);
  const columns = whole.subarray(end);
  return JSON.parse(new TextDecoder().decode(whole.subarray(4, end)),
    (key, value) => (value !== null && Array.isArray(value.$) ? column(columns, ...value.$) : value));
}

// A list of numbers as packing.py lays it out: null is unknown, -1 unreachable. Without a width it is bytes.
function column(bytes, start, count, width, differences, scale) {
  if (!width) return bytes.subarray(start, start + count);
  const found = new Array(count);
  let last = 0;
  for (let i = 0; i < count; i++) {
    let code = 0;
    for (let k = width - 1; k >= 0; k--) code = code * 256 + bytes[start + k * count + i];
    if (code < 2) { found[i] = code === 0 ? null : -1; continue; }
    const value = code % 2 === 0 ? (code - 2) / 2 : (1 - code) / 2;
    last = differences ? last + value : value;
    found[i] = last / scale;
  }
  return found;
}

// The number of a surface's picture: that of a step of the slider where it has its own, else that of the first season.
function pictureOf(run, tier, step) {
  const of = run.of[tier];
  return step && of[step.key] !== undefined ? of[step.key] : Object.values(of)[0];
}

// Colours the cells of a picture: clear where nothing is known, hatched where no centre is reached.
function picture(run, number, classes) {
  const codes = codesOf(run, number);
  const canvas = el("canvas", { width: run.width, height: run.height });
  const context = canvas.getContext("2d"), image = context.createImageData(run.width, run.height);
  const pixels = new Uint32Array(image.data.buffer); // each opacity, blue, green, red
  const ink = (colour, opacity) => {
    const value = parseInt(colour.slice(1), 16);
    return ((opacity << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
  };
  const inks = [0, ...classes.map((one) => ink(one.colour, one.mark === "hatch" ? 150 : 255))];
  const line = ink("#222222", 190);
  codes.forEach((code, k) => {
    const hatched = code === classes.length && (Math.floor(k / run.width) + (k % run.width)) % 4 === 0;
    pixels[k] = hatched ? line : inks[code];
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

// The later pictures of a tier are kept as the difference to its first.
function codesOf(run, number) {
  const first = run.first[number];
  if (first < 0) return run.pictures[number];
  const base = codesOf(run, first);
  return run.pictures[number].map((value, k) => (value + base[k]) & 255);
}

// Leaflet's scale bar with units in the language of the page.
function scaleBar(options, w) {
  const one = L.control.scale(options);
  one._updateMetric = function (most) {
    const metres = this._getRoundNum(most);
    this._updateScale(this._mScale, metres < 1000 ? `${metres} ${w.m}` : `${metres / 1000} ${w.km}`, metres / most);
  };
  return one;
}

// A view is shared by the address's fragment: #map=zoom/lat/lon&colour=theme&time=tier&regions=figure&catchments=tier&season=number&beside=other&place=id
// &lang=language&hide=classes&region=number&people=least&minutes=least&to=tier
function writeView(map, state, store) {
  const at = map.getCenter();
  const parts = new URLSearchParams({ map: [map.getZoom(), at.lat.toFixed(4), at.lng.toFixed(4)].join("/") });
  if (state.theme !== state.all[0]) parts.set("colour", state.theme.key);
  if (state.raster !== "none") parts.set("time", state.raster);
  if (state.area !== "none") parts.set("regions", state.area);
  if (state.catchments !== "none") parts.set("catchments", state.catchments);
  if (state.beside !== "none") parts.set("beside", state.beside);
  if (store.season > 0) parts.set("season", store.season);
  if (state.chosen >= 0) parts.set("place", store.id[state.chosen]);
  if (store.language !== state.language) parts.set("lang", store.language);
  if (state.hidden.size) parts.set("hide", [...state.hidden].join("."));
  if (state.filter.region >= 0) parts.set("region", state.filter.region);
  if (state.filter.people > 0) parts.set("people", state.filter.people);
  if (state.filter.minutes > 0) {
    parts.set("minutes", state.filter.minutes);
    parts.set("to", state.filter.tier);
  }
  try {
    history.replaceState(null, "", "#" + parts.toString().replace(/%2F/g, "/"));
  } catch {
    // A page within a page has no address of its own.
  }
}

function readView(data) {
  const parts = new URLSearchParams(location.hash.slice(1));
  const [zoom, lat, lon] = (parts.get("map") || "").split("/").map(Number);
  return {
    at: Number.isFinite(zoom + lat + lon) ? [lat, lon] : null,
    zoom,
    theme: data.themes.find((theme) => theme.key === parts.get("colour")),
    raster: data.rasters && data.rasters.of[parts.get("time")] ? parts.get("time") : "",
    area: data.areas && data.areas.themes.some((one) => one.key === parts.get("regions")) ? parts.get("regions") : "",
    catchments: data.points.tiers.some((tier) => tier.centre && tier.key === parts.get("catchments")) ? parts.get("catchments") : "",
    beside: data.seasons[parts.get("beside")] || (data.compare && parts.get("beside") === "run") ? parts.get("beside") : "",
    season: data.seasons[Number(parts.get("season"))] ? Number(parts.get("season")) : 0,
    hidden: (parts.get("hide") || "").split(".").filter((code) => /^\d+$/.test(code)).map(Number),
    filter: {
      region: parts.has("region") && data.points.regions?.[Number(parts.get("region"))] !== undefined ? Number(parts.get("region")) : -1,
      people: Number(parts.get("people")) || 0,
      minutes: Number(parts.get("minutes")) || 0,
      tier: data.points.tiers.some((tier) => tier.min && tier.key === parts.get("to")) ? parts.get("to") : "",
    },
    place: parts.has("place") ? data.points.id.indexOf(parts.get("place")) : -1,
  };
}

// Colours that most eyes tell apart, for catchments that lie beside each other (after Okabe and Ito).
const CATCHMENTS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

const SettlementLayer = L.Layer.extend({
  initialize(id, oldBrowser) {
    this.id = id;
    this.oldBrowser = oldBrowser;
  },

  onAdd(map) {
    const home = map.getContainer();
    if (typeof DecompressionStream === "undefined") {
      home.append(el("p", { class: "panel" }, this.oldBrowser));
      return;
    }
    unpack(this.id).then((data) => {
      this.build(map, data);
      home.dataset.ready = "yes";
      performance.mark("shalgai-ready");
    });
  },

  onRemove() {},

  build(map, all) {
    const shared = new URLSearchParams(location.hash.slice(1)).get("lang");
    let data = translated(all, Object.hasOwn(all.words, shared) ? shared : all.language);
    document.documentElement.lang = data.language;
    const store = new Store(data);
    const state = {
      all: data.themes, language: all.language, theme: data.themes[0], hidden: new Set(), raster: "none", area: "none", catchments: "none", beside: data.compare ? "run" : "none", right: null, chosen: -1,
      centres: true, roads: true, regions: true, filter: { region: -1, people: 0, minutes: 0, tier: "" },
    };
    for (const [name, z] of [["context", 240], ["rasters", 250], ["beside", 251], ["areas", 255], ["lines", 300], ["catchments", 310], ["routes", 440], ["points", 450], ["beside-points", 451], ["chosen", 460]]) {
      map.createPane(name).style.zIndex = z;
    }
    const latLngs = ({ unit, count, x, y }) => {
      let k = 0, lon = 0, lat = 0;
      return count.map((n) => Array.from({ length: n }, () => {
        lon += x[k];
        lat += y[k++];
        return [(lat * unit) / 100000, (lon * unit) / 100000];
      }));
    };
    const canvas = L.canvas({ pane: "lines", padding: 0.2 });
    const lines = (parts, style) => L.polyline(latLngs(parts), { renderer: canvas, interactive: false, smoothFactor: 1, ...style });
    const water = L.canvas({ pane: "context", padding: 0.2 });
    for (const one of data.context) {
      const style = { renderer: water, interactive: false, color: one.colour, fillColor: one.colour, weight: one.fill ? 0.5 : 1, fillOpacity: 1 };
      (one.fill ? L.polygon : L.polyline)(latLngs(one.lines), style).addTo(map);
    }
    const regions = L.layerGroup(data.regions ? [lines(data.regions, { color: data.region_colour, weight: 1.2, opacity: 0.7, dashArray: "5 3" })] : []);
    const roads = L.layerGroup([...data.roads].reverse().map((one) => lines(one.lines, { color: one.colour, weight: one.width, opacity: 0.9 })));
    const surfaces = new Map(); // those that were shown, by run and picture
    const surface = (run, tier, season, pane) => {
      const number = run && run.of[tier] ? pictureOf(run, tier, data.seasons[season]) : -1;
      if (number < 0) return null;
      const key = [pane, run === data.rasters, number].join();
      if (!surfaces.has(key)) surfaces.set(key, L.svgOverlay(picture(run, number, data.minutes), run.bounds, { pane, opacity: 0.75, className: "cells" }));
      return surfaces.get(key);
    };
    const ground = L.canvas({ pane: "areas", padding: 0.2 });
    const areas = (data.areas ? data.areas.rings : []).map((rings) =>
      L.polygon(latLngs(rings), { renderer: ground, interactive: false, color: "#fff", weight: 1, fillOpacity: 0.85 }));
    const choropleth = L.layerGroup(areas);
    const colourAreas = () => {
      const theme = data.areas && data.areas.themes.find((one) => one.key === state.area);
      put(choropleth, Boolean(theme));
      if (theme) areas.forEach((one, k) => one.setStyle({ fillColor: theme.classes[theme.codes[k]].colour }));
    };
    const threads = L.canvas({ pane: "catchments", padding: 0.2 });
    const catchments = L.layerGroup();
    // A line from each settlement that is shown to its centre; rows are in an order in which neighbours follow each other,
    // so that centres beside each other have other colours.
    const drawCatchments = () => {
      catchments.clearLayers();
      const tier = store.tiers.find((one) => one.key === state.catchments && one.centre);
      put(catchments, Boolean(tier));
      if (!tier) return;
      const centres = [...new Set(tier.centre)].sort((a, b) => a - b);
      const rank = new Map(centres.map((row, k) => [row, k % CATCHMENTS.length]));
      const drawn = CATCHMENTS.map(() => []);
      tier.centre.forEach((centre, i) => {
        if (centre >= 0 && centre !== i && points.shown(i)) drawn[rank.get(centre)].push([[store.lat[i], store.lon[i]], [store.lat[centre], store.lon[centre]]]);
      });
      drawn.forEach((part, k) => catchments.addLayer(L.polyline(part, { renderer: threads, interactive: false, smoothFactor: 0, color: CATCHMENTS[k], weight: 1.2, opacity: 0.8 })));
    };
    const paths = L.canvas({ pane: "routes", padding: 0.2 });
    const ways = L.layerGroup().addTo(map);
    const top = L.canvas({ pane: "chosen", padding: 0.2 });
    // The routes of the chosen settlement to its nearest centres, dots where they leave the roads, straight dashes to those
    // centres whose route is not known, and a ring round the settlement.
    const mark = (i) => {
      ways.clearLayers();
      if (i < 0) return;
      const at = (k) => [store.lat[k], store.lon[k]];
      const add = (line, style) => ways.addLayer(L.polyline(line, { interactive: false, smoothFactor: 1, ...style }));
      const taken = new Set(), unknown = new Set();
      store.tiers.forEach((tier, k) => {
        const centre = tier.centre ? tier.centre[i] : -1;
        const route = centre === i ? null : store.route(i, k);
        if (route) route.forEach((stretch) => taken.add(stretch));
        else if (centre >= 0 && centre !== i) unknown.add(centre);
      });
      const drawn = (off) => [...taken].filter((stretch) => Boolean(data.routes.off[stretch]) === off).map((stretch) => store.places(stretch));
      for (const [weight, color, dashArray] of [[7, "#fff"], [3.5, "#0b3d91"], [3, "#0b3d91", "2 6"]]) {
        if (taken.size) add(drawn(Boolean(dashArray)), { renderer: paths, weight, color, dashArray, opacity: 0.9 });
      }
      for (const centre of unknown) {
        for (const [weight, color] of [[3.5, "#fff"], [1.3, "#111"]]) add([at(i), at(centre)], { renderer: top, weight, color, dashArray: "5 4", opacity: 0.9 });
      }
      ways.addLayer(L.circleMarker(at(i), { renderer: top, interactive: false, radius: points.radius(i) + 4, weight: 2.5, color: "#111", fill: false }));
    };
    const points = new Points(store, state, () => state.theme.codes, "points");
    const others = new Points(store, state, () => state.right || state.theme.codes, "beside-points");
    const put = (layer, shown) => (shown ? map.addLayer(layer) : map.removeLayer(layer));
    const swipe = el("div", { class: "swipe", hidden: true }), line = el("div", { class: "swipe-line", hidden: true });
    const slider = el("input", { type: "range", min: 0, max: 100, step: 1, value: 50, oninput: () => clip() });
    state.swipe = () => {
      const box = slider.getBoundingClientRect();
      return box.left - map.getContainer().getBoundingClientRect().left + (box.width * slider.value) / 100;
    };
    // What lies to the right of the swipe: the classes of the settlements, and the surface of travel time.
    const compare = () => {
      state.right = store.codesBeside(state.theme, state.beside, data.compare);
      const shown = state.raster === "none" || state.beside === "none" ? null
        : state.beside === "run" ? surface(data.compare.rasters, state.raster, store.season, "beside")
          : surface(data.rasters, state.raster, Number(state.beside), "beside");
      state.split = Boolean(state.right || shown);
      swipe.hidden = line.hidden = !state.split;
      const own = surface(data.rasters, state.raster, store.season, "rasters");
      for (const one of surfaces.values()) put(one, one === own || one === shown);
      if (!state.split) return clip();
      const right = state.beside === "run" ? data.compare.label : data.seasons[state.beside].label;
      const left = data.seasons.length && state.beside !== "run" ? data.seasons[store.season].label : data.title;
      slider.setAttribute("aria-label", `${left} | ${right}`);
      swipe.replaceChildren(el("p", {}, el("bdi", {}, left), el("bdi", {}, right)), slider);
      clip();
    };
    const clip = () => {
      const from = map.containerPointToLayerPoint([0, 0]), to = map.containerPointToLayerPoint(map.getSize());
      const middle = state.split ? from.x + state.swipe() : to.x;
      const box = (left, right) => `rect(${from.y}px, ${right}px, ${to.y}px, ${left}px)`;
      for (const name of ["rasters", "points"]) map.getPane(name).style.clip = state.split ? box(from.x, middle) : "";
      for (const name of ["beside", "beside-points"]) map.getPane(name).style.clip = box(middle, to.x);
      line.style.left = `${middle - from.x}px`;
    };
    map.on("move zoomend resize", clip);
    state.apply = () => {
      put(regions, state.regions);
      put(roads, state.roads);
      compare();
      colourAreas();
      drawCatchments();
      put(others, state.split);
      points.redraw();
      others.redraw();
      mark(state.chosen);
      drawer.refresh();
      writeView(map, state, store);
    };
    const home = map.getContainer();
    const narrow = () => map.getSize().x <= 640;
    const choose = (i) => { state.chosen = i; mark(i); writeView(map, state, store); };
    const sheet = el("section", { class: "sheet", hidden: true });
    const close = () => { sheet.hidden = true; choose(-1); };
    const button = el("button", { type: "button", class: "close", onclick: close }, "×");
    // The card lies below the map on a phone, elsewhere to its right; the settlement is moved out from under it.
    const open = (i) => {
      const content = card(store, data.themes, i);
      button.setAttribute("aria-label", store.words.close);
      sheet.setAttribute("aria-label", store.title(i));
      sheet.replaceChildren(button, content);
      sheet.hidden = false;
      sheet.scrollTop = 0;
      choose(i);
      if (narrow()) aside.classList.remove("open");
      const at = map.latLngToContainerPoint([store.lat[i], store.lon[i]]);
      const from = aside.getBoundingClientRect(), to = sheet.getBoundingClientRect(), all = map.getSize();
      const within = (value, low, high) => Math.max(low, Math.min(value, high));
      const x = narrow() ? within(at.x, 30, all.x - 30) : within(at.x, from.right + 20, to.left - 90);
      const y = narrow() ? within(at.y, from.bottom + 30, to.top - 30) : within(at.y, 30, all.y - 40);
      if (x !== at.x || y !== at.y) map.panBy([at.x - x, at.y - y], { animate: false });
      return content;
    };
    const goTo = (i) => {
      map.setView([store.lat[i], store.lon[i]], Math.max(map.getZoom(), 9), { animate: false });
      open(i).focus({ preventScroll: true }); // screen readers go on there, and a phone puts its keyboard away
    };
    let aside, drawer, zoom, scale;
    const quiet = (part) => {
      L.DomEvent.disableClickPropagation(part);
      L.DomEvent.disableScrollPropagation(part);
      return part;
    };
    // Makes everything that holds words, in the language of the data.
    const furnish = () => {
      const open = Boolean(aside?.classList.contains("open"));
      for (const part of [aside, drawer, zoom, scale]) part?.remove();
      aside = quiet(panel(data, store, state, goTo));
      if (open) aside.querySelector(".toggle").click();
      drawer = quiet(tableDrawer(store, state, points, goTo));
      state.table = drawer.open;
      home.append(aside, drawer);
      const w = store.words;
      home.setAttribute("aria-label", w.keys);
      zoom = L.control.zoom({ position: "topright", zoomInTitle: w.zoom_in, zoomOutTitle: w.zoom_out }).addTo(map);
      scale = scaleBar({ imperial: false, position: "bottomright" }, w).addTo(map);
    };
    state.again = () => { if (state.chosen >= 0) open(state.chosen); };
    state.speak = (language) => {
      data = translated(all, language);
      store.speak(data);
      state.all = data.themes;
      state.theme = data.themes.find((theme) => theme.key === state.theme.key);
      document.documentElement.lang = language;
      furnish();
      state.apply();
      state.again();
      aside.querySelector("[lang][aria-pressed=true]")?.focus();
    };
    state.show = goTo;
    // On paper the card is a page of its own: on the map's page there may be no room for all of it.
    window.addEventListener("beforeprint", () => document.body.append(sheet));
    window.addEventListener("afterprint", () => home.append(sheet));
    home.append(quiet(sheet), line, quiet(swipe));
    furnish();
    const side = aside.getBoundingClientRect();
    map.fitBounds(data.bounds, {
      animate: false,
      paddingTopLeft: narrow() ? [12, side.bottom + 8] : [side.right + 12, 16],
      paddingBottomRight: narrow() ? [12, 40] : [50, 30],
    });
    map.addLayer(points);
    const view = readView(data);
    if (view.theme) state.theme = view.theme;
    if (view.raster) state.raster = view.raster;
    if (view.beside) state.beside = view.beside;
    if (view.area) state.area = view.area;
    if (view.catchments) state.catchments = view.catchments;
    if (view.season) store.inSeason(data.themes, view.season);
    state.filter = view.filter;
    if (filtered(state.filter)) applyFilter(store, state.filter);
    state.hidden = new Set(view.hidden.filter((code) => code < state.theme.classes.length));
    furnish();
    state.apply();
    if (state.split) furnish(); // with the list of what changed
    if (view.at) map.setView(view.at, view.zoom, { animate: false });
    if (view.place >= 0) open(view.place);
    map.on("moveend", () => writeView(map, state, store));
    map.on("zoomend", () => mark(state.chosen)); // the ring is as large as the settlement
    store.foldSoon();
    const tip = this.hover(map, points, store);
    this.keys(map, points, store, tip, goTo, close);
    map.on("click", (event) => {
      const i = points.at(event.containerPoint);
      if (i >= 0) open(i);
      else close();
    });
    map.attributionControl.setPrefix("Leaflet");
    const sources = document.createElement("bdi");
    sources.textContent = data.notes.join(" ");
    if (data.notes.length) map.attributionControl.addAttribution(sources.outerHTML);
  },

  hover(map, points, store) {
    const tip = L.tooltip({ direction: "top", offset: [0, -6], opacity: 0.95 });
    let last = -1;
    map.on("mousemove", (event) => {
      const over = event.originalEvent.target;
      const i = over.closest && over.closest(".panel, .sheet, .drawer, .leaflet-control") ? -1 : points.at(event.containerPoint);
      if (i === last) return;
      last = i;
      map.getContainer().style.cursor = i < 0 ? "" : "pointer";
      if (i < 0) tip.remove();
      else tip.setLatLng([store.lat[i], store.lon[i]]).setContent(el("bdi", {}, store.title(i))).addTo(map);
    });
    return tip;
  },

  // Without a mouse: arrow keys move the map (Leaflet's own), Enter opens what is nearest to its middle.
  keys(map, points, store, tip, show, close) {
    const home = map.getContainer();
    const live = el("p", { class: "unseen", role: "status" });
    home.append(live);
    home.setAttribute("role", "region");
    const near = () => points.at(map.getSize().divideBy(2), 80);
    const tell = () => {
      if (document.activeElement !== home || !home.matches(":focus-visible")) return;
      const i = near();
      live.textContent = i < 0 ? "" : store.title(i);
      if (i < 0) tip.remove();
      else tip.setLatLng([store.lat[i], store.lon[i]]).setContent(el("bdi", {}, store.title(i))).addTo(map);
    };
    map.on("moveend", tell);
    home.addEventListener("focus", tell);
    home.addEventListener("blur", () => { live.textContent = ""; tip.remove(); });
    home.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === home && near() >= 0) {
        event.preventDefault();
        show(near());
      } else if (event.key === "Escape" && !event.target.closest(".panel, .drawer, dialog")) {
        close();
        home.focus({ preventScroll: true });
      }
    });
  },
});
