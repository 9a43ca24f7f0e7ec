// Has the picture of a network be saved as it is folded, in the colours of the page.
"use strict";
(() => {
  const looks = ["fill", "stroke", "stroke-width", "font-family", "font-size", "font-weight", "text-anchor"];
  const sharpness = 2; // pixels of a PNG for each of the page's
  const most = 16_000; // pixels of a side: browsers draw no larger ones
  const head = document.querySelector("[data-picture]");
  const shown = () => document.querySelector("#picture svg");

  // A copy that needs no style sheet, and leads nowhere.
  const standalone = (svg) => {
    const copy = svg.cloneNode(true);
    const copies = copy.querySelectorAll("*");
    for (const [place, element] of svg.querySelectorAll("*").entries()) {
      const style = getComputedStyle(element);
      for (const name of looks) copies[place].setAttribute(name, style.getPropertyValue(name));
      copies[place].removeAttribute("href");
    }
    const ground = document.createElementNS(copy.namespaceURI, "rect");
    const fill = getComputedStyle(svg.closest(".canvas")).backgroundColor;
    for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill })) ground.setAttribute(name, value);
    copy.prepend(ground);
    return copy;
  };
  const addressed = (blob) => URL.createObjectURL(blob);
  const asSvg = (svg) => addressed(new Blob([new XMLSerializer().serializeToString(standalone(svg))], { type: "image/svg+xml" }));
  const asPng = async (svg) => {
    const source = asSvg(svg);
    const image = new Image();
    image.src = source;
    await image.decode();
    URL.revokeObjectURL(source);
    const scale = Math.min(sharpness, most / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = image.width * scale;
    canvas.height = image.height * scale;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return addressed(await new Promise((resolve) => canvas.toBlob(resolve, "image/png")));
  };
  head.append(pictures.buttons(head.dataset.picture, (format) => ({ png: asPng, svg: asSvg })[format](shown())));
})();
