// The objects in a circle, a line for each pair that has labels or limits. A number leads to the pair's labels.
import { count, flat, s } from "./dom.js";
import { pairId } from "./labels.js";

const WIDTH = 640, NODE = 34;

export function graph(place, pairs, titles) {
  const text = JSON.stringify([pairs.map(({ from, to, labels, types }) => [from, to, labels, objectLimits(types)]), titles]);
  if (place.drawn === text) return;
  place.drawn = text;
  place.replaceChildren(...(pairs.length ? [draw(pairs, titles)] : []));
}

function draw(pairs, titles) {
  const names = [...new Set(pairs.flatMap(pair => [pair.from, pair.to]))];
  const down = Math.max(90, Math.min(210, 34 * names.length)), loops = pairs.filter(pair => pair.from === pair.to).map(pair => pair.from);
  const nodes = new Map(names.map((name, i) => {
    const angle = 2 * Math.PI * i / names.length - Math.PI, title = flat(titles[name]), shown = title.length > 18 ? `${title.slice(0, 17)}…` : title;
    const middle = names.length === 1 ? 0 : 1;
    return [name, { x: middle * Math.cos(angle) * 225, y: middle * Math.sin(angle) * down, width: 26 + 8.4 * shown.length, title, shown }];
  }));
  const lines = [], badges = [];
  for (const pair of pairs) {
    const [a, b] = [nodes.get(pair.from), nodes.get(pair.to)];
    const [there, back] = objectLimits(pair.types);
    const name = `${a.title} and ${b.title}: ${count(pair.labels, "label")}`;
    if (a === b) {
      const up = away(a), y = a.y + up * 62;
      lines.push(s("path", { d: `M${a.x - 24} ${a.y}C${a.x - 44} ${y + up * 6} ${a.x + 44} ${y + up * 6} ${a.x + 24} ${a.y}` }));
      badges.push(link(pair, name, a.x, a.y + up * 46));
      if (there !== null) badges.push(badge(a.x + 44, a.y + up * 30, there));
      continue;
    }
    const at = part => [a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part];
    const long = Math.hypot(b.x - a.x, b.y - a.y), near = end => 22 / long + Math.min(end.width / 2 / Math.abs(b.x - a.x), NODE / 2 / Math.abs(b.y - a.y));
    lines.push(s("path", { d: `M${a.x} ${a.y}L${b.x} ${b.y}` }));
    badges.push(link(pair, name, ...at(.5 + (back === null ? 0 : .07) - (there === null ? 0 : .07))));
    if (there !== null) badges.push(badge(...at(1 - near(b)), there));
    if (back !== null) badges.push(badge(...at(near(a)), back));
  }
  const boxes = [...nodes.values()].map(({ x, y, width, title, shown }) => s("g", { class: "node" },
    s("title", {}, title), s("rect", { x: x - width / 2, y: y - NODE / 2, width, height: NODE, rx: 17 }), s("text", { x, y: y + 5 }, shown)));
  const reach = [...nodes].flatMap(([name, { y }]) => [y - 24, y + 24, loops.includes(name) ? y + away({ y }) * 66 : y]);
  const top = Math.min(...reach), height = Math.max(...reach) - top;
  return s("svg", { viewBox: `${-WIDTH / 2} ${top} ${WIDTH} ${height}`, width: WIDTH, height }, ...lines, ...boxes, ...badges);
}

// Loops are on the outer side of their object.
const away = ({ y }) => y > 1 ? 1 : -1;

function link(pair, name, x, y) {
  const width = 22 + 9 * String(pair.labels).length;
  return s("a", { href: `#${pairId(pair)}`, "aria-label": name, class: "count" },
    s("title", {}, name), s("circle", { cx: x, cy: y, r: 27, class: "touch" }),
    s("rect", { x: x - width / 2, y: y - 13, width, height: 26, rx: 13 }), s("text", { x, y: y + 5 }, String(pair.labels)));
}

function badge(x, y, limit) {
  const text = `≤ ${limit}`, width = 14 + 8 * text.length;
  return s("g", { class: "limit" }, s("rect", { x: x - width / 2, y: y - 10, width, height: 20, rx: 5 }), s("text", { x, y: y + 4.5 }, text));
}

// The limits of the unlabeled type: of the pair, and the other way round.
function objectLimits(types) {
  const found = types.find(type => type.there.text === null);
  return [found?.there.max ?? null, found?.back?.max ?? null];
}
