// Starts on every page: small behaviour of the frame, and the modules for the [data-…] parts a page has.
// Everything here improves on a page that works without it.

import { icon, make } from "./dom.js";
import { say } from "./words.js";

const MODULES = {
  "[data-countdown]": () => import("./countdown.js"),
  "[data-map]": () => import("./map.js"),
  "[data-chart]": () => import("./chart.js"),
  "[data-camera]": () => import("./camera.js"),
  "[data-draft], [data-outbox]": () => import("./draft.js"),
  "[data-jottings]": () => import("./jottings.js"),
  "[data-shortcuts]": () => import("./shortcuts.js"),
  "[data-photos]": () => import("./viewer.js"),
};
const done = new WeakMap();

function each(root, selector) {
  const found = [...root.querySelectorAll(selector)];
  if (root.matches?.(selector)) found.unshift(root);
  return found;
}

async function enhance(root) {
  small(root);
  for (const [selector, load] of Object.entries(MODULES)) {
    const fresh = each(root, selector).filter((element) => !done.get(element)?.has(selector));
    if (!fresh.length) continue;
    for (const element of fresh) done.set(element, new Set([...(done.get(element) ?? []), selector]));
    load().then((module) => fresh.forEach(module.enhance), (error) => console.error(error));
  }
}

function small(root) {
  for (const note of each(root, "[data-toast]")) arm(note);
  for (const box of each(root, "[data-focus]")) box.focus({ preventScroll: false });
  for (const button of each(root, "[data-print]")) button.onclick = () => window.print();
  for (const all of each(root, "[data-check-all]")) {
    all.onchange = () => {
      for (const one of document.querySelectorAll(all.dataset.checkAll)) {
        if (one.checked !== all.checked) one.click();
      }
    };
  }
  for (const form of each(root, "form[data-submit-on-change]")) {
    form.onchange = () => form.requestSubmit();
  }
}

// ---- toasts

function arm(note) {
  const close = note.querySelector("[data-close]");
  if (close) close.hidden = false;
  // An error stays until it is closed; a confirmation leaves by itself, but not while pointed at.
  if (note.classList.contains("late") || note.classList.contains("warn")) return;
  let timer = setTimeout(() => note.remove(), 7000);
  note.onmouseenter = note.onfocusin = () => clearTimeout(timer);
  note.onmouseleave = note.onfocusout = () => { timer = setTimeout(() => note.remove(), 3000); };
}

/** Show a short message; `tone` is done, new, warn or late. */
export function toast(text, tone = "done") {
  const names = { done: "check", late: "warn", warn: "warn" };
  const note = make("div", { class: `toast ${tone}`, "data-toast": true }, icon(names[tone] ?? "info"), make("p", {}, text),
    make("button", { type: "button", "data-close": true, "aria-label": say("close") }, icon("cross")));
  document.getElementById("toasts")?.append(note);
  arm(note);
}

// ---- dialogs, menus, tabs of a split: one listener each

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-close], [data-dialog], [data-toast-text], [data-show]");
  if (target?.matches("[data-close]")) shut(target.closest("dialog, .toast"));
  else if (target?.dataset.dialog) document.getElementById(target.dataset.dialog)?.showModal();
  else if (target?.dataset.toastText) toast(target.dataset.toastText);
  else if (target?.dataset.show) show(target);
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (event.target instanceof HTMLDialogElement && event.target.open) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside && event.detail) event.target.close();
  }
});

function shut(box) {
  if (box instanceof HTMLDialogElement) box.close();
  else box?.remove();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details[data-menu][open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});

function show(button) {
  const split = button.closest("[data-split]");
  split.dataset.shown = button.dataset.show;
  for (const other of split.querySelectorAll("[data-show]")) other.setAttribute("aria-pressed", String(other === button));
  window.dispatchEvent(new Event("resize"));
}

// ---- preferences: at once, and kept by the server

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-preferences]") || event.submitter?.name === "language") return;
  event.preventDefault();
  const { name, value } = event.submitter;
  document.documentElement.dataset[name] = value;
  for (const button of form.querySelectorAll(`[name=${name}]`)) button.setAttribute("aria-pressed", String(button === event.submitter));
  const body = new FormData(form);
  body.set(name, value);
  await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => {});
});

// ---- htmx: dialogs that come from the server open themselves, new parts come alive, failures are said

document.addEventListener("htmx:load", (event) => {
  enhance(event.detail.elt);
  for (const dialog of each(event.detail.elt, "dialog[data-open-now]")) if (!dialog.open) dialog.showModal();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  // A form that was refused comes back with 422 and has to be shown.
  if (event.detail.xhr.status === 422) { event.detail.shouldSwap = true; event.detail.isError = false; }
});
const LOST = document.documentElement.lang.startsWith("en") ? "Could not reach the service. Please try again." : "没有连上，请稍后再试。";
// Parts that only add to what a form says ([data-quiet]) do without, where there is no network.
const isQuiet = (event) => event.detail.elt.closest("[data-quiet]");
document.addEventListener("htmx:beforeRequest", (event) => { if (navigator.onLine === false && isQuiet(event)) event.preventDefault(); });
document.addEventListener("htmx:sendError", (event) => { if (!isQuiet(event)) toast(LOST, "late"); });
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status >= 500) toast(LOST, "late");
});

if (document.documentElement.dataset.serviceWorker) import("./worker.js").then((module) => module.register());
enhance(document);
