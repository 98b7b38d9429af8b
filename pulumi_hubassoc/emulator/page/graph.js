// The objects in a circle, a line for each pair that has labels or limits. A number leads to the pair's labels.
import { count, flat, s } from "./dom.js";
import { pairId } from "./labels.js";

const ACROSS = 225, NODE = 34, LOOP = 24;

export function graph(place, pairs, titles) {
  const text = JSON.stringify([pairs.map(({ from, to, labels, types }) => [from, to, labels, objectLimits(types)]), titles]);
  if (place.drawn === text) return;
  place.drawn = text;
  place.replaceChildren(...(pairs.length ? [draw(pairs, titles)] : []));
}

function draw(pairs, titles) {
  const nodes = circle([...new Set(pairs.flatMap(pair => [pair.from, pair.to]))], titles);
  const taken = [...nodes.values()], lines = [], badges = [];
  // A box somewhere on the way, where nothing is yet if there is such a place; `way` answers the point at 0 to 1.
  const put = (way, places, width, height, make) => {
    const boxes = places.map(part => ({ ...way(part), width, height }));
    const box = boxes.find(box => !taken.some(other => over(box, other))) ?? boxes[0];
    taken.push(box);
    badges.push(make(box));
  };
  for (const pair of pairs) {
    const [a, b] = [nodes.get(pair.from), nodes.get(pair.to)], loop = a === b, [there, back] = objectLimits(pair.types);
    const away = edge(a, a.out.x, a.out.y), round = { x: a.x + a.out.x * away, y: a.y + a.out.y * away };
    const way = loop ? part => turned(round, a.out, part) : part => ({ x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part });
    lines.push(loop ? s("circle", { cx: round.x, cy: round.y, r: LOOP, class: "line" }) : s("path", { class: "line", d: `M${a.x} ${a.y}L${b.x} ${b.y}` }));
    const long = Math.hypot(b.x - a.x, b.y - a.y), name = `${a.title} and ${b.title}: ${count(pair.labels, "label")}`;
    const middle = loop ? [.5, .35, .65] : [.5, .42, .58, .35, .65, .28, .72];
    put(way, middle, 24 + 9 * String(pair.labels).length, 28, box => link(pair, name, box));
    for (const [limit, end, other] of [[there, b, a], [back, a, b]]) {
      if (limit === null) continue;
      const near = loop ? 0 : (18 + edge(end, (other.x - end.x) / long, (other.y - end.y) / long)) / long;
      const steps = loop ? [.25, .75, .15, .85] : [0, 22, 44, 66].map(step => near + step / long).map(part => end === b ? 1 - part : part);
      put(way, steps, 16 + 8 * `≤ ${limit}`.length, 22, box => badge(limit, box));
    }
  }
  const left = Math.min(-320, ...taken.map(box => box.x - box.width / 2 - 6)), right = Math.max(320, ...taken.map(box => box.x + box.width / 2 + 6));
  const top = Math.min(...taken.map(box => box.y - box.height / 2 - 14)), height = Math.max(...taken.map(box => box.y + box.height / 2 + 14)) - top;
  return s("svg", { viewBox: `${left} ${top} ${right - left} ${height}`, width: right - left, height },
    ...lines, ...[...nodes.values()].map(node), ...badges);
}

// Where the objects are: their middles, sizes, titles, and the way out of the circle.
function circle(names, titles) {
  const down = Math.max(90, Math.min(230, 34 * names.length));
  return new Map(names.map((name, i) => {
    const angle = 2 * Math.PI * i / names.length - Math.PI, out = { x: Math.cos(angle), y: Math.sin(angle) };
    const title = flat(titles[name]), shown = title.length > 18 ? `${title.slice(0, 17)}…` : title, spread = names.length === 1 ? 0 : 1;
    return [name, { x: spread * out.x * ACROSS, y: spread * out.y * down, width: 26 + 8.8 * shown.length, height: NODE, title, shown, out }];
  }));
}

// How far the edge of a box is from its middle in a direction.
const edge = ({ width, height }, x, y) => Math.min(width / 2 / Math.abs(x), height / 2 / Math.abs(y));
const over = (a, b) => Math.abs(a.x - b.x) * 2 < a.width + b.width + 4 && Math.abs(a.y - b.y) * 2 < a.height + b.height + 4;

// A point of a loop: half way round is furthest from its object.
function turned(round, out, part) {
  const angle = Math.atan2(out.y, out.x) + 2 * Math.PI * (part - .5);
  return { x: round.x + Math.cos(angle) * LOOP, y: round.y + Math.sin(angle) * LOOP };
}

const rect = ({ x, y, width, height }, rx) => s("rect", { x: x - width / 2, y: y - height / 2, width, height, rx });
const text = ({ x, y }, words) => s("text", { x, y: y + 5 }, words);
const node = box => s("g", { class: "node" }, s("title", {}, box.title), rect(box, 17), text(box, box.shown));
const badge = (limit, box) => s("g", { class: "limit" }, rect(box, 5), text(box, `≤ ${limit}`));
const link = (pair, name, box) => s("a", { href: `#${pairId(pair)}`, "aria-label": name, class: "count" }, s("title", {}, name),
  s("circle", { cx: box.x, cy: box.y, r: 27, class: "touch" }), rect(box, 14), text(box, String(pair.labels)));

// The limits of the unlabeled type: of the pair, and the other way round.
function objectLimits(types) {
  const found = types.find(type => type.there.text === null);
  return [found?.there.max ?? null, found?.back?.max ?? null];
}
