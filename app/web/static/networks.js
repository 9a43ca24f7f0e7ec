// Folds and unfolds blocks in place: the picture and the table are asked for anew, and swapped.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.fold");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const address = link.getAttribute("href");
  htmx.ajax("GET", location.pathname + address, {
    source: link, target: "#picture", select: "#picture", swap: "outerHTML",
    selectOOB: "#layers,#depths", push: location.pathname + address,
  });
});
