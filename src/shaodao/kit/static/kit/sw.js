// The service worker of the residents' pages, served at /sw.js so that it covers the site.
// Pages: from the network, else as last seen, else the offline page. Static files and map tiles:
// as last seen, renewed behind. Of staff pages only a worker's own calls, visits and rounds are kept, until
// the session ends; nothing of tracking pages or of media.

const SHELL = "shell-1", PAGES = "pages-1", TILES = "tiles-1", ROUNDS = "rounds-1";
const ROUND = /^\/outreach\/(rounds\/\d{4}-\d\d-\d\d|visits|calls)\/$/, LOGIN = "/accounts/login/";
const STATIC = new URL(self.location).searchParams.get("static") || "/static/";
const PAGES_KEPT = ["/", "/report/", "/nearby/", "/board/", "/worker/", "/track/", "/offline/"];
const FILES = ["base.css", "parts.css", "page.js", "dom.js", "words.js", "countdown.js", "camera.js", "exif.js", "draft.js", "jottings.js", "shelf.js", "map.js", "geodesy.js", "viewer.js", "worker.js", "icons.svg", "mark.svg"]
  .map((name) => `${STATIC}kit/${name}`).concat(`${STATIC}residents/residents.css`, ["htmx/htmx.min.js", "maplibre/maplibre-gl.mjs", "maplibre/maplibre-gl-worker.mjs", "maplibre/maplibre-gl.css"].map((name) => `${STATIC}vendor/${name}`));
const TILES_MAX = 600;
const PATIENCE = 6000; // ms to wait for a page before the copy is shown

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const shell = await caches.open(SHELL);
    await Promise.allSettled(FILES.map((url) => shell.add(new Request(url, { cache: "reload" }))));
    const pages = await caches.open(PAGES);
    await Promise.allSettled(["/report/", "/offline/"].map((url) => keep(pages, url)));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (![SHELL, PAGES, TILES, ROUNDS].includes(name)) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event, url));
  else if (url.pathname.startsWith(STATIC)) event.respondWith(renewed(event, SHELL));
  else if (/\/tiles\/(base|grids)\//.test(url.pathname)) event.respondWith(renewed(event, TILES));
});

async function keep(cache, url) {
  const answer = await fetch(url, { credentials: "same-origin", redirect: "follow" });
  if (answer.ok && !answer.redirected) await cache.put(url, answer);
}

async function round(event, url) {
  const cache = await caches.open(ROUNDS);
  try {
    const answer = await fetch(event.request);
    if (answer.status >= 500) return (await cache.match(url.pathname)) || answer; // the service is away for a moment
    if (!answer.ok || answer.redirected) event.waitUntil(caches.delete(ROUNDS)); // logged out, or not one's own any more
    else if (!url.search) event.waitUntil(cache.put(url.pathname, answer.clone()));
    return answer;
  } catch {
    return (await cache.match(url.pathname)) || (await (await caches.open(PAGES)).match("/offline/")) || Response.error();
  }
}

async function page(event, url) {
  if (ROUND.test(url.pathname)) return round(event, url);
  if (url.pathname === LOGIN) event.waitUntil(caches.delete(ROUNDS));
  const cache = await caches.open(PAGES);
  const kept = PAGES_KEPT.includes(url.pathname);
  const network = fetch(event.request).then((answer) => {
    if (answer.ok && kept && !answer.redirected && !url.search) event.waitUntil(cache.put(url.pathname, answer.clone()));
    return answer;
  });
  try {
    if (!kept) return await network;
    const copy = await cache.match(url.pathname);
    if (!copy) return await network;
    network.catch(() => {});
    return await Promise.race([network, new Promise((_, reject) => setTimeout(reject, PATIENCE, new Error("slow")))]);
  } catch {
    return (kept && (await cache.match(url.pathname))) || (await cache.match("/offline/")) || Response.error();
  }
}

async function renewed(event, name) {
  const cache = await caches.open(name);
  // MapLibre asks for its worker with a version behind it: a static file is one file whatever follows.
  const key = name === SHELL ? event.request.url.split("?")[0] : event.request;
  const copy = await cache.match(key);
  const fresh = fetch(event.request).then(async (answer) => {
    if (answer.ok) {
      await cache.put(key, answer.clone());
      if (name === TILES) await trim(cache);
    }
    return answer;
  });
  if (!copy) return fresh;
  event.waitUntil(fresh.catch(() => {}));
  return copy;
}

async function trim(cache) {
  const keys = await cache.keys();
  for (const key of keys.slice(0, Math.max(0, keys.length - TILES_MAX))) await cache.delete(key);
}
