// Moves focus to the list of problems, so that it is read first and never missed.
document.querySelector('[data-module="problems"]')?.focus();
