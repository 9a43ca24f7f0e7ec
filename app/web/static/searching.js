// Edits a network in a table. The text is what counts: each change is written into it, the server
// checks it, and sends the table anew.
"use strict";

const text = document.getElementById("architecture");
const table = document.getElementById("network");
const file = document.getElementById("file");
const check = document.getElementById("check");
let changes = 0; // of the text, to tell a table that is late
let asked = 0; // the change that the table was asked for
let next = null; // the id of what is focused in the next table

// The document as it is written: a line for each layer, as in the examples.
function written(document) {
  if (!Array.isArray(document.layers)) return JSON.stringify(document, null, 2);
  const spaced = (value) => JSON.stringify(value, null, 1).replace(/\n\s*/g, " ").replace(/([[{]) | ([\]}])/g, "$1$2");
  const lines = Object.entries(document).filter(([key]) => key !== "layers")
    .map(([key, value]) => `  ${JSON.stringify(key)}: ${spaced(value)}`);
  const layers = document.layers.map((layer) => `    ${spaced(layer)}`).join(",\n");
  return `{\n${[...lines, `  "layers": [\n${layers}\n  ]`].join(",\n")}\n}`;
}

// Changes the network in the text; text that is no JSON is left alone.
function change(edit) {
  let document;
  try { document = JSON.parse(text.value); } catch { return; }
  const network = document.architecture ?? document;
  edit(network, network.layers);
  text.value = written(network);
  text.dispatchEvent(new Event("input", { bubbles: true }));
}

// What a cell means: text for names, a list for inputs, JSON for all else that is JSON.
function meant(field, typed) {
  if (field === "name" || field === "type" || field === "shares") return typed;
  if (field === "inputs" && !typed.startsWith("[")) return typed.split(",").map((name) => name.trim());
  try { return JSON.parse(typed); } catch { return typed; }
}

function set(object, field, typed) {
  if (typed.trim() === "") delete object[field];
  else object[field] = meant(field, typed.trim());
}

const moves = {
  up: (layers, at) => { [layers[at - 1], layers[at]] = [layers[at], layers[at - 1]]; return `layer-${at - 1}-up`; },
  down: (layers, at) => { [layers[at + 1], layers[at]] = [layers[at], layers[at + 1]]; return `layer-${at + 1}-down`; },
  insert: (layers, at) => { layers.splice(at + 1, 0, { type: "relu" }); return `layer-${at + 1}-type`; },
  append: (layers) => { layers.push({ type: "relu" }); return `layer-${layers.length - 1}-type`; },
  remove: (layers, at) => { layers.splice(at, 1); return `layer-${Math.min(at, layers.length - 1)}-remove`; },
};

function enable() {
  for (const input of table.querySelectorAll("[readonly]")) input.readOnly = false;
  for (const select of table.querySelectorAll("select")) select.disabled = false;
  for (const part of table.querySelectorAll(".edit")) part.hidden = false;
  if (next) document.getElementById(next)?.focus();
  next = null;
}

table.addEventListener("input", ({ target }) => {
  const { field, image } = target.dataset;
  const place = target.closest("tr")?.dataset.place;
  change((network, layers) => {
    if (image) set(network.input ??= {}, image, target.value);
    else if (typeof layers[place] === "object") set(layers[place], field, target.value);
    else layers[place] = { [field]: target.value };
  });
});
table.addEventListener("click", ({ target }) => {
  const move = moves[target.dataset.do];
  if (move) change((_, layers) => { next = move(layers, Number(target.closest("tr")?.dataset.place)); });
});
table.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
});

text.addEventListener("input", () => { changes += 1; });
text.addEventListener("htmx:beforeRequest", () => { asked = changes; });
table.addEventListener("htmx:beforeSwap", (event) => { if (asked !== changes) event.detail.shouldSwap = false; });
table.addEventListener("htmx:afterSwap", enable);

// Shows a text that came at once: a whole request fills in the question, too.
function open(content) {
  text.value = content;
  check.form.requestSubmit(check);
}

async function read(files) {
  if (files.length) open(await files[0].text());
}

file.addEventListener("change", () => read(file.files));
text.addEventListener("paste", () => setTimeout(() => {
  try { if (JSON.parse(text.value).architecture) open(text.value); } catch { /* it is still being written */ }
}));
document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  read(event.dataTransfer.files);
});

file.closest("[hidden]").hidden = false;
check.hidden = true;
enable();
