// Elements. A text goes in as a text: nothing here, or anywhere on the page, reads HTML.
const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter(child => child !== null));
  return element;
}

export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
export const $ = (selector, within = document) => within.querySelector(selector);

// A text of a portal's by itself, so that writing from right to left turns nothing around it.
export const told = (text, attributes = {}) => h("bdi", attributes, text);

export const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

// A text for the names of things: on one line, without what turns the writing direction, not longer than can be listened to.
export function flat(text) {
  const line = String(text).replace(/[\u202a-\u202e\u2066-\u2069]/g, "").replace(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

// Shows that something has just changed, for a few seconds.
export function flash(element) {
  element.classList.remove("changed");
  void element.offsetWidth; // begins the animation anew
  element.classList.add("changed");
  clearTimeout(element.fading);
  element.fading = setTimeout(() => element.classList.remove("changed"), 4000);
}

// Makes the children of `parent` those of `items`, and touches only what is another than before.
//   key: names an item; make: an element for it; update: shows an item in it; quiet: without showing what is new.
// Answers how many were added, changed and removed. The first time nothing is new, unless `parent.kept` is there already.
export function keep(parent, items, { key, make, update, quiet = false }) {
  const first = parent.kept === undefined, before = parent.kept ?? new Map(), now = new Map();
  const counts = { added: 0, changed: 0, removed: 0 };
  for (const item of items) {
    const name = key(item), text = JSON.stringify(item), known = before.get(name) ?? { element: make(item), text: null };
    if (known.text !== text) {
      update(known.element, item);
      if (!first) counts[known.text === null ? "added" : "changed"]++;
      if (!first && !quiet) flash(known.element);
      known.text = text;
    }
    before.delete(name);
    now.set(name, known);
  }
  for (const { element } of before.values()) {
    counts.removed++;
    const hadFocus = element.contains(document.activeElement), section = parent.closest("section");
    element.remove();
    if (hadFocus) $("[tabindex='-1']", section ?? document)?.focus();
  }
  let place = parent.firstChild;
  for (const { element } of now.values()) {
    if (place === element) place = element.nextSibling;
    else parent.insertBefore(element, place);
  }
  parent.kept = now;
  return counts;
}
