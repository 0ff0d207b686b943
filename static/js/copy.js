// Offers to copy what a field holds; without a script the field can be copied from by hand.
for (const button of document.querySelectorAll('[data-module~="copy"]')) {
  const field = document.getElementById(button.dataset.copies);
  const said = document.getElementById(button.dataset.says);

  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = button.dataset.done;
    } catch {
      // It is selected; the person copies it.
    }
  });
}
