// Looks again while a payment is being confirmed, and says politely when something has changed.
const SOON = 2000;
const LATER = 5000;
const PATIENCE = 30000;
// A page in a frame has a visit of its own, and says so.
const headers = window === window.top ? {} : { "X-In-Frame": "1" };

const page = document.querySelector('[data-module="watch"]');
const announce = document.querySelector("[data-announce]");
const began = performance.now();

async function look() {
  try {
    const answer = await fetch(location.href, { headers });
    if (answer.ok && !answer.redirected) show(await answer.text());
  } catch {
    // The network is away; the next look may find it.
  }
  if (page.querySelector("[data-waits]")) wait();
}

function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const status = (root) => root.querySelector("[data-status]")?.dataset.status;
  if (status(fresh) === status(page)) return;
  page.replaceChildren(...fresh.querySelector('[data-module="watch"]').childNodes);
  document.title = fresh.title;
  announce.textContent = page.querySelector("h1").textContent;
}

function wait() {
  setTimeout(look, performance.now() - began < PATIENCE ? SOON : LATER);
}

if (page.querySelector("[data-waits]")) wait();
