// Photos of a report: previews, taking one away, shrinking on the phone before sending, and the offer
// to use the place the first photo was taken at, which shrinking would lose.
// The file input stays the truth: what it holds is what is sent, with or without this script.

import { icon, make } from "./dom.js";
import { position } from "./exif.js";
import { say } from "./words.js";

const LONGEST = 2560; // pixels, enough to read a number plate; what the server keeps anyway
const QUALITY = 0.86;
const SMALL_ENOUGH = 900 * 1024; // bytes; a smaller file is left as it is

/** Return `file` no larger than LONGEST, upright; the file itself where that cannot be done. */
async function shrink(file) {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type) || !("createImageBitmap" in window)) return file;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
    if (scale === 1 && file.size <= SMALL_ENOUGH) return file;
    const canvas = make("canvas", { width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale) });
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg", lastModified: file.lastModified });
  } catch {
    return file; // a format this browser cannot open: the server will try
  } finally {
    bitmap?.close?.();
  }
}

class Picker {
  constructor(element) {
    this.element = element;
    this.input = element.querySelector("input[type=file]");
    this.most = Number(element.dataset.most) || 6;
    this.list = element.querySelector("[data-previews]");
    this.offer = element.querySelector("[data-offer]");
    this.prompt = element.querySelector("[data-prompt]");
    this.files = [];
    this.busy = 0;
    this.input.addEventListener("change", () => this.add([...this.input.files]));
    const drop = element.querySelector(".picker-drop");
    for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, () => drop.classList.add("over"));
    for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
    // draft.js hands back the photos of a draft this way.
    element.addEventListener("photos:restore", (event) => { this.files = event.detail.slice(0, this.most); this.show(); });
    // On a slow network photos may be chosen before this script is here.
    if (this.input.files.length) this.add([...this.input.files]);
    element.dataset.ready = "true";
  }

  async add(chosen) {
    const fresh = chosen.filter((file) => !this.files.includes(file));
    const room = this.most - this.files.length;
    this.note(fresh.length > room ? say("photoTooMany", { n: this.most }) : "");
    this.busy += 1;
    this.element.setAttribute("aria-busy", "true");
    this.hold();
    for (const file of fresh.slice(0, room)) {
      if (!this.files.length) this.offerPlace(await position(file));
      this.files.push(await shrink(file));
      this.show();
    }
    this.busy -= 1;
    if (!this.busy) this.element.removeAttribute("aria-busy");
    this.hold();
    this.element.dispatchEvent(new CustomEvent("photos:changed", { bubbles: true }));
  }

  remove(file) {
    this.files.splice(this.files.indexOf(file), 1);
    this.hold();
    this.show();
    this.element.dispatchEvent(new CustomEvent("photos:changed", { bubbles: true }));
    this.input.focus();
  }

  hold() {
    const transfer = new DataTransfer();
    for (const file of this.files) transfer.items.add(file);
    this.input.files = transfer.files;
  }

  show() {
    for (const image of this.list.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    this.list.replaceChildren(...this.files.map((file, index) => {
      const unseen = () => make("span", { class: "busy" }, say("photoUnseen", { n: index + 1 }));
      const image = make("img", { src: URL.createObjectURL(file), alt: say("photo", { n: index + 1, all: this.files.length }) });
      image.onerror = () => image.replaceWith(unseen());
      return make("li", {}, image,
        make("button", { type: "button", "aria-label": say("removePhoto", { n: index + 1 }), onclick: () => this.remove(file) }, icon("cross")));
    }));
    const n = this.files.length;
    this.element.classList.toggle("has-photos", n > 0);
    this.prompt.textContent = n ? say("photoMore", { n, all: this.most }) : say("photoPrompt", { n: this.most });
    this.hold();
  }

  note(text) {
    this.said ??= this.element.appendChild(make("p", { class: "help", role: "status" }));
    this.said.textContent = text;
  }

  offerPlace(place) {
    const { lon, lat } = this.element.dataset;
    if (!place || !lon || !this.offer) return;
    const use = () => {
      document.querySelector(lon).value = place.lon.toFixed(6);
      document.querySelector(lat).value = place.lat.toFixed(6);
      document.querySelector(lat).dispatchEvent(new CustomEvent("place:set", { bubbles: true, detail: { ...place, from: "photo" } }));
      this.offer.replaceChildren(icon("check"), make("div", {}, say("placeUsed")));
    };
    this.offer.replaceChildren(icon("pin"), make("div", { class: "row" }, make("span", {}, say("photoPlace")),
      make("button", { class: "button small primary", type: "button", onclick: use }, say("usePlace")),
      make("button", { class: "button small quiet", type: "button", onclick: () => { this.offer.hidden = true; } }, say("noPlace"))));
    this.offer.hidden = false;
  }
}

export function enhance(element) {
  if (typeof DataTransfer !== "function") return;
  try {
    new DataTransfer();
  } catch {
    return; // an old browser: the plain file input does
  }
  new Picker(element);
}
