// The report form without a network. What is written, photos included, is kept on the phone under a key
// made here; it is sent when the network is there and a page is open, and because the key goes with it
// every time, the server takes it once however often it is sent.
//
// Contract: the form has data-draft="report", posts multipart with a field `key` (UUID). Asked for JSON,
// the server answers {number, url}, or 422 {errors: {field: [text]}}.

import { icon, make } from "./dom.js";
import { newKey, shelf } from "./shelf.js";
import { say } from "./words.js";

const BASE = "shaodao", STORE = "drafts";
const WRITING = "writing", WAITING = "waiting", SENT = "sent", REFUSED = "refused";
const KEEP_SENT = 24 * 3600 * 1000; // ms a delivered report stays listed on this phone
const SAVE_AFTER = 500; // ms of quiet before what is written is kept
const RETRY = 30000; // ms
const channel = "BroadcastChannel" in window ? new BroadcastChannel("shaodao-drafts") : null;

// ---- the store

const { all, get, put, drop } = shelf(BASE, STORE);

// ---- a form as data, and back

async function read(form) {
  const fields = [], photos = [];
  for (const [name, value] of new FormData(form)) {
    if (name === "csrfmiddlewaretoken" || name === "key") continue;
    if (value instanceof File) {
      // Bytes rather than files: some browsers lose a File's content when they are restarted.
      if (value.size) photos.push({ field: name, name: value.name, type: value.type, bytes: await value.arrayBuffer() });
    } else fields.push([name, value]);
  }
  return { fields, photos };
}

function write(form, draft) {
  const values = new Map();
  for (const [name, value] of draft.fields) values.set(name, [...(values.get(name) ?? []), value]);
  for (const element of form.elements) {
    if (!element.name || ["file", "submit", "button"].includes(element.type) || ["csrfmiddlewaretoken", "key"].includes(element.name)) continue;
    const found = values.get(element.name) ?? [];
    if (element.type === "checkbox" || element.type === "radio") element.checked = found.includes(element.value);
    else if (element.tagName === "SELECT" && element.multiple) for (const option of element.options) option.selected = found.includes(option.value);
    else if (found.length) element.value = found[0];
  }
  putPhotos(form, draft.photos.map(file));
  form.dispatchEvent(new CustomEvent("draft:restored", { bubbles: true }));
}

function putPhotos(form, files) {
  const picker = form.querySelector("[data-camera]");
  if (picker?.dataset.ready) {
    picker.dispatchEvent(new CustomEvent("photos:restore", { detail: files }));
  } else if (picker && files.length) { // its script is still on the way and will find them there
    const transfer = new DataTransfer();
    for (const one of files) transfer.items.add(one);
    picker.querySelector("input[type=file]").files = transfer.files;
  }
}

// htmx listens from DOMContentLoaded on: what is restored before it would not be heard.
const listened = () => new Promise((resolve) => {
  const [load] = performance.getEntriesByType("navigation");
  if (document.readyState === "complete" || load?.domContentLoadedEventStart > 0) setTimeout(resolve);
  else document.addEventListener("DOMContentLoaded", () => setTimeout(resolve), { once: true });
});

const file = (photo) => new File([photo.bytes], photo.name, { type: photo.type });
const isEmpty = ({ fields, photos }, untouched) => !photos.length && JSON.stringify(fields) === untouched;
const title = (draft) => draft.fields.find(([name, value]) => /text|title|what/.test(name) && value)?.[1].slice(0, 24) || say("noTitle");

// ---- sending

function csrf() {
  const held = document.querySelector("input[name=csrfmiddlewaretoken]")?.value;
  if (held) return held;
  try { return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]; } catch { return ""; }
}

async function freshCsrf(page) {
  const text = await (await fetch(page, { cache: "no-store" })).text();
  return new DOMParser().parseFromString(text, "text/html").querySelector("input[name=csrfmiddlewaretoken]")?.value;
}

function body(draft, token) {
  const form = new FormData();
  form.set("csrfmiddlewaretoken", token);
  form.set("key", draft.key);
  for (const [name, value] of draft.fields) form.append(name, value);
  for (const photo of draft.photos) form.append(photo.field, file(photo), photo.name);
  if (draft.savedAt) form.set("happened_at", new Date(draft.savedAt).toISOString());
  return form;
}

async function post(draft, token) {
  return fetch(draft.action, { method: "POST", body: body(draft, token), headers: { Accept: "application/json" }, credentials: "same-origin", redirect: "follow" });
}

