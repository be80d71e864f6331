// Desk keys: j and k walk the rows, Enter opens, x selects, / goes to the search box, ? lists them.
// A [data-key="d"] button or link anywhere answers to its key. Keys can be turned off (WCAG 2.1.4)
// and are never taken from someone who is typing.

import { icon, make } from "./dom.js";
import { say } from "./words.js";

const OFF = "shaodao-keys-off";
let list = null, help = null;

const isOff = () => localStorage.getItem(OFF) === "1";
const rows = () => (list?.isConnected ? [...list.querySelectorAll("[data-row]")] : []);

function go(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.classList.contains("is-current"));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  all[at]?.classList.remove("is-current");
  next.classList.add("is-current");
  next.scrollIntoView({ block: "nearest" });
  (next.querySelector("[data-open], a, button") ?? next).focus({ preventScroll: true });
}

const current = () => rows().find((row) => row.classList.contains("is-current"));

const KEYS = {
  j: ["keyDown", () => go(1)],
  k: ["keyUp", () => go(-1)],
  Enter: ["keyOpen", () => current()?.querySelector("[data-open]")?.click()],
  x: ["keySelect", () => current()?.querySelector("input[type=checkbox]")?.click()],
  "/": ["keySearch", () => document.querySelector("[data-search]")?.focus()],
  "?": ["keyHelp", () => showHelp()],
};

function showHelp() {
  help?.remove();
  const lines = Object.entries(KEYS).map(([key, [text]]) => [key, say(text)]);
  for (const element of document.querySelectorAll("[data-key]")) lines.push([element.dataset.key, element.textContent.trim()]);
  const toggle = make("button", { class: "button small", type: "button" }, say(isOff() ? "keyOn" : "keyOff"));
  toggle.onclick = () => { localStorage.setItem(OFF, isOff() ? "0" : "1"); help.close(); };
  help = make("dialog", { "aria-labelledby": "keys-title" },
    make("div", { class: "dialog-head" }, make("h2", { id: "keys-title" }, say("shortcuts")),
      make("button", { class: "button quiet square", type: "button", "data-close": true, "aria-label": say("close") }, icon("cross"))),
    make("div", { class: "dialog-body" }, make("dl", { class: "pairs" }, ...lines.flatMap(([key, text]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, text)]))),
    make("div", { class: "dialog-foot" }, toggle));
  document.body.append(help);
  help.showModal();
}

function typing(target) {
  return target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], .map, dialog");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (isOff() && event.key !== "?") return;
  if (event.key === "Enter") {
    // A focused link or button answers Enter by itself.
    if (!event.target.closest("a, button, summary, input") && current()) KEYS.Enter[1]();
    return;
  }
  const own = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  const action = KEYS[event.key]?.[1] ?? (own && (() => own.click()));
  if (!action) return;
  event.preventDefault();
  action();
});

export function enhance(element) {
  list = element;
  element.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row) return;
    for (const other of rows()) other.classList.toggle("is-current", other === row);
  });
}
