// Keeps the order in step with the choices: asks the server for the same page and puts in what it
// worked out. The button marked data-holds waits for the new figures; where they do not come, the
// button marked data-updates is there again, as it is without a script.
const TYPING = 250;
// A page in a frame has a visit of its own, and says so.
const headers = window === window.top ? {} : { "X-In-Frame": "1" };

function start(form) {
  const holds = form.querySelector("[data-holds]");
  const updates = form.querySelector("[data-updates]");
  const announce = form.querySelector("[data-announce]");
  let timer, asking, pressed;

  const total = () => form.querySelector("[data-total]")?.textContent ?? "";

  // Where there is no total any more, the notice about tax says why.
  function news() {
    if (total()) return `${announce.dataset.announce} ${total()}`;
    return form.querySelector("#tax")?.textContent.trim() ?? "";
  }

  function hold(held) {
    if (held) holds?.setAttribute("aria-disabled", "true");
    else holds?.removeAttribute("aria-disabled");
    form.classList.toggle("is-pending", held);
  }

  function address() {
    const chosen = new FormData(form);
    ["csrf_token", "quote"].forEach((name) => chosen.delete(name));
    return `${form.getAttribute("action")}?${new URLSearchParams(chosen)}`;
  }

  function put(page) {
    for (const fresh of page.querySelectorAll("[data-live]")) {
      const shown = document.getElementById(fresh.id);
      if (shown && !shown.contains(document.activeElement)) {
        shown.replaceChildren(...fresh.childNodes);
      }
    }
  }

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    const before = total();
    try {
      const answer = await fetch(address(), { signal, headers });
      if (answer.redirected || answer.status >= 500) throw new Error(answer.statusText);
      const text = await answer.text();
      // Something was chosen meanwhile, which this answer does not know.
      if (signal.aborted) return;
      put(new DOMParser().parseFromString(text, "text/html"));
    } catch (error) {
      if (error.name === "AbortError") return;
      if (updates) updates.hidden = false;
    }
    if (signal.aborted) return;
    hold(false);
    if (total() !== before) announce.textContent = news();
    else if (pressed) form.requestSubmit(pressed);
    pressed = undefined;
  }

  form.addEventListener("input", (event) => {
    hold(true);
    asking?.abort();
    clearTimeout(timer);
    timer = setTimeout(ask, event.target.matches("input:not([type=radio])") ? TYPING : 0);
  });

  form.addEventListener("submit", (event) => {
    if (updates && event.submitter === updates && updates.hidden) {
      event.preventDefault();
      hold(true);
      clearTimeout(timer);
      ask();
    } else if (event.submitter?.getAttribute("aria-disabled")) {
      event.preventDefault();
      pressed = event.submitter;
    }
  });

  if (updates) updates.hidden = true;
}

for (const form of document.querySelectorAll('[data-module~="live"]')) start(form);
