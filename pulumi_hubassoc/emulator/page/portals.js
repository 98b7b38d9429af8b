// The list of portals.
import { $, count, h, keep } from "./dom.js";
import { journal } from "./journal.js";
import { watch } from "./live.js";

const showJournal = journal($("#journal"));

watch(() => [], news => {
  showJournal(news.journal, news.another);
  if (news.portals) keep($("#portals"), news.portals, { key: portal => portal.id, make, update });
});

function make(portal) {
  return h("li", {}, h("a", { href: `/portals/${portal.id}` }), h("p", { class: "soft" }));
}

function update(element, { id, name, type, labels, limits }) {
  element.firstChild.textContent = name ? `${name} (${id})` : `Portal ${id}`;
  element.lastChild.textContent = `${type} · ${count(labels, "label")} · ${count(limits, "limit")}`;
}
