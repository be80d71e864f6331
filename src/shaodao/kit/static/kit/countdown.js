// Moves a deadline's text on. The server wrote it; this keeps it true while the page is open.

import { setIcon } from "./dom.js";
import { duration, say } from "./words.js";

const shown = new Set();
let timer = null;

function tick() {
  const now = Date.now();
  for (const element of shown) {
    if (!element.isConnected) { shown.delete(element); continue; }
    const due = Date.parse(element.dataset.due);
    const warn = element.dataset.warn ? Date.parse(element.dataset.warn) : Infinity;
    const tone = now >= due ? "late" : now >= warn ? "warn" : "active";
    const text = say(now >= due ? "over" : "left", { span: duration(due - now) });
    const said = element.querySelector("[data-said]");
    if (said.textContent !== text) said.textContent = text;
    if (!element.classList.contains(tone)) {
      element.classList.remove("active", "warn", "late");
      element.classList.add(tone);
      setIcon(element, { late: "late", warn: "warn", active: "clock" }[tone]);
    }
  }
}

export function enhance(element) {
  shown.add(element);
  tick();
  timer ??= setInterval(tick, 20000);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