/** Send one draft and return it as it then stands. A failure to reach the server changes nothing. */
async function deliver(draft) {
  let answer = await post(draft, csrf());
  if (answer.status === 403) answer = await post(draft, await freshCsrf(draft.page)); // a page from the store carries an old token
  if (answer.status === 422 || answer.status === 413 || answer.status === 429) {
    const said = await answer.json().catch(() => ({}));
    const errors = said.errors ?? { "": [answer.status === 429 ? say("failed") : say("refused")] };
    return { ...draft, state: answer.status === 429 ? WAITING : REFUSED, errors };
  }
  if (!answer.ok) return { ...draft, state: WAITING };
  const said = answer.headers.get("content-type")?.includes("json") ? await answer.json() : { number: "", url: answer.url };
  return { key: draft.key, state: SENT, number: said.number, url: said.url, sentAt: Date.now(), fields: draft.fields.filter(([name]) => /text|title|what/.test(name)), photos: [] };
}

const sending = new Set();

async function one(key, lock) {
  const draft = await get(key);
  if (!draft || draft.state !== WAITING || sending.has(key)) return draft;
  sending.add(key);
  tell();
  try {
    const after = await lock(`shaodao-send-${key}`, async () => {
      const now = await get(key); // another page may have sent it meanwhile
      if (!now || now.state !== WAITING) return now;
      const result = await deliver(now);
      await put(result);
      return result;
    });
    return after;
  } catch {
    return draft; // no network: it waits
  } finally {
    sending.delete(key);
    tell();
  }
}

const locked = navigator.locks ? (name, work) => navigator.locks.request(name, work) : (name, work) => work();

async function sendWaiting() {
  if (navigator.onLine === false) return;
  for (const draft of await all()) if (draft.state === WAITING) await one(draft.key, locked);
}

// ---- what the reader sees: the outbox

function tell() {
  refresh();
  channel?.postMessage("changed");
}

function line(draft) {
  const busy = sending.has(draft.key);
  const state = busy ? ["send", say("sending")]
    : draft.state === SENT ? ["check", draft.number ? say("sentNumber", { number: draft.number }) : say("sent")]
    : draft.state === REFUSED ? ["warn", [...new Set(Object.values(draft.errors ?? {}).flat())].join(" ") || say("refused")]
    : ["offline", say("waiting")];
  const photos = draft.photos.length ? make("span", { class: "quiet small" }, say("nPhotos", { n: draft.photos.length })) : null;
  const button = (text, onclick) => make("button", { class: "button small", type: "button", onclick }, text);
  const buttons = busy ? []
    : draft.state === SENT ? [draft.url ? make("a", { class: "button small", href: draft.url }, say("look")) : null, button(say("close"), () => drop(draft.key).then(tell))]
    : draft.state === REFUSED ? [button(say("edit"), () => put({ ...draft, state: WRITING }).then(() => { location.href = draft.page; })), button(say("remove"), () => drop(draft.key).then(tell))]
    : [button(say("sendNow"), () => one(draft.key, locked))];
  return make("li", { "data-key": null }, make("strong", {}, title(draft)), photos,
    make("span", { class: "draft-state", "data-state": busy ? "sending" : draft.state }, icon(state[0]), state[1]), ...buttons);
}

async function refresh() {
  const boxes = document.querySelectorAll("[data-outbox]");
  if (!boxes.length) return;
  let drafts = await all().catch(() => []);
  for (const old of drafts.filter((draft) => draft.state === SENT && Date.now() - draft.sentAt > KEEP_SENT)) await drop(old.key);
  drafts = drafts.filter((draft) => draft.state === WAITING || draft.state === REFUSED || (draft.state === SENT && Date.now() - draft.sentAt <= KEEP_SENT));
  const waiting = drafts.some((draft) => draft.state !== SENT);
  for (const box of boxes) {
    box.hidden = !drafts.length;
    box.replaceChildren(make("strong", {}, say(waiting ? "outbox" : "outboxDone")), make("ul", {}, ...drafts.map(line)));
  }
}

// ---- the form

class Form {
  constructor(form) {
    this.form = form;
    this.said = form.querySelector("[data-draft-state]") ?? form.appendChild(make("p", { class: "draft-state", "data-draft-state": true }));
    this.said.setAttribute("role", "status");
    this.timer = null;
  }

