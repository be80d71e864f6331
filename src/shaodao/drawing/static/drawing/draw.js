// Contact lists on the map: dots of households in the colour of their list, spokes to its middle, its
// number there. On a draft, dots are dragged or lassoed to another list, and the slider of evenness
// recolours at once. Parts: [data-lists] around [data-map]; the JSON it names; #state comes by htmx.

import { onTheme, token } from "../kit/dom.js";

const EN = document.documentElement.lang.startsWith("en");
const SAID = EN
  ? {
      chosen: (n) => `${n} households chosen on the map`, none: "Drag a dot to another list, or tap dots to choose them",
      to: (n) => `To list ${n}: `, asking: "…", moved: "Moved. ", lasso: "Draw around the households to choose",
      stop: (p) => `Evenness: variation of people per list ${p.before} → ${p.after}, compactness costs ${p.price} %`,
    }
  : {
      chosen: (n) => `地图上选中 ${n} 户`, none: "把圆点拖到另一份名单，或者点圆点选中几户",
      to: (n) => `划到第 ${n} 份：`, asking: "正在试算…", moved: "已划过去。", lasso: "按住画一个圈，圈里的户就选中了",
      stop: (p) => `人数变异系数 ${p.before} → ${p.after}，紧凑度代价 ${p.price}%`,
    };
const FONT = ["PingFang SC", "HarmonyOS Sans SC", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "sans-serif"];
const NEAR = 60; // px: how far from a dot a drop still belongs to its list
const collection = (features) => ({ type: "FeatureCollection", features });
const read = (id) => { const found = document.getElementById(id); return found ? JSON.parse(found.textContent) : {}; };

class Lists {
  constructor(section) {
    this.section = section;
    this.frame = section.querySelector("[data-map]");
    this.note = section.querySelector("[data-note]");
    this.ground = read(section.dataset.ground);
    this.walls = section.dataset.walls ? read(section.dataset.walls) : null;
    this.chosen = new Set();
    this.readState();
    if (this.frame.shaodaoMap) this.open(this.frame.shaodaoMap);
    else this.frame.addEventListener("map:made", (event) => this.open(event.detail.map), { once: true });
    if (section.dataset.move) this.edit();
  }

  readState() {
    const state = this.section.dataset.state ? read(this.section.dataset.state) : {};
    this.lot = state.lot ?? this.ground.lot;
    this.pinned = new Set(state.pinned ?? []);
    this.gridOf = state.gridOf ?? [];
    this.state = state;
  }

  // ---- drawing

  open(map) {
    this.map = map;
    const ready = () => { this.install(); this.redraw(); };
    map.on("style.load", ready);
    if (map.isStyleLoaded()) ready();
    onTheme(() => map.once("style.load", ready));
    if (this.section.dataset.move) this.pointing();
  }

  install() {
    const { map } = this;
    if (map.getSource("homes")) return;
    const colours = ["match", ["get", "c"], ...[1, 2, 3, 4, 5, 6].flatMap((n) => [n, token(`chart-${n}`)]), token("chart-1")];
    for (const name of ["spokes", "homes", "middles", "drag"]) map.addSource(name, { type: "geojson", data: collection([]) });
    if (this.walls) {
      map.addSource("walls", { type: "geojson", data: this.walls });
      map.addLayer({ id: "walls", type: "line", source: "walls", paint: { "line-color": token("late"), "line-width": 4, "line-dasharray": [2, 1.5] } });
    }
    map.addLayer({ id: "spokes", type: "line", source: "spokes", paint: { "line-color": colours, "line-width": 1.5, "line-opacity": 0.55 } });
    map.addLayer({
      id: "homes", type: "circle", source: "homes",
      paint: {
        "circle-color": colours,
        "circle-radius": ["interpolate", ["exponential", 1.5], ["zoom"], 13, 3, 16, 6, 19, 12],
        "circle-stroke-width": ["case", ["get", "s"], 4, ["get", "p"], 3, 1.2],
        "circle-stroke-color": ["case", ["get", "s"], token("seal"), ["get", "p"], token("ink"), token("surface")],
      },
    });
    map.addLayer({ id: "drag", type: "line", source: "drag", paint: { "line-color": token("seal"), "line-width": 3 } });
    map.addLayer({
      id: "middles", type: "symbol", source: "middles",
      layout: { "text-field": ["get", "n"], "text-font": FONT, "text-size": 16, "text-allow-overlap": true },
      paint: { "text-color": token("ink"), "text-halo-color": token("surface"), "text-halo-width": 2.5 },
    });
  }

