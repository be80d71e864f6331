// The map: our own tiles under cases and grids; picks a place or draws a line into the form's inputs.
// Parameters are the data attributes kit/map.html writes. Coordinates are WGS 84, longitude first.
// Events on the element's document: place:set {lon, lat, from} whoever sets a place, the map follows.

import { icon, make, onTheme, token, whenSeen } from "./dom.js";
import { lineLength, ringArea } from "./geodesy.js";
import { say } from "./words.js";

const LIBRARY = new URL("../vendor/maplibre/maplibre-gl.mjs", import.meta.url).href;
const LOOK = new URL("../vendor/maplibre/maplibre-gl.css", import.meta.url).href;
const FONT = ["PingFang SC", "HarmonyOS Sans SC", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "sans-serif"];
const BASE_MAX = 16, POINTS_MAX = 19; // beyond these zooms the last tile is stretched
const PLACE_BY = { device: "POSITION", photo: "POSITION", map: "MAP", line: "LINE" };
const TONES = ["late", "warn", "wait", "done", "void", "new"];

let library;
function load() {
  library ??= new Promise((resolve, reject) => {
    const sheet = make("link", { rel: "stylesheet", href: LOOK });
    // Before our own sheets, so that theirs gives way.
    document.head.insertBefore(sheet, document.head.querySelector("link[rel=stylesheet]"));
    import(LIBRARY).then(resolve, reject);
  });
  return library;
}

// ---- the look

const tone = ["coalesce", ["get", "tone"], ["case", ["in", ["get", "late"], ["literal", [true, 1]]], "late", "active"]];
const toneColour = () => ["match", tone, ...TONES.flatMap((name) => [name, token(name)]), token("active")];
const many = ["coalesce", ["get", "n"], 1];
const wide = (...stops) => ["interpolate", ["exponential", 1.6], ["zoom"], ...stops];
const KIND = ["coalesce", ["get", "kind"], ["get", "class"], ""];
const roadWidth = (edge) => wide(
  10, ["match", KIND, "major", 1.2, "lane", 0, 0.5],
  14, ["+", edge, ["match", KIND, "major", 6, "lane", 1.2, 3]],
  18, ["+", edge, ["match", KIND, "major", 26, "lane", 8, 16]],
);

