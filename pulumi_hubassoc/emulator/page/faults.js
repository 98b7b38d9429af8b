// Faults: which are armed, and a form to arm common ones. Any other can be armed over the control plane.
import { $, h, keep } from "./dom.js";
import { form, send } from "./live.js";

const COMMON = {
  lost_answer: ["The answer is lost, the change is made", {}],
  reset: ["The connection breaks, nothing is done", {}],
  unavailable: ["503, nothing is done", { kind: "status", status: 503 }],
  rate_limit: ["429, too many requests", {}],
  slow: ["The answer takes 2 seconds", { seconds: 2 }],
  stale: ["Lists are one change behind", {}],
  html: ["502, a gateway's HTML page", {}],
  malformed: ["The answer is no JSON", {}],
  locked: ["423, locked", {}],
  unauthorized: ["401, the token has expired", {}],
  forbidden: ["403, a scope is missing", {}],
};
const REQUESTS = [["", "Every request"], ["read", "Reads"], ["write", "Writes"],
  ...["list_labels", "create_label", "update_label", "delete_label", "list_all_limits", "list_limits", "create_limits", "update_limits", "purge_limits", "account", "schema"].map(name => [name, name])];

export function faults(portalId) {
  const element = $("#arm");
  element.elements.kind.append(...Object.entries(COMMON).map(([value, [text]]) => h("option", { value }, text)));
  element.elements.operation.append(...REQUESTS.map(([value, text]) => h("option", { value }, text)));
  form(element, sent => {
    const kind = sent.get("kind"), count = sent.get("count");
    return send("POST", "/faults", {
      kind, portal_id: portalId, operation: sent.get("operation") || null, count: count ? Number(count) : null, ...COMMON[kind][1],
    });
  });
  return armed => {
    $("#no-faults").hidden = armed.length > 0;
    keep($("#faults"), armed, { key: fault => fault.number, make, update });
  };
}

function make(fault) {
  const disarm = h("button", { type: "button", onclick: () => send("DELETE", `/faults/${fault.number}`).catch(() => {}) }, "Disarm");
  return h("li", {}, h("span", {}), disarm);
}

function update(element, fault) {
  const known = Object.values(COMMON).find(([, more]) => more.kind === fault.kind && more.status === fault.status) ?? COMMON[fault.kind];
  const what = known?.[0] ?? `${fault.kind}${fault.status ? ` ${fault.status}` : ""}`;
  const which = REQUESTS.find(([name]) => name === (fault.operation ?? ""))?.[1] ?? fault.operation;
  const where = fault.portal_id === null ? ", every portal" : "";
  const left = fault.left === null ? "until disarmed" : `${fault.left} left`;
  const text = `${what} — ${which.toLowerCase()}${where}; ${left}, struck ${fault.struck}`;
  element.firstChild.textContent = text;
  element.lastChild.setAttribute("aria-label", `Disarm: ${what}`);
}
