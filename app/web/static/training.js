// Keeps what a reader has opened, zoomed or focused while parts of the page are swapped.
"use strict";
(() => {
  const opened = new Map();
  const drawn = new Map();
  let focused;

  document.addEventListener("toggle", ({ target }) => {
    if (target.id) opened.set(target.id, target.open);
  }, true);

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    focused = document.activeElement;
    drawn.clear();
    for (const figure of detail.target.querySelectorAll("figure.plot"))
      if (figure.querySelector(".js-plotly-plot")) drawn.set(figure.dataset.title, figure);
  });

  // A plot that Plotly has drawn stays, and is told its new data.
  const update = (figure) => {
    const known = drawn.get(figure.dataset.title);
    if (!known || known.isConnected) return;
    const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    figure.replaceWith(known);
    known.dispatchEvent(new CustomEvent("plot:refresh", { detail: data }));
  };

  document.addEventListener("htmx:afterSwap", () => {
    document.querySelectorAll("figure.plot").forEach(update);
    for (const [id, isOpen] of opened) {
      const details = document.getElementById(id);
      if (details) details.open = isOpen;
    }
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  });
})();