  colour(list) {
    return this.byGrid && this.gridOf.length ? (this.gridOf[list] % 6) + 1 : this.ground.colours[list];
  }

  redraw(lot = this.lot) {
    const { map } = this;
    this.shown = lot;
    if (!map?.getSource("homes")) return;
    const sums = [];
    this.ground.dots.forEach(([lon, lat], i) => {
      const sum = (sums[lot[i]] ??= [0, 0, 0]);
      sum[0] += lon; sum[1] += lat; sum[2] += 1;
    });
    const middles = sums.map((sum) => sum && [sum[0] / sum[2], sum[1] / sum[2]]);
    map.getSource("homes").setData(collection(this.ground.dots.map(([lon, lat], i) => ({
      type: "Feature", id: i, geometry: { type: "Point", coordinates: [lon, lat] },
      properties: { i, c: this.colour(lot[i]), p: this.pinned.has(i), s: this.chosen.has(i) },
    }))));
    map.getSource("spokes").setData(collection(this.ground.dots.map(([lon, lat], i) => ({
      type: "Feature", geometry: { type: "LineString", coordinates: [[lon, lat], middles[lot[i]]] }, properties: { c: this.colour(lot[i]) },
    }))));
    map.getSource("middles").setData(collection(middles.map((at, n) => at && {
      type: "Feature", geometry: { type: "Point", coordinates: at }, properties: { n: String(n + 1) },
    }).filter(Boolean)));
    this.frame.dataset.drawn = String(Number(this.frame.dataset.drawn ?? 0) + 1);
  }

  say(text) { if (this.note) this.note.textContent = text; }

  // ---- pointing: drag a dot, tap dots, draw around them

  pointing() {
    const { map } = this;
    map.on("mouseenter", "homes", () => { map.getCanvas().style.cursor = "grab"; });
    map.on("mouseleave", "homes", () => { map.getCanvas().style.cursor = ""; });
    for (const [down, move, up] of [["mousedown", "mousemove", "mouseup"], ["touchstart", "touchmove", "touchend"]]) {
      map.on(down, (event) => {
        if (event.originalEvent.touches?.length > 1 || event.originalEvent.button) return;
        const start = this.lassoing ? null : this.dotAt(event.point);
        if (start == null && !this.lassoing) return;
        event.preventDefault(); // the map stays
        const path = [event.point];
        const follow = (next) => { path.push(next.point); if (start == null) this.ring(path); else this.dragTo(start, next); };
        const end = () => {
          map.off(move, follow);
          map.getSource("drag").setData(collection([]));
          if (start == null) this.lassoed(path);
          else this.dropped(start, path);
        };
        map.on(move, follow);
        window.addEventListener(up, end, { once: true }); // let go outside the map, too
      });
    }
  }

  dotAt(point) {
    const found = this.map.queryRenderedFeatures([[point.x - 5, point.y - 5], [point.x + 5, point.y + 5]], { layers: ["homes"] });
    return found.length ? found[0].properties.i : null;
  }

  /** The list a place on the screen belongs to: that of the nearest dot that does not move. */
  listAt(point, moving) {
    let best = [NEAR, null];
    this.ground.dots.forEach(([lon, lat], i) => {
      if (moving.has(i)) return;
      const at = this.map.project([lon, lat]);
      const far = Math.hypot(at.x - point.x, at.y - point.y);
      if (far < best[0]) best = [far, this.lot[i]];
    });
    return best[1];
  }

  moving(start) { return this.chosen.has(start) ? this.chosen : new Set([start]); }

