// The journal of requests: the last 500, filtered and paused as a person likes.
import { count, flash, flat, h } from "./dom.js";

const MOST = 500;
const KINDS = [["", "Every answer"], ["2", "2xx, done"], ["4", "4xx, refused"], ["5", "5xx, failed"], ["-", "No answer"], ["fault", "Met a fault"]];

export function journal(section) {
  const rows = h("tbody", { role: "rowgroup" });
  const filter = h("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  const status = h("select", {}, ...KINDS.map(([value, text]) => h("option", { value }, text)));
  const told = h("p", { class: "soft" });
  const pause = h("button", { type: "button", "aria-pressed": "false" }, "Pause");
  const heads = ["Time", "Portal", "Request", "Status", "ms"];
  section.append(
    h("div", { class: "bar" }, h("h2", { id: "journal-heading", tabindex: "-1" }, "Journal of requests"), pause),
    h("div", { class: "bar filters" }, h("label", {}, "Find a request ", filter), h("label", {}, "Answer ", status)),
    told,
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Requests, newest first" },
      h("table", { class: "journal", role: "table", "aria-labelledby": "journal-heading" },
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...heads.map(text => h("th", { role: "columnheader", scope: "col" }, text)))),
        rows)),
  );
  let waiting = [], paused = false, first = true;

  function matches(row) {
    const wanted = filter.value.trim().toLowerCase(), { text, record } = row;
    const kind = status.value, code = record.status === null ? "-" : String(record.status);
    return text.includes(wanted) && (kind === "fault" ? record.fault !== null : code.startsWith(kind));
  }

  // What a person has asked for is told to those who listen; that requests come is not.
  function tell(asked = false) {
    const seen = [...rows.children].filter(row => !row.hidden).length, all = rows.children.length;
    const what = seen === all ? count(all, "request") : `${seen} of ${count(all, "request")}`;
    const text = paused ? `${what}; paused, ${waiting.length} more came since` : all === MOST ? `the last ${what}` : what;
    told.setAttribute("aria-live", asked ? "polite" : "off");
    if (told.textContent !== text) told.textContent = text;
  }

  function sift() {
    for (const row of rows.children) row.hidden = !matches(row);
    tell(true);
  }

  function show(records) {
    const made = records.slice(-MOST).map(make);
    for (const row of made) row.hidden = !matches(row);
    rows.prepend(...made.toReversed());
    while (rows.children.length > MOST) rows.lastChild.remove();
    if (!first) made.forEach(flash);
  }

  filter.addEventListener("input", sift);
  status.addEventListener("change", sift);
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    if (!paused) show(waiting.splice(0));
    tell(true);
  });

  return ({ oldest, records }, another) => {
    if (another) rows.replaceChildren();
    while (rows.lastChild && rows.lastChild.record.number < oldest) rows.lastChild.remove();
    waiting = another ? [] : waiting.filter(record => record.number >= oldest);
    if (paused) waiting = [...waiting, ...records].slice(-MOST);
    else show(records);
    first = false;
    tell();
  };
}

const two = number => String(number).padStart(2, "0");

// A path may go on in the next line after any slash.
const breakable = path => path.split(/(?<=\/)/).flatMap(part => [part, h("wbr")]);

function make(record) {
  const at = new Date(record.at * 1000);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const path = `${record.path}${record.query ? `?${record.query}` : ""}`;
  const line = [h("span", { class: `method ${record.method.toLowerCase()}` }, record.method), " ", h("span", { class: "path" }, ...breakable(path))];
  const sent = record.body === null ? null : typeof record.body === "string" ? record.body : JSON.stringify(record.body, null, 1);
  const request = sent === null ? h("div", {}, ...line)
    : h("details", {}, h("summary", {}, ...line), h("pre", { tabindex: "0", "aria-label": `Body of request ${record.number}` }, sent));
  if (record.fault) request.append(h("span", { class: "badge bad" }, `fault: ${record.fault}`));
  const code = record.status === null ? "broken" : String(record.status);
  const cell = (...children) => h("td", { role: "cell" }, ...children);
  const row = h("tr", { role: "row" },
    cell(time), cell(record.portal_id === null ? "—" : String(record.portal_id)), cell(request),
    cell(h("span", { class: `status s${code[0]}` }, code)), cell((record.duration * 1000).toFixed(1)));
  row.record = record;
  row.text = flat(`${record.method} `).toLowerCase() + ` ${path} ${record.operation} ${code} ${record.fault ?? ""} ${sent ?? ""}`.toLowerCase();
  return row;
}
