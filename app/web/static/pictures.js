// Buttons that save a picture as a file.
"use strict";
const pictures = (() => {
  const kept = 60_000; // milliseconds that a browser may take to begin to save
  const slug = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "picture";
  const save = async (title, format, draw) => {
    const link = document.createElement("a");
    link.href = await draw(format);
    link.download = `${slug(title)}.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), kept);
  };

  // A button for each format; `draw` makes the picture in one, and answers its address.
  const buttons = (title, draw) => {
    const bar = document.createElement("div");
    bar.className = "toolbar";
    for (const format of ["png", "svg"]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = format.toUpperCase();
      button.setAttribute("aria-label", `Download “${title}” as ${format.toUpperCase()}`);
      button.addEventListener("click", () => save(title, format, draw));
      bar.append(button);
    }
    return bar;
  };
  return { buttons };
})();
