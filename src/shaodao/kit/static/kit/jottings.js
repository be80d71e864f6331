// Results written down at a door, with a network or without. Each is kept on the phone under a key made here and sent when
// there is a network; because the key goes with it every time, the server takes it once however often it is sent.
//
// Contract: form[data-jotting] with a field `seen`, inside [data-jotting-row=NAME]; on the page one [data-jottings=USER], where
// what waits is counted. Asked for JSON, the server answers {message, html}: 200 it counts, 409 somebody had written another
// (both are kept there, html tells of it), 422 it is refused. html is the row as it now stands,
// and [data-jotting-part] elements that take the place of those with their id.

import { icon, make } from "./dom.js";
import { newKey, shelf } from "./shelf.js";
import { say } from "./words.js";

const BASE = "shaodao-jottings", STORE = "jottings";
const WAITING = "waiting", REFUSED = "refused";
const RETRY = 30000, PATIENCE = 20000; // ms
const box = document.querySelector("[data-jottings]");
const user = box?.dataset.jottings ?? "";
const locked = navigator.locks ? (work) => navigator.locks.request(BASE, work) : (work) => work();
let isSending = false, isLoggedOut = false, inFlight = "";

// ---- the store

const { all, put, drop } = shelf(BASE, STORE);

/** What this user wrote down and has not brought in yet, the oldest first: a phone may have several users. */
async function kept() {
  const rows = await all();
  return rows.filter((one) => one.user === user).sort((one, other) => one.savedAt - other.savedAt);
}

// ---- writing down

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-jotting]") || form.dataset.plain) return;
  event.preventDefault();
  const said = event.submitter;
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  if (said?.name) fields.push([said.name, said.value]);
  const what = said?.dataset.said ?? "";
  const row = form.closest("[data-jotting-row]").dataset.jottingRow;
  const one = { key: newKey(), user, row, action: form.action, page: location.pathname, fields, what, savedAt: Date.now(), state: WAITING };
  try {
    await put(one);
    // Until it is sent it may be corrected: the last word on a door replaces what waits.
    for (const old of await kept()) if (old.row === row && old.state === WAITING && ![one.key, inFlight].includes(old.key)) await drop(old.key);
  } catch {
    form.dataset.plain = "true"; // nothing can be kept here: send it the plain way
    form.requestSubmit(said);
    return;
  }
  await show();
  await send();
});

// ---- sending

function csrf() {
  try { return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]; } catch { return ""; }
}

async function freshCsrf() {
  const text = await (await fetch(location.href, { cache: "no-store" })).text();
  return new DOMParser().parseFromString(text, "text/html").querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
}

function post(one, token) {
  const form = new FormData();
  for (const [name, value] of one.fields) form.append(name, value);
  form.set("csrfmiddlewaretoken", token);
  form.set("key", one.key);
  form.set("ago", String(Math.max(0, Math.round((Date.now() - one.savedAt) / 1000))));
  // A network that is there and answers nothing is none.
  const signal = AbortSignal.timeout?.(PATIENCE);
  return fetch(one.action, { method: "POST", body: form, headers: { Accept: "application/json" }, credentials: "same-origin", signal });
}

/** Send one, and return whether the next may follow. A failure to reach the server changes nothing. */
async function deliver(one) {
  let answer = await post(one, csrf());
  if (answer.status === 403) answer = await post(one, await freshCsrf()); // a page from the store carries an old token
  isLoggedOut = answer.redirected || answer.status === 403;
  if (isLoggedOut || answer.status === 429 || answer.status >= 500) return false;
  const said = await answer.json().catch(() => ({}));
  if (answer.ok || answer.status === 409) {
    await drop(one.key);
    replace(one.row, said.html);
  } else {
    await put({ ...one, state: REFUSED, message: said.message || String(answer.status) });
    if (said.html) replace(one.row, said.html);
  }
  return true;
}

async function send() {
  if (navigator.onLine === false || isSending || !user) return;
  isSending = true;
  let n = 0;
  try {
    await locked(async () => {
      const next = async () => (await kept()).find((one) => one.state === WAITING); // one may come while others go
      for (let one = await next(); one; one = await next()) {
        inFlight = one.key;
        if (!n) await show();
        if (!(await deliver(one))) break;
        n += 1;
      }
    });
  } catch {
    // no network after all: they wait
  } finally {
    isSending = false;
    inFlight = "";
    await show();
  }
  if (n) await renew();
}

/** Fetch the pages that are kept for use without a network anew: they show what was before. */
async function renew() {
  if (!("caches" in window)) return;
  const name = (await caches.keys()).find((one) => one.startsWith("rounds-"));
  if (!name) return;
  const cache = await caches.open(name);
  for (const request of await cache.keys()) {
    const answer = await fetch(request.url, { cache: "no-store" }).catch(() => null);
    if (answer?.ok && !answer.redirected) await cache.put(new URL(request.url).pathname, answer);
  }
}

// ---- what the reader sees

function replace(name, html) {
  const row = document.querySelector(`[data-jotting-row="${CSS.escape(name)}"]`);
  if (!row || !html) return;
  const held = row.contains(document.activeElement);
  const template = document.createElement("template");
  template.innerHTML = html; // rendered by our own server
  const fresh = template.content.querySelector("[data-jotting-row]");
  row.replaceWith(fresh);
  window.htmx?.process(fresh);
  for (const part of template.content.querySelectorAll("[data-jotting-part]")) document.getElementById(part.id)?.replaceWith(part);
  if (held) fresh.querySelector("form[data-jotting] button")?.focus({ preventScroll: true });
}

async function show() {
  const rows = await kept().catch(() => []);
  const waiting = rows.filter((one) => one.state === WAITING), refused = rows.filter((one) => one.state === REFUSED);
  for (const old of document.querySelectorAll("[data-jotting-waits]")) old.remove();
  for (const one of waiting) {
    const row = document.querySelector(`[data-jotting-row="${CSS.escape(one.row)}"]`);
    row?.querySelector(".badge")?.after(make("span", { class: "badge wait", "data-jotting-waits": true }, icon("offline"), say("jottingWaits", { what: one.what.trim() })));
  }
  box.hidden = !rows.length;
  const lines = [];
  if (waiting.length) {
    const text = isLoggedOut ? say("jottingLogIn") : isSending ? say("jottingsGo") : say("jottingsWait", { n: waiting.length });
    const button = isSending || isLoggedOut ? null : make("button", { class: "button small", type: "button", onclick: send }, say("sendNow"));
    lines.push(make("p", {}, icon(isSending ? "send" : "offline"), make("span", {}, text), button));
  }
  for (const one of refused) {
    const away = make("button", { class: "button small quiet", type: "button", onclick: () => drop(one.key).then(show) }, say("remove"));
    lines.push(make("p", { class: "late" }, icon("warn"), make("span", {}, say("jottingRefused", { what: one.what.trim(), why: one.message })), away));
  }
  box.replaceChildren(...lines);
}

export function enhance() {
  show().then(send, () => {});
}

window.addEventListener("online", () => send());
document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
setInterval(send, RETRY);
