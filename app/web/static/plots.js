// Has Plotly draw the plots of a page where the server's drawings stand, once they are seen.
// Events: "plot:refresh" on a figure gives it new data, or asks its source anew without any;
// "plot:zoom" tells of new ranges.
"use strict";
(() => {
  const library = document.currentScript.dataset.plotly;
  const known = new WeakSet();
  const narrow = 560;
  let loading;

  const load = () => (loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = library;
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
    document.head.append(script);
  }));

  // "var(--c1) 0.16" as a colour that Plotly knows.
  const probe = document.createElement("span");
  const painted = (text) => {
    const [, variable, alpha] = /^(var\(--\w+\))(?: ([\d.]+))?$/.exec(text) ?? [];
    if (!variable) return text;
    probe.style.color = variable;
    const colour = getComputedStyle(probe).color;
    return alpha ? colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`) : colour;
  };
  const dressed = (value) => {
    if (typeof value === "string") return value.startsWith("var(") ? painted(value) : value;
    if (Array.isArray(value)) return value.length && typeof value[0] === "number" ? value : value.map(dressed);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, dressed(inner)]));
  };

  const axis = {
    gridcolor: "var(--line)", linecolor: "var(--line)", zeroline: false, automargin: true,
    exponentformat: "SI", separatethousands: true,
  };
  // Plotly would write halves on short axes of whole numbers; `ranges` are those that are seen.
  const short = 9;
  const stepped = (given, ranges) => {
    const axes = {};
    for (const name of given.meta.whole) {
      const [low, high] = ranges[name]?.range ?? given[name].range;
      const isShort = given[name].type === "linear" && high - low < short;
      axes[name] = { ...given[name], dtick: isShort ? 1 : null };
    }
    return { ...given, ...axes };
  };
  const layout = (given, width) => dressed({
    ...given,
    xaxis: { ...axis, nticks: width < narrow ? 5 : 9, ...given.xaxis },
    yaxis: { ...axis, ...given.yaxis },
    font: { family: "system-ui, sans-serif", size: width < narrow ? 12 : 13, color: "var(--ink)" },
    paper_bgcolor: "var(--card)", plot_bgcolor: "var(--card)",
    hoverlabel: { align: "left" }, hovermode: "closest",
    legend: { orientation: "h", x: 0, y: 0, yref: "container", yanchor: "bottom", itemsizing: "constant" },
    margin: { l: 8, r: 12, t: 26, b: 8 },
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
  });
  const config = {
    showSendToCloud: false, displaylogo: false, responsive: true,
    modeBarButtonsToRemove: ["toImage", "select2d", "lasso2d", "autoScale2d"],
  };

  const asked = async (figure, ranges) => {
    const url = new URL(figure.dataset.source, location.href);
    for (const [name, value] of Object.entries(ranges ?? {})) url.searchParams.set(name, value);
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`${answer.status} from ${url.pathname}`);
    return answer.json();
  };
  const given = async (figure) => {
    const data = figure.querySelector("script[type='application/json']");
    return data ? JSON.parse(data.textContent) : asked(figure);
  };

  const zoomed = (layout) => {
    const ends = {};
    for (const [name, { range, type }] of [["x", layout.xaxis], ["y", layout.yaxis]])
      range.forEach((end, place) => { ends[name + place] = type === "log" ? 10 ** end : end; });
    return ends;
  };

  const image = (plot) => (format) => {
    const { width, height } = plot.getBoundingClientRect();
    return window.Plotly.toImage(plot, { format, width, height, scale: format === "png" ? 2 : 1 });
  };

  // As high as the drawing; on narrow screens, names of series stand below each other.
  const heightOf = ({ clientWidth, clientHeight }, { data }) => {
    const named = clientWidth < narrow ? data.filter(({ showlegend }) => showlegend !== false).length : 0;
    return Math.max(clientHeight, 360 + Math.min(named, 14) * 24);
  };

  const draw = async (figure) => {
    const [Plotly, first] = await Promise.all([load(), given(figure)]);
    const drawing = figure.querySelector(".drawing");
    const plot = document.createElement("div");
    let shown = first;
    figure.append(probe);
    plot.style.height = `${heightOf(drawing, first)}px`;
    plot.className = "drawing";
    drawing.replaceWith(plot);
    const width = plot.clientWidth;
    // Ranges that a source has answered count; without one, those that a reader has chosen stay.
    const uirevision = figure.dataset.source ? null : "kept";
    const redraw = () => {
      const seen = figure.dataset.source ? {} : plot.layout ?? {};
      const whole = stepped(shown.layout, seen);
      return Plotly.react(plot, dressed(shown.data), layout({ uirevision, ...whole }, width), config);
    };
    const ask = async (ranges) => { shown = await asked(figure, ranges); await redraw(); };
    await redraw();
    figure.append(pictures.buttons(figure.dataset.title, image(plot)));
    plot.on("plotly_click", ({ points }) => {
      const to = points[0].customdata;
      if (typeof to === "string") location.assign(to);
    });
    plot.on("plotly_relayout", (change) => {
      if (!Object.keys(change).some((name) => /^[xy]axis\.(range|autorange)/.test(name))) return;
      const ranges = zoomed(plot.layout);
      figure.dispatchEvent(new CustomEvent("plot:zoom", { detail: ranges, bubbles: true }));
      return figure.dataset.source ? ask(ranges) : redraw();
    });
    figure.addEventListener("plot:refresh", ({ detail }) => {
      if (!detail) return ask();
      shown = detail;
      return redraw();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  };

  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      draw(target).catch((error) => console.warn(`The server's drawing stays: ${error}`));
    }
  }, { rootMargin: "200px" });
  const watch = (within) => {
    for (const figure of within.querySelectorAll("figure.plot")) {
      if (known.has(figure)) continue;
      known.add(figure);
      seen.observe(figure);
    }
  };
  watch(document);
  document.body.addEventListener("htmx:load", ({ target }) => watch(target));
})();
