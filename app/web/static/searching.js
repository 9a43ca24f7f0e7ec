// Edits a network in a table. The text is what counts: each change is written into it, the server
// checks it, and sends the table anew.
"use strict";

const form = document.getElementById("search");
const text = document.getElementById("architecture");
const table = document.getElementById("network");
const counted = document.getElementById("counted");
const file = document.getElementById("file");
const check = document.getElementById("check");
const PAUSE_MS = 400; // of who types, before the server is asked
const pending = new Map(); // what was asked last for each part of the page
let timer = 0;
let isTableLate = false;
let next = null; // the id of what is focused in the next table

// Has the server make a part of the page anew; whoever asked for it before is answered no more.
async function refresh(part) {
  const asking = new AbortController();
  pending.get(part)?.abort();
  pending.set(part, asking);
  part.classList.add("waiting");
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(part.dataset.source, { method: "POST", body, signal: asking.signal });
    const made = await answer.text();
    if (answer.ok) show(part, made);
    else counted.textContent = `This was not checked: the server answered ${answer.status}.`;
  } catch (error) {
    if (error.name !== "AbortError") counted.textContent = "This was not checked: the server cannot be reached.";
  }
  if (pending.get(part) === asking) part.classList.remove("waiting");
}

// Shows a part; who was writing in it goes on where they were, or at what they have just moved.
function show(part, made) {
  const own = part.contains(document.activeElement) ? document.activeElement : null;
  const { scrollLeft = 0 } = part.querySelector(".scroll") ?? {};
  part.replaceChildren(...new DOMParser().parseFromString(made, "text/html").body.childNodes);
  if (part !== table) return;
  enable();
  const scroll = part.querySelector(".scroll");
  if (scroll) scroll.scrollLeft = scrollLeft;
  const focused = document.getElementById(next ?? own?.id);
  focused?.closest("label")?.classList.add("kept"); // it may just have been emptied
  focused?.focus();
  if (!next && focused?.matches("input")) focused.setSelectionRange(own.selectionStart, own.selectionEnd);
  next = null;
}

// Asks anew once nobody has typed for a while; what is under way would be late.
function changed({ target }) {
  const parts = target === text || table.contains(target) ? [table, counted] : [counted];
  for (const part of parts) pending.get(part)?.abort();
  if (parts.includes(table)) isTableLate = true;
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (isTableLate) refresh(table);
    isTableLate = false;
    refresh(counted);
  }, PAUSE_MS);
}

// JSON on one line, with a space behind each comma and colon.
function line(value) {
  if (Array.isArray(value)) return `[${value.map(line).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const pairs = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${line(inner)}`);
  return `{${pairs.join(", ")}}`;
}

// A network as it is written: a line for each layer, as in the examples.
function written(network) {
  const { layers, ...others } = network;
  const heads = Object.entries(others).map(([key, value]) => `  ${JSON.stringify(key)}: ${line(value)}`);
  const rows = layers.map((layer) => `    ${line(layer)}`).join(",\n");
  return `{\n${[...heads, `  "layers": [\n${rows}\n  ]`].join(",\n")}\n}`;
}

// Changes the network in the text; text that is no JSON is left alone.
function change(edit) {
  let document;
  try { document = JSON.parse(text.value); } catch { return; }
  const network = document.architecture ?? document;
  edit(network, network.layers);
  text.value = document.architecture ? JSON.stringify(document, null, 2) : written(network);
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
}

table.addEventListener("input", ({ target }) => {
  const { field, image } = target.dataset;
  const place = target.closest("tr")?.dataset.place;
  change((network, layers) => {
    if (image) set(network.input instanceof Object ? network.input : (network.input = {}), image, target.value);
    else set(layers[place] instanceof Object ? layers[place] : (layers[place] = {}), field, target.value);
  });
});
table.addEventListener("click", ({ target }) => {
  const move = moves[target.dataset.do];
  if (move) change((_, layers) => { next = move(layers, Number(target.closest("tr")?.dataset.place)); });
});
table.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
});

form.addEventListener("input", changed);

// Shows a text that came at once: a whole request fills in the question, too.
function open(content) {
  text.value = content;
  form.requestSubmit(check);
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
refresh(counted);
