// One portal.
import { $, count, flat, h, keep } from "./dom.js";
import { dialogs } from "./dialogs.js";
import { faults } from "./faults.js";
import { graph } from "./graph.js";
import { journal } from "./journal.js";
import { labels } from "./labels.js";
import { watch } from "./live.js";

const portalId = Number(location.pathname.split("/").at(-1));
const another = []; // pairs that are shown though they have no label
const showJournal = journal($("#journal")), showFaults = faults(portalId);
const ask = dialogs(portalId), showLabels = labels(ask);
let choices = "";

const news = watch(() => [["portal", portalId], ...another.map(pair => ["pair", pair])], ({ portal, journal, another }) => {
  showJournal(journal, another);
  if (!portal) return;
  const name = portal.name ? `${portal.name} (${portalId})` : `Portal ${portalId}`;
  document.title = `${flat(name)} — Emulated HubSpot`;
  $("#portal").textContent = `${name} · ${portal.type} · ${count(portal.labels, "label")} · ${count(portal.limits, "limit")}`;
  const titles = Object.fromEntries(portal.objects.map(object => [object.name, object.title]));
  choose(portal.objects);
  graph($("#graph"), portal.pairs, titles);
  objects(portal);
  say(showLabels(portal.pairs, titles));
  showFaults(portal.faults);
});

$("#create").addEventListener("click", () => ask.create());
$("#another").addEventListener("submit", event => {
  event.preventDefault();
  const { from, to } = event.target.elements;
  const pair = `${from.value}:${to.value}`;
  if (!another.includes(pair)) another.push(pair);
  news.anew();
  $("#labels-heading").focus();
});

// The objects that can be chosen; the lists are made anew only if they are others.
function choose(all) {
  const text = JSON.stringify(all);
  if (text === choices) return;
  choices = text;
  for (const select of document.querySelectorAll("select[name=from], select[name=to]")) {
    const { value } = select;
    select.replaceChildren(...all.map(object => h("option", { value: object.name }, flat(object.title))));
    select.value = all.some(object => object.name === value) ? value : select.name === "from" ? "contacts" : "companies";
  }
}

function objects({ objects: all, pairs }) {
  const used = new Map();
  for (const pair of pairs) for (const end of new Set([pair.from, pair.to])) used.set(end, (used.get(end) ?? 0) + pair.labels);
  const shown = all.filter(object => object.custom || used.has(object.name)).map(object => ({ ...object, labels: used.get(object.name) ?? 0 }));
  keep($("#objects"), shown, {
    key: object => object.name,
    quiet: true,
    make: () => h("li", {}, h("bdi", {}), " ", h("code", {}), " ", h("span", { class: "soft" })),
    update: (element, object) => {
      element.children[0].textContent = object.title;
      element.children[1].textContent = object.id;
      element.children[2].textContent = `${object.custom ? "custom, " : ""}${count(object.labels, "label")}`;
    },
  });
}

// Tells those who listen what has changed; one sentence in two seconds, for all that happened.
const unsaid = { added: 0, changed: 0, removed: 0 };
let saying = null;
function say(counts) {
  for (const kind in counts) unsaid[kind] += counts[kind];
  if (saying !== null || !Object.values(unsaid).some(Boolean)) return;
  saying = setTimeout(() => {
    const words = Object.entries(unsaid).filter(([, number]) => number).map(([kind, number]) => `${number} ${kind}`);
    $("#said").textContent = `Association types: ${words.join(", ")}.`;
    for (const kind in unsaid) unsaid[kind] = 0;
    saying = null;
  }, 2000);
}
