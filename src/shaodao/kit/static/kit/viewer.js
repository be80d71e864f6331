// Opens a grid's photos large, with arrows and keys. Without it each photo is a link to itself.

import { icon, make } from "./dom.js";
import { say } from "./words.js";

let dialog, image, caption, photos = [], at = 0;

function turn(step) {
  at = (at + step + photos.length) % photos.length;
  image.src = photos[at].href;
  image.alt = photos[at].querySelector("img").alt;
  caption.textContent = `${say("photo", { n: at + 1, all: photos.length })} ${image.alt}`;
  for (const button of dialog.querySelectorAll("[data-turn]")) button.hidden = photos.length < 2;
}

function build() {
  image = make("img", { alt: "" });
  caption = make("span", { class: "grow small", "aria-live": "polite" });
  dialog = make("dialog", { class: "viewer", "aria-label": say("photo", { n: "", all: "" }).trim() },
    make("div", { class: "dialog-head" }, caption,
      make("button", { class: "button square quiet", type: "button", "data-turn": true, "aria-label": say("previous"), onclick: () => turn(-1) }, icon("back")),
      make("button", { class: "button square quiet", type: "button", "data-turn": true, "aria-label": say("next"), onclick: () => turn(1) }, icon("next")),
      make("button", { class: "button square quiet", type: "button", "data-close": true, "aria-label": say("close") }, icon("cross"))),
    make("div", { class: "dialog-body" }, image));
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") turn(-1);
    if (event.key === "ArrowRight") turn(1);
  });
  document.body.append(dialog);
}

export function enhance(grid) {
  grid.addEventListener("click", (event) => {
    const link = event.target.closest("a.photo");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (!dialog) build();
    photos = [...grid.querySelectorAll("a.photo")];
    at = photos.indexOf(link);
    turn(0);
    dialog.showModal();
  });
}