function baseLayers() {
  const text = { "text-font": FONT, "text-size": 12 };
  const halo = { "text-color": token("map-label"), "text-halo-color": token("map-land"), "text-halo-width": 1.4 };
  const of = (layer, rest) => ({ id: `base-${layer}-${rest.type}${rest.name ?? ""}`, source: "base", "source-layer": layer, ...rest, name: undefined });
  return [
    of("green", { type: "fill", paint: { "fill-color": token("map-green") } }),
    of("water", { type: "fill", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": token("map-water") } }),
    of("water", { type: "line", filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": token("map-water"), "line-width": wide(10, 1, 16, 8) } }),
    of("building", { type: "fill", minzoom: 14, paint: { "fill-color": token("map-building"), "fill-outline-color": token("map-road-edge") } }),
    of("road", { type: "line", name: "-edge", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": token("map-road-edge"), "line-width": roadWidth(1.6) } }),
    of("road", { type: "line", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": token("map-road"), "line-width": roadWidth(0) } }),
    of("road", { type: "symbol", minzoom: 14, filter: ["has", "name"], layout: { ...text, "symbol-placement": "line", "text-field": ["get", "name"], "text-size": 11 }, paint: halo }),
    of("building", { type: "symbol", minzoom: 16, filter: ["has", "name"], layout: { ...text, "text-field": ["get", "name"], "text-size": 11, "text-max-width": 6 }, paint: halo }),
    of("label", { type: "symbol", layout: { ...text, "text-field": ["get", "name"], "text-size": ["match", KIND, "town", 15, "township", 15, "street", 14, 12], "text-max-width": 7 }, paint: halo }),
  ].map((layer) => { delete layer.name; return layer; });
}

function gridLayers(lit) {
  const grid = { source: "grids", "source-layer": "grids" };
  const isLit = ["==", ["get", "code"], lit || ""];
  return [
    { id: "grid-lit", type: "fill", ...grid, filter: isLit, paint: { "fill-color": token("map-grid"), "fill-opacity": 0.16 } },
    { id: "grid-edge", type: "line", ...grid, paint: { "line-color": token("map-grid"), "line-opacity": 0.55, "line-width": wide(9, 0.4, 16, 1.8), "line-dasharray": [4, 2] } },
    { id: "grid-lit-edge", type: "line", ...grid, filter: isLit, paint: { "line-color": token("map-grid"), "line-width": 3 } },
    { id: "grid-name", type: "symbol", source: "grids", "source-layer": "grid_labels", minzoom: 13.5, maxzoom: 17, layout: { "text-field": ["coalesce", ["get", "name"], ["get", "code"]], "text-font": FONT, "text-size": 12, "text-max-width": 8 }, paint: { "text-color": token("map-grid"), "text-halo-color": token("map-land"), "text-halo-width": 1.6 } },
  ];
}

function pointLayers(source, layer) {
  const from = layer ? { source, "source-layer": layer } : { source };
  const one = ["all", ["==", ["geometry-type"], "Point"], ["<=", many, 1]];
  const several = ["all", ["==", ["geometry-type"], "Point"], [">", many, 1]];
  const edge = { "circle-stroke-color": token("surface"), "circle-stroke-width": 2 };
  const mark = { "text-font": FONT, "text-allow-overlap": true, "text-ignore-placement": true };
  const ground = { ...from, filter: ["==", ["geometry-type"], "Polygon"] };
  return [
    { id: `${source}-area`, type: "fill", ...ground, paint: { "fill-color": toneColour(), "fill-opacity": 0.25 } },
    { id: `${source}-area-edge`, type: "line", ...ground, paint: { "line-color": toneColour(), "line-width": 2.5 } },
    { id: `${source}-line`, type: "line", ...from, filter: ["==", ["geometry-type"], "LineString"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": toneColour(), "line-width": 5, "line-opacity": 0.85 } },
    { id: `${source}-many`, type: "circle", ...from, filter: several, paint: { "circle-color": toneColour(), "circle-radius": ["interpolate", ["linear"], ["log10", many], 0.3, 11, 3, 26], ...edge } },
    { id: `${source}-many-n`, type: "symbol", ...from, filter: several, layout: { ...mark, "text-field": ["concat", ["to-string", many], ["case", ["==", tone, "late"], "!", ""]], "text-size": 12 }, paint: { "text-color": token("surface") } },
    { id: `${source}-one`, type: "circle", ...from, filter: one, paint: { "circle-color": toneColour(), "circle-radius": wide(10, ["case", ["==", tone, "late"], 6.5, 5], 16, ["case", ["==", tone, "late"], 10, 8.5]), ...edge } },
    { id: `${source}-late`, type: "symbol", ...from, filter: ["all", one, ["==", tone, "late"]], layout: { ...mark, "text-field": "!", "text-size": 12 }, paint: { "text-color": token("surface") } },
  ];
}

function style(options, kept) {
  const sources = {
    kept: { type: "geojson", data: kept.shape },
    lit: { type: "geojson", data: kept.lit },
  };
  const layers = [{ id: "land", type: "background", paint: { "background-color": token("map-land") } }];
  const tiles = (url, maxzoom) => ({ type: "vector", tiles: [url.startsWith("/") ? location.origin + url : url], maxzoom });
  if (options.raster) {
    sources.raster = { type: "raster", tiles: [options.raster], tileSize: 256, attribution: options.attribution || "" };
    layers.push({ id: "raster", type: "raster", source: "raster" });
  } else if (options.base && options.base !== "none") {
    sources.base = { ...tiles(options.base, BASE_MAX), attribution: options.attribution || "" };
    layers.push(...baseLayers());
  }
  if (options.grids && options.grids !== "none") {
    sources.grids = tiles(options.grids, BASE_MAX);
    layers.push(...gridLayers(options.grid));
  }
  if (options.cases) {
    sources.cases = tiles(options.cases, POINTS_MAX);
    layers.push(...pointLayers("cases", "cases"));
  }
  if (options.points) {
    sources.points = { type: "geojson", data: JSON.parse(document.getElementById(options.points).textContent) };
    layers.push(...pointLayers("points"));
  }
  layers.push(
    { id: "lit", type: "circle", source: "lit", paint: { "circle-radius": 15, "circle-color": "transparent", "circle-stroke-color": token("seal"), "circle-stroke-width": 4 } },
    { id: "kept-area", type: "fill", source: "kept", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": token("seal"), "fill-opacity": 0.2 } },
    { id: "kept-line", type: "line", source: "kept", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": token("seal"), "line-width": 5 } },
    { id: "kept-stop", type: "circle", source: "kept", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 5, "circle-color": token("surface"), "circle-stroke-color": token("seal"), "circle-stroke-width": 3 } },
  );
  return { version: 8, sources, layers };
}

const NOTHING = { type: "FeatureCollection", features: [] };
const point = (lon, lat) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [lon, lat] } });
/** Return the corners of a line, or of the ground that pasted GeoJSON bounds. */
function corners(given) {
  if (Array.isArray(given)) return given;
  const shape = given.features?.[0]?.geometry ?? given.geometry ?? given;
  return shape.type === "Polygon" ? shape.coordinates[0].slice(0, -1) : [];
}
const numbers = (text) => text.split(",").map(Number);

// ---- a place or a line, kept in the form's inputs; works without the map itself

class Choice {
  constructor(frame, options) {
    this.frame = frame;
    this.inputs = Object.fromEntries(["lon", "lat", "line", "by"].map((name) => [name, options[name] && document.querySelector(options[name])]));
    this.isArea = options.mode === "area";
    this.drawing = options.mode === "line" || this.isArea;
    this.line = [];
    this.changed = () => {};
    this.said = make("p", { class: "help grow", role: "status" });
    this.tools = make("div", { class: "map-tools" }, ...this.buttons(), this.said);
    frame.after(this.tools);
    this.read();
    document.addEventListener("place:set", (event) => { if (event.detail.from === "photo") this.set(event.detail.lon, event.detail.lat, "photo", { quiet: true }); });
    if (this.isArea) this.inputs.line.addEventListener("change", () => { this.read(); this.tell(); this.changed(true); });
    document.addEventListener("draft:restored", () => { this.read(); this.tell(); this.changed(true); });
    this.tell();
  }

  buttons() {
    const button = (name, text, onclick, rest = {}) => make("button", { class: "button small", type: "button", onclick, ...rest }, icon(name), say(text));
    const buttons = [button("locate", "here", () => this.locate())];
    this.centre = button("pin", "centre", () => this.pickCentre?.(), { hidden: true });
    buttons.push(this.centre);
    if (this.inputs.line) {
      this.toggle = button("route", "drawLine", () => { this.drawing = !this.drawing; this.tell(); }, { "aria-pressed": String(this.drawing), hidden: true });
      this.undo = button("return", "undo", () => this.setLine(this.line.slice(0, -1)), { hidden: true });
      this.again = button("cross", "clear", () => this.setLine([]), { hidden: true });
      buttons.push(this.toggle, this.undo, this.again);
    }
    return buttons;
  }

  read() {
    const { lon, lat, line } = this.inputs;
    this.place = lon?.value && lat?.value ? [Number(lon.value), Number(lat.value)] : null;
    try { this.line = line?.value ? corners(JSON.parse(line.value)) : []; } catch { this.line = []; }
    this.drawing = this.isArea || this.line.length > 0 || this.frame.dataset.mode === "line";
  }

  set(lon, lat, from, { quiet = false } = {}) {
    this.place = [lon, lat];
    if (this.inputs.lon) { this.inputs.lon.value = lon.toFixed(6); this.inputs.lat.value = lat.toFixed(6); }
    if (this.inputs.by) this.inputs.by.value = PLACE_BY[from];
    this.tell();
    this.changed(from !== "map" && from !== "line");
    if (!quiet) this.frame.dispatchEvent(new CustomEvent("place:set", { bubbles: true, detail: { lon, lat, from } }));
  }

  setLine(line) {
    this.line = line;
    this.inputs.line.value = line.length > 1 ? JSON.stringify(line) : "";
    if (line.length) {
      const middle = line[Math.floor((line.length - 1) / 2)];
      this.set(middle[0], middle[1], line.length > 1 ? "line" : "map");
    } else {
      this.place = null;
      for (const name of ["lon", "lat"]) if (this.inputs[name]) this.inputs[name].value = "";
      this.tell();
      this.changed(false);
    }
  }

  tap(lon, lat) {
    if (!this.drawing) return this.set(lon, lat, "map");
    this.setLine([...this.line, [Number(lon.toFixed(6)), Number(lat.toFixed(6))]]);
  }

  tell() {
    if (this.isArea) { this.tellArea(); return; }
    this.toggle?.setAttribute("aria-pressed", String(this.drawing));
    if (this.undo) this.undo.hidden = this.again.hidden = !this.line.length;
    if (this.line.length > 1) this.said.textContent = say("lineLength", { n: Math.round(lineLength(this.line)) });
    else if (this.drawing) this.said.textContent = say("lineHelp");
    else this.said.textContent = this.place ? say("picked", { lon: this.place[0].toFixed(5), lat: this.place[1].toFixed(5) }) : "";
  }

  tellArea() {
    this.toggle.hidden = true;
    this.undo.hidden = this.again.hidden = !this.line.length;
    this.said.textContent = this.line.length > 2 ? say("areaSize", { n: Math.round(ringArea(this.line)), corners: this.line.length }) : say("areaHelp");
  }

  locate() {
    if (!window.isSecureContext || !navigator.geolocation) { this.said.textContent = say("insecure"); return; }
    this.said.textContent = say("locating");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        this.drawing = this.isArea;
        this.set(coords.longitude, coords.latitude, "device");
        this.said.textContent = say("roughly", { n: Math.round(coords.accuracy) });
      },
      (error) => { this.said.textContent = say(error.code === 1 ? "denied" : "noPosition"); },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  }

  shape() {
    const features = this.line.map(([lon, lat]) => point(lon, lat));
    const drawn = this.isArea && this.line.length ? [...this.line, this.line[0]] : this.line;
    if (drawn.length > 1) features.push({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: drawn } });
    if (drawn.length > 3 && this.isArea) features.push({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [drawn] } });
    return { type: "FeatureCollection", features };
  }
}

// ---- the map

async function open(element, options, choice) {
  const { Map, Marker, NavigationControl, Popup, LngLatBounds } = await load();
  const kept = { shape: choice?.shape() ?? NOTHING, lit: NOTHING };
  const start = choice?.place ?? numbers(options.center ?? options.start);
  const map = new Map({
    container: element,
    style: style(options, kept),
    center: start,
    zoom: Number(options.zoom) || 13,
    bounds: options.bounds && !choice?.place ? numbers(options.bounds) : undefined,
    fitBoundsOptions: { padding: 24 },
    attributionControl: options.attribution ? { compact: true } : false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    localIdeographFontFamily: FONT.join(","),
    fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
    locale: { "NavigationControl.ZoomIn": say("zoomIn"), "NavigationControl.ZoomOut": say("zoomOut"), "Map.Title": element.getAttribute("aria-label") },
  });
  element.shaodaoMap = map;
  element.dispatchEvent(new CustomEvent("map:made", { bubbles: true, detail: { map } }));
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.once("idle", () => { element.dataset.ready = "true"; });
  map.on("error", ({ error }) => console.error(error?.message ?? error));
  onTheme(() => map.setStyle(style(options, kept)));
  new ResizeObserver(() => map.resize()).observe(element);
  const refresh = () => { map.getSource("kept")?.setData(kept.shape); map.getSource("lit")?.setData(kept.lit); };

  if (options.points && !options.center && !options.bounds) {
    const bounds = new LngLatBounds();
    const reach = (coordinates) => (typeof coordinates[0] === "number" ? bounds.extend(coordinates) : coordinates.forEach(reach));
    JSON.parse(document.getElementById(options.points).textContent).features.forEach((feature) => reach(feature.geometry.coordinates));
    if (!bounds.isEmpty()) map.fitBounds(bounds, { padding: 48, maxZoom: 16, animate: false });
  }
  if (choice) pick(element, map, choice, kept, refresh, Marker);
  pointing(map, options, Popup);
  rows(map, kept, refresh);
  if (options.bbox) {
    const input = document.querySelector(options.bbox);
    map.on("moveend", (event) => {
      if (!event.originalEvent) return; // moved by a script, not by the reader
      input.value = map.getBounds().toArray().flat().map((n) => n.toFixed(5)).join(",");
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}

function pick(element, map, choice, kept, refresh, Marker) {
  const pin = make("div", { class: "map-pin", "aria-hidden": "true" }, icon("pin"));
  const marker = new Marker({ element: pin, anchor: "bottom" });
  const crosshair = make("div", { class: "map-crosshair", "aria-hidden": "true" }, icon("locate"));
  element.classList.add("is-picking");
  element.append(crosshair);
  choice.changed = (go) => {
    kept.shape = choice.shape();
    refresh();
    if (choice.place && !choice.line.length) marker.setLngLat(choice.place).addTo(map);
    else marker.remove();
    if (go && choice.place) map.easeTo({ center: choice.place, zoom: Math.max(map.getZoom(), 16) });
  };
  choice.pickCentre = () => { const { lng, lat } = map.getCenter(); choice.tap(lng, lat); };
  choice.centre.hidden = false;
  if (choice.toggle) choice.toggle.hidden = choice.isArea;
  choice.changed(false);
  // The crosshair is for those who move the map by keys; a finger has its own place.
  map.getCanvas().addEventListener("keyup", () => element.classList.add("by-keys"));
  map.getCanvas().addEventListener("blur", () => element.classList.remove("by-keys"));
  map.on("mousedown", () => element.classList.remove("by-keys"));
  map.on("click", (event) => choice.tap(event.lngLat.lng, event.lngLat.lat));
  map.on("dblclick", (event) => { if (choice.drawing) event.preventDefault(); });
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choice.pickCentre(); }
    if (event.key === "Backspace" && choice.line.length) choice.setLine(choice.line.slice(0, -1));
  });
}

function pointing(map, options, Popup) {
  const layers = ["cases", "points"].filter((name) => options[name]);
  const popup = new Popup({ closeButton: false, closeOnClick: false, offset: 12 });
  for (const name of layers) {
    map.on("click", `${name}-many`, (event) => map.easeTo({ center: event.features[0].geometry.coordinates, zoom: map.getZoom() + 2 }));
    map.on("click", `${name}-one`, (event) => follow(options, event.features[0].properties));
    map.on("click", `${name}-area`, (event) => follow(options, event.features[0].properties));
    map.on("click", `${name}-line`, (event) => follow(options, event.features[0].properties));
    for (const layer of [`${name}-one`, `${name}-many`]) {
      map.on("mouseenter", layer, (event) => {
        const [feature] = event.features;
        map.getCanvas().style.cursor = "pointer";
        const text = feature.properties.n > 1 ? say("nCases", { n: feature.properties.n }) : feature.properties.title || feature.properties.label;
        if (text) popup.setLngLat(feature.geometry.coordinates).setText(text).addTo(map);
        pointed(feature.properties.id);
      });
      map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; popup.remove(); pointed(null); });
    }
  }
}

function pointed(id) {
  for (const row of document.querySelectorAll("[data-case]")) row.classList.toggle("is-pointed", id != null && row.dataset.case === String(id));
}

function follow(options, { id }) {
  if (id == null) return;
  const row = document.querySelector(`[data-case="${CSS.escape(String(id))}"] [data-open]`);
  if (options.target && window.htmx && options.href) window.htmx.ajax("GET", options.href.replace("{id}", id), options.target);
  else if (options.href) location.assign(options.href.replace("{id}", id));
  else row?.focus();
}

/** Ring the case whose row is pointed at or has the focus; the row says where it is. */
function rows(map, kept, refresh) {
  const light = (event) => {
    const row = event.target.closest?.("[data-case][data-lon]");
    kept.lit = row ? { type: "FeatureCollection", features: [point(Number(row.dataset.lon), Number(row.dataset.lat))] } : NOTHING;
    refresh();
  };
  document.addEventListener("mouseover", light);
  document.addEventListener("focusin", light);
}

export function enhance(element) {
  const options = { ...element.dataset };
  const choice = ["pick", "line", "area"].includes(options.mode) ? new Choice(element, options) : null;
  const note = element.querySelector("[data-map-note]");
  whenSeen(element, () => {
    open(element, options, choice).then(() => note?.remove(), (error) => {
      console.error(error);
      element.classList.add("has-failed");
      if (note) note.textContent = say("mapFailed");
    });
  });
}
