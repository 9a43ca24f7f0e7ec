// Keeps what a reader has opened or looks at while parts of the page are swapped.

const opened = new Map();

document.addEventListener("toggle", (event) => {
  if (event.target.id) opened.set(event.target.id, event.target.open);
}, true);

document.addEventListener("htmx:beforeSwap", (event) => {
  const part = event.detail.target;
  // A plot under the pointer is being read; the next change, or the end, brings it up to date.
  if (part.id === "results" && part.querySelector("figure:hover")) event.detail.shouldSwap = false;
});

document.addEventListener("htmx:afterSwap", () => {
  for (const [id, isOpen] of opened) {
    const details = document.getElementById(id);
    if (details) details.open = isOpen;
  }
});
