"use strict";
// Filters the rows by text and state, and sorts them by a column. The order of the page is the worst first.
const body = document.querySelector("table.matrix tbody"), rows = [...body.rows];
const texts = rows.map(row => row.textContent.toLowerCase());
const search = document.querySelector("input[type=search]"), said = document.querySelector("output");
const states = [...document.querySelectorAll("button[data-state]")];

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = new Set(states.filter(b => b.getAttribute("aria-pressed") === "true").map(b => b.dataset.state));
  let count = 0;
  rows.forEach((row, i) => {
    row.hidden = !shown.has(row.dataset.state) || !words.every(word => texts[i].includes(word));
    count += row.hidden ? 0 : 1;
  });
  said.textContent = count === rows.length ? "" : `${count} of ${rows.length} rows`;
}

search.addEventListener("input", filter);
for (const button of states) button.addEventListener("click", () => {
  button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
  filter();
});

const heads = [...document.querySelectorAll("table.matrix thead th")];
heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => {
  const first = column < 2 ? "ascending" : "descending"; // of numbers the greatest come first
  const again = head.getAttribute("aria-sort") === first, way = (first === "ascending") !== again ? 1 : -1;
  for (const other of heads) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
  const value = row => row.cells[column].dataset.v ?? "";
  const compared = (a, b) => column ? Number(a) - Number(b) : a.localeCompare(b, undefined, { numeric: true });
  const sorted = rows.map(row => [value(row), row]).sort((a, b) => way * compared(a[0], b[0]));
  body.append(...sorted.map(pair => pair[1]));
}));