  dragTo(start, event) {
    const from = this.ground.dots[start];
    this.map.getSource("drag").setData(collection([{ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: [from.slice(0, 2), event.lngLat.toArray()] } }]));
    const moving = this.moving(start), to = this.listAt(event.point, moving);
    if (to === this.over) return;
    this.over = to;
    if (to != null && to !== this.lot[start]) this.ask([...moving], to);
    else this.say("");
  }

  async ask(homes, to) {
    this.asked?.abort();
    this.asked = new AbortController();
    this.say(SAID.to(to + 1) + SAID.asking);
    try {
      const answer = await fetch(`${this.section.dataset.effect}?homes=${homes.join(",")}&to=${to}`, { signal: this.asked.signal });
      const told = await answer.json();
      this.say(SAID.to(to + 1) + (told.refused || told.text));
      this.note.classList.toggle("is-refused", Boolean(told.refused));
    } catch (error) {
      if (error.name !== "AbortError") console.error(error);
    }
  }

  dropped(start, path) {
    const point = path.at(-1);
    const far = Math.hypot(point.x - path[0].x, point.y - path[0].y);
    const moving = this.moving(start), to = this.listAt(point, moving);
    this.over = undefined;
    if (far < 6) return this.choose(this.chosen.has(start) ? [] : [start], { drop: this.chosen.has(start) ? start : null });
    if (to != null && to !== this.lot[start]) this.send(this.section.dataset.move, { homes: [...moving].join(","), to });
  }

  ring(path) {
    const line = path.map((point) => this.map.unproject(point).toArray());
    this.map.getSource("drag").setData(collection([{ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: line } }]));
  }

  lassoed(path) {
    const inside = ({ x, y }) => {
      let is = false;
      path.forEach((a, n) => {
        const b = path[(n || path.length) - 1];
        if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) is = !is;
      });
      return is;
    };
    this.lasso(false);
    this.choose(this.ground.dots.flatMap(([lon, lat], i) => (inside(this.map.project([lon, lat])) ? [i] : [])));
  }

  lasso(on) {
    this.lassoing = on;
    this.section.querySelector("[data-lasso]")?.setAttribute("aria-pressed", String(on));
    if (on) this.say(SAID.lasso);
  }

  choose(homes, { drop = null } = {}) {
    if (drop != null) this.chosen.delete(drop);
    for (const i of homes) this.chosen.add(i);
    this.tellChosen();
    this.redraw();
  }

  tellChosen() {
    const field = document.querySelector("#mover [data-homes]");
    if (field) field.value = [...this.chosen].join(",");
    const text = document.querySelector("#mover [data-chosen]");
    if (text) text.textContent = this.chosen.size ? SAID.chosen(this.chosen.size) : SAID.none;
  }

  // ---- what is sent, and what comes back

  send(url, values) {
    window.htmx.ajax("POST", url, { source: this.section, values, target: "#state", swap: "outerHTML" });
  }

  edit() {
    const { section } = this;
    section.querySelector("[data-lasso]")?.addEventListener("click", () => this.lasso(!this.lassoing));
    section.querySelector("[data-by-grid]")?.addEventListener("click", (event) => {
      this.byGrid = !this.byGrid;
      event.currentTarget.setAttribute("aria-pressed", String(this.byGrid));
      this.redraw();
    });
    document.querySelector("#mover [data-clear]")?.addEventListener("click", () => { this.chosen.clear(); this.tellChosen(); this.redraw(); });
    document.querySelector("#mover")?.addEventListener("change", () => this.preview());
    this.slider = document.querySelector("[data-even]");
    if (this.slider) {
      this.slider.addEventListener("input", () => this.slide(Number(this.slider.value)));
      this.slider.addEventListener("change", () => this.send(this.slider.dataset.even, { n: this.slider.value }));
    }
    this.tellChosen();
    document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "state" || event.detail.elt?.id === "state") this.settled(); });
  }

  /** Say what the form would do as it is filled in, for those who choose by keys. */
  preview() {
    const form = document.getElementById("mover");
    const data = new FormData(form);
    const homes = data.getAll("homes").join(",").split(",").filter(Boolean);
    if (homes.length && data.get("to") !== "") this.ask(homes, Number(data.get("to")));
  }

  slide(n) {
    const stop = this.ground.points[n], first = this.ground.points[0];
    const percent = (share) => (100 * share).toFixed(1);
    const text = document.querySelector("[data-even-said]");
    const said = SAID.stop({ before: first.cv.toFixed(3), after: stop.cv.toFixed(3), price: percent(stop.price) });
    if (text) text.textContent = said;
    this.slider.setAttribute("aria-valuetext", said);
    this.redraw(stop.lot);
  }

  settled() {
    this.readState();
    if (!this.state.refusal) {
      this.chosen.clear();
      this.tellChosen();
      const chosen = document.querySelector("#chosen [data-reload]");
      if (chosen) window.htmx.ajax("GET", chosen.dataset.reload, { target: "#chosen", swap: "outerHTML" });
    }
    this.note?.classList.toggle("is-refused", Boolean(this.state.refusal));
    this.say(this.state.refusal || "");
    // Two stops may have the same lists: then the slider stays where it was let go.
    const stays = this.slider && String(this.ground.points[this.slider.value].lot) === String(this.lot);
    if (this.slider && this.state.stop >= 0) {
      if (!stays) this.slider.value = this.state.stop;
      this.slide(Number(this.slider.value));
    }
    this.redraw();
  }
}

for (const section of document.querySelectorAll("[data-lists]")) section.shaodaoLists = new Lists(section);