  async start() {
    const { form } = this;
    this.untouched = JSON.stringify((await read(form)).fields);
    if (!window.isSecureContext) this.form.prepend(make("div", { class: "callout warn" }, icon("lock"), make("div", {}, say("plainHttp"))));
    await listened();
    try {
      const draft = (await all()).find((one) => one.state === WRITING && one.page === this.page());
      this.key = draft?.key ?? newKey();
      if (draft && !form.querySelector("[aria-invalid=true]")) this.restore(draft);
    } catch {
      this.say("info", say("noStore")); // private windows of some browsers: the form works as a plain one
      return;
    }
    this.hold();
    form.addEventListener("input", () => this.later());
    form.addEventListener("change", () => this.later());
    form.addEventListener("photos:changed", () => this.save()); // at once: a page that is closed has no time to read files
    form.addEventListener("place:set", () => this.later());
    // A choice may come back from the server as another field: that is part of what was written.
    form.addEventListener("htmx:afterSwap", () => { if (this.touched) this.later(); });
    form.addEventListener("submit", (event) => this.submit(event));
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.save(); });
    const offline = () => { if (navigator.onLine === false) this.say("offline", say("offlineNow")); };
    window.addEventListener("offline", offline);
    offline();
    form.dataset.ready = "true";
  }

  page() { return location.pathname; }

  hold() {
    const field = this.form.elements.namedItem("key") ?? this.form.appendChild(make("input", { type: "hidden", name: "key" }));
    field.value = this.key;
  }

  say(name, text, ...more) {
    this.told = name;
    this.said.replaceChildren(...(name ? [icon(name)] : []), text, ...more);
  }

  restore(draft) {
    write(this.form, draft);
    if (draft.errors) this.showErrors(draft.errors);
    const clear = make("button", { class: "button small quiet", type: "button", onclick: () => this.discard() }, say("discard"));
    this.say("history", say("restored"), clear);
  }

  async discard() {
    await drop(this.key);
    location.reload();
  }

  later() {
    clearTimeout(this.timer);
    this.touched = true;
    if (this.told === "check") this.say("", ""); // not "saved" any more
    this.timer = setTimeout(() => this.save(), SAVE_AFTER);
  }

  async save(state = WRITING) {
    clearTimeout(this.timer);
    if (this.gone) return null;
    const content = await read(this.form);
    if (state === WRITING && isEmpty(content, this.untouched)) return null;
    const draft = { key: this.key, state, page: this.page(), action: this.form.action, savedAt: Date.now(), ...content };
    if (this.gone && state === WRITING) return null;
    await put(draft);
    if (state === WRITING) this.say("check", say("saved"));
    return draft;
  }

  async submit(event) {
    if (this.plain || !this.form.reportValidity()) return;
    event.preventDefault();
    if (this.gone) return; // a second tap
    this.gone = true;
    clearTimeout(this.timer);
    const buttons = this.form.querySelectorAll("button:not([type=button])");
    for (const button of buttons) button.disabled = true;
    try {
      const content = await read(this.form);
      await put({ key: this.key, state: WAITING, page: this.page(), action: this.form.action, savedAt: Date.now(), ...content });
    } catch {
      this.plain = true; // the phone is full or will not store: send it the plain way
      for (const button of buttons) button.disabled = false;
      this.gone = false;
      this.form.requestSubmit();
      return;
    }
    this.say("send", say("sending"));
    const after = navigator.onLine === false ? await get(this.key) : await one(this.key, locked);
    for (const button of buttons) button.disabled = false;
    if (after?.state === SENT && after.url) {
      await drop(this.key);
      location.assign(after.url);
    } else if (after?.state === REFUSED) {
      this.gone = false;
      await put({ ...after, state: WRITING });
      tell();
      this.say("warn", say("refused"));
      this.showErrors(after.errors);
    } else {
      // It waits. The form is cleared for another report, under another key.
      this.key = newKey();
      this.form.reset();
      putPhotos(this.form, []);
      this.form.dispatchEvent(new CustomEvent("draft:restored", { bubbles: true }));
      this.hold();
      this.gone = false;
      this.say("offline", say("waiting"));
      await refresh();
      document.querySelector("[data-outbox]")?.scrollIntoView({ block: "center" });
    }
  }

  showErrors(errors) {
    for (const old of this.form.querySelectorAll("[data-draft-error]")) old.remove();
    let first = null;
    for (const [name, texts] of Object.entries(errors ?? {})) {
      const list = make("ul", { class: "field-errors", "data-draft-error": true }, ...texts.map((text) => make("li", {}, icon("warn"), make("span", {}, text))));
      const field = name && this.form.querySelector(`[name="${CSS.escape(name)}"]`);
      const box = field?.closest(".field");
      if (box) box.append(list);
      else this.said.after(list);
      first ??= field && field.type !== "hidden" ? field : list;
    }
    (first?.closest?.(".field") ?? first)?.scrollIntoView({ block: "center" });
    first?.focus?.({ preventScroll: true });
  }
}

export function enhance(element) {
  if (!("indexedDB" in window)) return;
  if (element.matches("form[data-draft]")) new Form(element).start();
  refresh();
}

if ("indexedDB" in window) {
  window.addEventListener("online", () => sendWaiting().catch(() => {}));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) sendWaiting().catch(() => {}); });
  setInterval(() => sendWaiting().catch(() => {}), RETRY);
  channel?.addEventListener("message", () => refresh());
  sendWaiting().then(refresh, () => {});
}
