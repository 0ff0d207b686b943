// Lets a second press within a second pass unheard: a double click is one act. The button stays
// live, and the server makes one purchase of however many arrive.
const PAUSE = 1000;

for (const form of document.querySelectorAll('[data-module~="once"]')) {
  let pressed = -PAUSE;

  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.timeStamp - pressed < PAUSE) event.preventDefault();
    else pressed = event.timeStamp;
  });
}
