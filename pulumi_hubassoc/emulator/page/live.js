// News from the emulator, as they come, and what a person does to it.
import { $ } from "./dom.js";

const CONTROL = "/_emulator";
const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
const shown = () => new Promise(resolve => document.addEventListener("visibilitychange", resolve, { once: true }));

// Asks for news for ever, while the page is looked at. `query` is asked each time; `asked.anew()` asks for everything.
export function watch(query, show) {
  let seen = "", start = "", asking = new AbortController();
  const anew = () => { seen = ""; asking.abort(); };
  (async () => {
    for (;;) {
      while (document.hidden) await shown();
      asking = new AbortController();
      try {
        const parameters = new URLSearchParams([...query(), ["seen", seen]]);
        const answer = await fetch(`${CONTROL}/watch?${parameters}`, { signal: asking.signal, cache: "no-store" });
        if (answer.status === 404) return live("This portal is gone", false);
        if (!answer.ok) throw new Error(`${answer.status}`);
        const news = await answer.json();
        show({ ...news, another: start !== "" && start !== news.start });
        [seen, start] = [news.seen, news.start];
        live("Live", true);
        await pause(news.waits ? 250 : 800);
      } catch (error) {
        if (error.name === "AbortError") continue;
        if (!(error instanceof TypeError) && Number.isNaN(Number(error.message))) console.error(error);
        live("Not connected: is the emulator running?", false);
        await pause(1000);
      }
    }
  })();
  return { anew };
}

function live(text, good) {
  const place = $("#live");
  if (place.textContent !== text) place.textContent = text;
  place.classList.toggle("good", good);
}

// Does something on the control plane; an Error says in one sentence why not.
export async function send(method, path, body) {
  let answer;
  try {
    answer = await fetch(CONTROL + path, {
      method,
      headers: { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error("The emulator does not answer: is it running?");
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.message ?? `The emulator said ${answer.status}.`);
  return said;
}

// A form does `act` when it is sent; what goes wrong is said in it. A dialog closes when all went well.
export function form(element, act) {
  const error = $(".error", element), dialog = element.closest("dialog");
  element.addEventListener("submit", async event => {
    event.preventDefault();
    const button = event.submitter ?? $("button", element);
    error.textContent = "";
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    try {
      await act(new FormData(element));
      dialog?.close();
    } catch (failure) {
      error.textContent = failure.message;
    }
    button.removeAttribute("aria-disabled");
  });
  if (dialog) $(".cancel", element).addEventListener("click", () => dialog.close());
}

// Opens a dialog whose form says nothing of an earlier time.
export function open(dialog) {
  $(".error", dialog).textContent = "";
  dialog.showModal();
}
