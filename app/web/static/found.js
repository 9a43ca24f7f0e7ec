// The page of a search: follows one that goes on, and turns a zoom of the plot into filters.
"use strict";
(() => {
  const follow = (section) => {
    const found = section.querySelector("[data-found]");
    const best = section.querySelector("[data-best]");
    const events = new EventSource(section.dataset.events);
    events.addEventListener("progress", ({ data }) => {
      const now = JSON.parse(data);
      found.textContent = now.found.toLocaleString("en");
      if (now.best != null) best.textContent = `; the best so far ${now.best.toLocaleString("en")}`;
    });
    events.addEventListener("end", () => { events.close(); location.reload(); });
  };

  const filterBy = (form, { x0, x1, y0, y1 }) => {
    const set = (place, column, low, high) => {
      form.elements[`by${place}`].value = column;
      form.elements[`from${place}`].value = Number(low.toPrecision(6));
      form.elements[`to${place}`].value = Number(high.toPrecision(6));
    };
    set(2, form.elements.x.value, x0, x1);
    set(3, form.elements.y.value, y0, y1);
    form.requestSubmit();
  };

  for (const section of document.querySelectorAll("[data-events]")) follow(section);
  const form = document.querySelector("form[data-view]");
  const zoomed = document.querySelector("[data-zoomed]");
  if (form && zoomed) {
    let ranges;
    document.addEventListener("plot:zoom", ({ detail }) => { ranges = detail; zoomed.hidden = false; });
    zoomed.querySelector("button").addEventListener("click", () => filterBy(form, ranges));
    for (const select of form.querySelectorAll("#x, #y, #colour"))
      select.addEventListener("change", () => form.requestSubmit());
  }
})();
