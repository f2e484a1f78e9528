// All settlements on one canvas. A mark is drawn once for each class and size, then stamped.

const STEPS = [100, 1000, 10000, 100000]; // people: a larger settlement has a larger mark
const FACTORS = [0.8, 1, 1.25, 1.7, 2.4];

function outline(context, x, y, radius, mark) {
  if (mark === "box") {
    context.rect(x - 0.88 * radius, y - 0.88 * radius, 1.76 * radius, 1.76 * radius);
  } else if (mark === "diamond") {
    const reach = 1.25 * radius;
    context.moveTo(x, y - reach);
    context.lineTo(x + reach, y);
    context.lineTo(x, y + reach);
    context.lineTo(x - reach, y);
    context.closePath();
  } else {
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
}

// cut: no centre can be reached from there, which is told in every theme.
function drawMark(context, x, y, radius, one, cut) {
  context.lineWidth = 1;
  context.fillStyle = one.colour;
  context.strokeStyle = "#fff";
  context.beginPath();
  if (one.mark === "square" || one.mark === "hatch") {
    context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
    context.fill();
  } else if (one.mark !== "cross") {
    // White without, and on larger marks dark within, so that pale marks show on pale ground too.
    outline(context, x, y, radius, one.mark);
    context.lineWidth = radius < 2.5 ? 1 : 2; // thousands of small marks would be a white cloud
    context.stroke();
    context.fill();
    context.strokeStyle = one.mark === "ring" ? "#222" : "rgb(0 0 0 / 45%)";
    context.lineWidth = one.mark === "ring" ? 1.3 : 0.7;
    if (radius >= 2.5 || one.mark === "ring") context.stroke();
    if (one.mark === "hollow") {
      context.beginPath();
      context.arc(x, y, radius * 0.5, 0, 2 * Math.PI);
      context.fillStyle = "#fff";
      context.fill();
      context.stroke();
    }
  }
  const reach = radius * (one.mark === "hatch" ? 1 : 0.75);
  context.beginPath();
  if (one.mark === "slash" || one.mark === "hatch" || cut) {
    context.moveTo(x - reach, y + reach);
    context.lineTo(x + reach, y - reach);
    context.strokeStyle = "#222";
    context.lineWidth = 1.5;
    context.stroke();
  } else if (one.mark === "cross") {
    for (const [width, colour] of [[3.5, "#fff"], [1.8, "#444"]]) {
      context.beginPath();
      context.moveTo(x - reach, y - reach);
      context.lineTo(x + reach, y + reach);
      context.moveTo(x - reach, y + reach);
      context.lineTo(x + reach, y - reach);
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke();
    }
  }
}

// The pixels of a mark: where each lies from the upper left one in an image so wide, and its ink; solid and see-through.
function stampOf(one, radius, cut, ratio, width) {
  const side = 2 * Math.ceil((1.25 * radius + 2) * ratio);
  const canvas = el("canvas", { width: side, height: side });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.scale(ratio, ratio);
  drawMark(context, side / 2 / ratio, side / 2 / ratio, radius, one, cut);
  const inks = new Uint32Array(context.getImageData(0, 0, side, side).data.buffer);
  const found = { side, solid: [], solidInk: [], soft: [], softInk: [] };
  inks.forEach((ink, k) => {
    const opacity = ink >>> 24;
    if (opacity === 0) return;
    const kind = opacity === 255 ? "solid" : "soft";
    found[kind].push(Math.floor(k / side) * width + (k % side));
    found[kind + "Ink"].push(ink);
  });
  return found;
}

// A see-through ink over another; each is opacity, blue, green, red.
function over(ink, below) {
  const under = below >>> 24;
  if (under === 0) return ink;
  const share = (ink >>> 24) / 255, rest = 1 - share;
  const mixed = (shift) => ((ink >>> shift) & 255) * share + ((below >>> shift) & 255) * rest;
  return ((Math.max(ink >>> 24, under) << 24) | (mixed(16) << 16) | (mixed(8) << 8) | mixed(0)) >>> 0;
}

const Points = L.Renderer.extend({
  // store: the settlements; state: {theme, hidden (a set of class numbers), centres (shown or not)}; codes: gives the
  // class of each settlement.
  initialize(store, state, codes, pane) {
    Object.assign(this, { store, state, codes });
    L.Renderer.prototype.initialize.call(this, { padding: 0.2, pane });
    const n = store.n;
    this.worldX = new Float64Array(n);
    this.worldY = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const p = L.CRS.EPSG3857.latLngToPoint(L.latLng(store.lat[i], store.lon[i]), 0);
      this.worldX[i] = p.x;
      this.worldY[i] = p.y;
    }
    this.order = Array.from({ length: n }, (_, i) => i).sort((a, b) => store.people(b) - store.people(a));
    this.sizes = Array.from({ length: n }, (_, i) => STEPS.filter((s) => store.people(i) >= s).length);
  },

  shown(i, codes = this.state.theme.codes) {
    return this.store.passes[i] === 1 && !this.state.hidden.has(codes[i]);
  },

  radius(i) {
    const few = this.store.n < 1500 ? 1 : 0; // where there is room, marks may be larger
    const base = few + Math.min(8, Math.max(1.5, 2.1 + 0.75 * (this._map.getZoom() - 5)));
    return base * FACTORS[this.sizes[i]];
  },

  // The settlement at a place on the screen, or near enough to it; or -1.
  at(point, reach = L.Browser.mobile ? 12 : 4) {
    const bounds = this._map.getPixelBounds();
    const scale = Math.pow(2, this._map.getZoom());
    let best = -1, nearest = Infinity;
    for (let i = 0; i < this.store.n; i++) {
      const dx = this.worldX[i] * scale - bounds.min.x - point.x;
      const dy = this.worldY[i] * scale - bounds.min.y - point.y;
      const far = Math.sqrt(dx * dx + dy * dy) - this.radius(i);
      if (far < nearest && far < reach && this.shown(i)) { nearest = far; best = i; }
    }
    return best;
  },

  redraw() {
    this._drawn = null;
    if (this._map) this._update();
  },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.setAttribute("aria-hidden", "true");
  },

  _destroyContainer() {
    L.DomUtil.remove(this._container);
    delete this._container;
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    const seen = L.bounds(this._map.containerPointToLayerPoint([0, 0]), this._map.containerPointToLayerPoint(this._map.getSize()));
    const still = this._drawn && this._drawn.zoom === this._map.getZoom() && this._drawn.origin.equals(this._map.getPixelOrigin());
    if (still && this._bounds.contains(seen)) return; // moved by less than what was drawn beyond the edges
    this._drawn = { zoom: this._map.getZoom(), origin: this._map.getPixelOrigin() };
    L.Renderer.prototype._update.call(this);
    const ratio = window.devicePixelRatio || 1;
    const size = this._bounds.getSize();
    const canvas = this._container;
    L.DomUtil.setPosition(canvas, this._bounds.min);
    canvas.width = ratio * size.x;
    canvas.height = ratio * size.y;
    canvas.style.width = size.x + "px";
    canvas.style.height = size.y + "px";
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const origin = this._map.getPixelOrigin().add(this._bounds.min);
    this._stamp(context, origin, size, ratio, this.codes());
    if (this.state.centres) this._label(context, origin, size);
    this.fire("update");
  },

  // Pixels are written by hand: tens of thousands of marks take a third of the time that the canvas would take.
  _stamp(context, origin, size, ratio, codes) {
    const { classes } = this.state.theme;
    const scale = Math.pow(2, this._map.getZoom());
    const { width, height } = context.canvas;
    const image = context.createImageData(width, height), pixels = new Uint32Array(image.data.buffer);
    const stamps = new Map();
    // Of another run or season it is not known how sure a class is.
    const judged = this.state.theme.key === "potential" && codes === this.state.theme.codes;
    const stamp = (code, i) => {
      const cut = this.store.isCutOff(i) && this.state.theme.tier === undefined;
      const doubtful = judged && this.store.isDoubtful(i);
      const key = code * 32 + this.sizes[i] * 4 + doubtful * 2 + cut;
      const one = doubtful ? { ...classes[code], mark: "hollow" } : classes[code];
      if (!stamps.has(key)) stamps.set(key, stampOf(one, this.radius(i), cut, ratio, width));
      return stamps.get(key);
    };
    // Classes without a value go first, lowest; within the rest the large lie below the small.
    const without = (code) => classes[code].mark === "cross" || classes[code].mark === "ring";
    for (const low of [true, false]) {
      for (const i of this.order) {
        const code = codes[i];
        if (without(code) !== low || !this.shown(i, codes)) continue;
        const x = Math.round((this.worldX[i] * scale - origin.x) * ratio), y = Math.round((this.worldY[i] * scale - origin.y) * ratio);
        if (x < 0 || y < 0 || x >= width || y >= height) continue;
        const { side, solid, solidInk, soft, softInk } = stamp(code, i);
        const left = x - (side >> 1), upper = y - (side >> 1);
        if (left < 0 || upper < 0 || left + side > width || upper + side > height) continue; // far outside of what is seen
        const at = upper * width + left;
        for (let k = 0; k < solid.length; k++) pixels[at + solid[k]] = solidInk[k];
        for (let k = 0; k < soft.length; k++) pixels[at + soft[k]] = over(softInk[k], pixels[at + soft[k]]);
      }
    }
    context.putImageData(image, 0, 0);
  },

  // Names of the centres, the highest tiers and the largest first, where there is room.
  _label(context, origin, size) {
    const zoom = this._map.getZoom(), scale = Math.pow(2, zoom), half = 3.5;
    const edges = this._map.getPixelBounds(), first = edges.min.x - origin.x, last = edges.max.x - origin.x;
    const seen = [];
    for (const centre of this.store.centres) {
      if (centre.rank > Math.max(1, zoom - 4)) continue;
      const world = L.CRS.EPSG3857.latLngToPoint(L.latLng(centre.lat, centre.lon), 0);
      const x = world.x * scale - origin.x, y = world.y * scale - origin.y;
      if (x < 0 || y < 0 || x > size.x || y > size.y) continue;
      seen.push({ ...centre, x, y });
      context.fillStyle = "#fff";
      context.strokeStyle = "#111";
      context.lineWidth = 1.8;
      context.fillRect(x - half, y - half, 2 * half, 2 * half);
      context.strokeRect(x - half, y - half, 2 * half, 2 * half);
    }
    const taken = seen.map(({ x, y }) => [x - half, y - half, x + half, y + half]);
    const free = (b) => !taken.some((t) => b[0] < t[2] && t[0] < b[2] && b[1] < t[3] && t[1] < b[3]);
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (const { row, rank, name, x, y } of seen) {
      context.font = (rank === 0 ? "600 13px " : "12px ") + "system-ui, sans-serif";
      const width = context.measureText(name).width;
      const away = Math.max(half + 1, row >= 0 ? this.radius(row) : 0) + 4;
      const right = [x + away, y - 8, x + away + width, y + 8];
      const left = [x - away - width, y - 8, x - away, y + 8];
      const box = [right, left].find((b) => b[0] > first && b[2] < last && free(b));
      if (!box) continue;
      taken.push(box);
      context.strokeStyle = "rgba(255,255,255,.9)";
      context.lineWidth = 3.5;
      context.strokeText(name, box[0], y);
      context.fillStyle = "#111";
      context.fillText(name, box[0], y);
    }
  },
});
