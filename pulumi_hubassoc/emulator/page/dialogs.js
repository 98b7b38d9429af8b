// What a person does in HubSpot's settings: the dialogs, and what they send.
import { $, h, told } from "./dom.js";
import { nameOf } from "./labels.js";
import { form, open, send } from "./live.js";

export function dialogs(portalId) {
  const drift = (action, body) => send("POST", `/portals/${portalId}/drift/${action}`, body);
  const [create, rename, limit, remove] = ["create", "rename", "limit", "delete"].map(name => $(`#${name}-dialog`));
  const field = (dialog, name) => $("form", dialog).elements[name];
  let type = null; // that the open dialog is about

  form($("form", create), sent => drift("create_label", {
    from_object_type: sent.get("from"), to_object_type: sent.get("to"), label: sent.get("label"),
    inverse_label: sent.get("inverse") || null, name: sent.get("name") || null,
  }));

  form($("form", rename), () => {
    const [label, inverse_label] = ["there", "back"].map(name => written(field(rename, name)));
    return drift("rename_label", { type_id: type.there.typeId, label, ...(type.back ? { inverse_label } : {}) });
  });

  form($("form", limit), async () => {
    for (const name of limited(type)) {
      const side = type[name], { value } = field(limit, name), wanted = value === "" ? null : Number(value);
      if (wanted === side.max) continue;
      const { category } = type, { from, to, typeId } = side;
      if (wanted === null) await drift("remove_limit", { category, type_id: typeId });
      else await drift("set_limit", { from_object_type: from, to_object_type: to, type_id: typeId, max_to_object_ids: wanted, category });
      side.max = wanted;
    }
  });

  form($("form", remove), () => drift("delete_label", { type_id: type.there.typeId }));

  function about(dialog, which) {
    type = structuredClone(which);
    for (const place of dialog.querySelectorAll(".what")) place.replaceChildren(told(nameOf(type)));
    open(dialog);
  }

  // Shows a field for each of some sides, with a value and with words around the objects of the side.
  function fields(dialog, which, sides, value, words) {
    for (const name of ["there", "back"]) {
      const input = field(dialog, name), row = input.closest("label");
      row.hidden = input.disabled = !sides.includes(name);
      if (input.disabled) continue;
      const side = which[name], [from, to] = [side.from, side.to].map(end => told(which.titles[end]));
      input.was = value(side);
      input.value = input.was ?? "";
      input.shown = input.value;
      $(".way", row).replaceChildren(...words(from, to), `, id ${side.typeId}`);
    }
    about(dialog, which);
  }

  return {
    create() {
      for (const name of ["label", "inverse", "name"]) field(create, name).value = "";
      open(create);
    },
    rename: which => fields(rename, which, which.back ? ["there", "back"] : ["there"], side => side.text, (from, to) => [from, " → ", to]),
    limits: which => fields(limit, which, limited(which), side => side.max, (from, to) => ["At most so many ", to, " per record of ", from]),
    remove(which) {
      $("#delete-what").replaceChildren(...taken(which).map(text => h("li", {}, text)));
      about(remove, which);
    },
  };
}

// A field that was not touched leaves its text as it is: a line break, say, does not survive being shown in a field.
const written = input => input.value === input.shown ? input.was : input.value;

// The sides whose limits can be set: a symmetric type has one limit for both.
const limited = type => type.symmetric || !type.back ? ["there"] : ["there", "back"];

function taken({ there, back, inUse }) {
  const limits = [there, back].filter(side => side && side.max !== null).map(side => `≤ ${side.max}`);
  return [
    back ? `Both directions go: type ids ${there.typeId} and ${back.typeId}, which will never come again.` : `Type id ${there.typeId} goes and will never come again.`,
    limits.length ? `Its limits go with it: ${limits.join(" and ")}.` : "It has no limits.",
    inUse ? "Records carry it; they lose it." : "No record carries it.",
    "A stack that manages it makes a new one when it next refreshes and goes up.",
  ];
}
