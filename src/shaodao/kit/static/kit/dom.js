// Making elements. Text always goes in as text, never as markup.

const SPRITE = new URL("./icons.svg", import.meta.url).href;

/** Make an element: make("button", {class: "button", onclick: f}, icon("check"), "好"). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Draw an icon of the sprite. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

/** Swap the icon inside an element for another. */
export function setIcon(element, name) {
  const use = element.querySelector("use");
  if (use) use.setAttribute("href", `${SPRITE}#${name}`);
}

/** Call `then` once when `element` comes near the window, at once where that cannot be told. */
export function whenSeen(element, then) {
  if (!("IntersectionObserver" in window)) return then();
  const watcher = new IntersectionObserver((seen) => {
    if (!seen.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    then();
  }, { rootMargin: "200px" });
  watcher.observe(element);
}

/** Read a colour or other custom property of the page as it is now. */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Call `then` when the page's colours change. */
export function onTheme(then) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener?.("change", then);
  new MutationObserver(then).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
}
