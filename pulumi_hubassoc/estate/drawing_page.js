
"use strict";
// Zooms, moves and searches the one drawing of the page. What is shown is the viewBox, kept in `view`.
const svg = document.querySelector("svg.drawing");
const whole = svg.viewBox.baseVal;
const all = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
let view = { ...all };

function show(next) {
  const width = Math.min(Math.max(next.width, 120), all.width * 1.5);
  const height = width * all.height / all.width;
  const x = Math.min(Math.max(next.x, all.x - width / 2), all.x + all.width - width / 2);
  const y = Math.min(Math.max(next.y, all.y - height / 2), all.y + all.height - height / 2);
  view = { x, y, width, height };
  svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
}

// The point of the drawing under a point of the screen.
function under(clientX, clientY) {
  return new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM().inverse());
}

function zoom(factor, at = { x: view.x + view.width / 2, y: view.y + view.height / 2 }) {
  const width = Math.min(Math.max(view.width / factor, 120), all.width * 1.5), scale = width / view.width;
  show({ x: at.x - (at.x - view.x) * scale, y: at.y - (at.y - view.y) * scale, width });
}

function move(right, down) {
  show({ ...view, x: view.x + right * view.width, y: view.y + down * view.height });
}

document.getElementById("in").onclick = () => zoom(1.4);
document.getElementById("out").onclick = () => zoom(1 / 1.4);
document.getElementById("all").onclick = () => show(all);
svg.addEventListener("wheel", event => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / 400), under(event.clientX, event.clientY));
}, { passive: false });
svg.addEventListener("dblclick", event => zoom(1.8, under(event.clientX, event.clientY)));

// Dragging moves; two fingers zoom.
const fingers = new Map();
svg.addEventListener("pointerdown", event => {
  svg.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, event);
  svg.classList.add("moving");
});
svg.addEventListener("pointermove", event => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const other = [...fingers.values()].find(finger => finger.pointerId !== event.pointerId);
  if (other) {
    const apart = finger => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY);
    zoom(apart(event) / Math.max(apart(before), 1), under(other.clientX, other.clientY));
  } else {
    const from = under(before.clientX, before.clientY), to = under(event.clientX, event.clientY);
    show({ ...view, x: view.x + from.x - to.x, y: view.y + from.y - to.y });
  }
  fingers.set(event.pointerId, event);
});
for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, event => {
  fingers.delete(event.pointerId);
  if (!fingers.size) svg.classList.remove("moving");
});

// Searching marks every text that has the words; Enter goes from one to the next.
const search = document.getElementById("search"), told = document.getElementById("found");
const texts = [...svg.querySelectorAll("text.label, text.type, text.object")];
const plain = text => text.normalize("NFKD").replace(/[\p{M}\u2068\u2069]/gu, "").toLowerCase();
let hits = [], now = -1;

function find() {
  const wanted = plain(search.value.trim());
  for (const marked of svg.querySelectorAll(".found")) marked.classList.remove("found", "now");
  hits = wanted ? texts.filter(text => plain(text.textContent).includes(wanted)) : [];
  now = -1;
  for (const hit of hits) {
    hit.classList.add("found");
    hit.closest(".card, .node").classList.add("found");
  }
  svg.classList.toggle("searching", Boolean(wanted));
  told.textContent = wanted ? `${hits.length} found` : "";
}

function next(step) {
  if (!hits.length) return;
  hits[now]?.classList.remove("now");
  now = (now + step + hits.length) % hits.length;
  hits[now].classList.add("now");
  told.textContent = `${now + 1} of ${hits.length}`;
  const box = hits[now].getBBox(), width = Math.min(view.width, Math.max(svg.clientWidth, 300));
  const height = width * all.height / all.width;
  show({ x: box.x + box.width / 2 - width / 2, y: box.y + box.height / 2 - height / 2, width });
}

search.addEventListener("input", find);
search.addEventListener("keydown", event => {
  if (event.key === "Enter") next(event.shiftKey ? -1 : 1);
  if (event.key === "Escape") { search.value = ""; find(); search.blur(); }
});
const keys = {
  "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), "0": () => show(all),
  ArrowLeft: () => move(-.1, 0), ArrowRight: () => move(.1, 0), ArrowUp: () => move(0, -.1), ArrowDown: () => move(0, .1),
  "/": () => search.focus(),
};
document.addEventListener("keydown", event => {
  if (event.target === search || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
// A large drawing on a small screen begins where its texts can be read.
const first = svg.querySelector(".node rect");
if (first && all.width > 2.2 * svg.clientWidth) {
  const box = first.getBBox(), width = svg.clientWidth / .7, height = width * all.height / all.width;
  show({ x: box.x + box.width / 2 - width / 2, y: box.y + box.height / 2 - height / 2, width });
}
