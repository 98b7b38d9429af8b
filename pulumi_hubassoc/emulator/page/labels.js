// Labels and limits: a section for each pair of objects, a row for each association type, both of its sides in it.
import { $, flat, h, keep, told } from "./dom.js";

const MAKERS = { hubspot: "HubSpot", app: "An app, by API", person: "A person, by hand" };
const HEADS = ["Label and limit", "Name and maker", "Change"];

export function labels(ask) {
  const find = $("#find");
  let titles = {};

  function sift() {
    const wanted = find.value.trim().toLowerCase();
    for (const section of document.querySelectorAll("#pairs > section")) {
      const rows = [...section.querySelectorAll("tbody > tr")];
      for (const row of rows) row.hidden = !row.text.includes(wanted);
      section.hidden = rows.every(row => row.hidden);
    }
  }
  find.addEventListener("input", sift);

  const row = {
    key: type => type.key,
    make: type => makeRow(ask, type),
    update: (element, type) => updateRow(element, type, titles),
  };

  return (pairs, names) => {
    titles = names;
    const counts = { added: 0, changed: 0, removed: 0 };
    $("#none").hidden = pairs.length > 0;
    const first = $("#pairs").kept === undefined, shown = keepSections(pairs, titles);
    for (const pair of pairs) {
      const body = $("tbody", shown.get(pairKey(pair)).element);
      if (!first) body.kept ??= new Map(); // all of a pair that was not there before is new
      const done = keep(body, pair.types, row);
      for (const kind in counts) counts[kind] += done[kind];
    }
    if (find.value) sift();
    return counts;
  };
}

const pairKey = pair => `${pair.from}:${pair.to}`;
export const pairId = pair => `pair-${pair.from}-${pair.to}`;

function keepSections(pairs, titles) {
  const heads = pairs.map(({ from, to, labels, most }) => ({ from, to, labels, most, first: titles[from], second: titles[to] }));
  keep($("#pairs"), heads, {
    key: pairKey,
    quiet: true,
    make: pair => h("section", { "aria-labelledby": pairId(pair) },
      h("h3", { id: pairId(pair), tabindex: "-1" }),
      h("table", { class: "labels", role: "table", "aria-labelledby": pairId(pair) },
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...HEADS.map(text => h("th", { role: "columnheader", scope: "col" }, text)))),
        h("tbody", { role: "rowgroup" }))),
    update: (element, { first, second, labels, most }) => {
      element.firstChild.replaceChildren(told(first), " ↔ ", told(second), " ", h("span", { class: "soft" }, `${labels} of ${most} labels`));
    },
  });
  return $("#pairs").kept;
}

function makeRow(ask, type) {
  const row = h("tr", { role: "row" }, ...HEADS.map(() => h("td", { role: "cell" })));
  const button = (text, act, kind = "") => h("button", { type: "button", class: kind, onclick: () => act(row.type) }, text);
  row.lastChild.append(h("div", { class: "buttons" },
    type.isLabel ? button("Rename", ask.rename) : null, button("Limits", ask.limits), type.isLabel ? button("Delete", ask.remove, "danger-text") : null));
  return row;
}

function updateRow(row, type, titles) {
  row.type = { ...type, titles };
  const sides = [type.there, type.back].filter(Boolean), [label, origin, change] = row.children;
  label.replaceChildren(...sides.map(side => h("div", { class: "side" },
    h("div", { class: "way soft" }, told(titles[side.from]), " → ", told(titles[side.to]), `, id ${side.typeId}`),
    side.text === null ? h("em", {}, "unlabeled") : told(side.text, { class: "text" }),
    h("div", { class: "limit" }, ...limitOf(side)))));
  origin.replaceChildren(...(type.name === null ? [] : [h("code", { class: "name" }, type.name)]),
    h("span", {}, MAKERS[type.madeBy]), h("code", { class: "soft" }, type.category), ...(type.inUse ? [h("span", { class: "badge" }, "on records")] : []));
  for (const button of change.querySelectorAll("button")) button.setAttribute("aria-label", `${button.textContent}: ${nameOf(type)}`);
  row.text = `${sides.map(side => side.text ?? "unlabeled").join(" ")} ${type.name ?? ""} ${type.category}`.toLowerCase();
}

function limitOf({ max, maxBy }) {
  if (max === null) return [h("span", { class: "soft" }, "many")];
  return [h("strong", {}, `≤ ${max}`), ...(maxBy === "person" ? [h("span", { class: "badge" }, "by hand")] : [])];
}

// What a type is called, on one line.
export function nameOf({ there, back }) {
  const texts = [...new Set([there, back].filter(Boolean).map(side => flat(side.text ?? "unlabeled association")))];
  return texts.join(" / ");
}
