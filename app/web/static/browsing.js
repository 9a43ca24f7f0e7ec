// Makes filters pleasanter; without it they work, too.
"use strict";

const MOST = 5; // networks that can be compared

// Fields that are empty are left out of the address, so that it stays short enough to be sent.
for (const form of document.querySelectorAll("form.filters")) {
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) {
      if (value === "") event.formData.delete(name);
    }
  });
}

// What cannot be compared cannot be sent.
for (const form of document.querySelectorAll("form.compare")) {
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const button = form.querySelector("button");
  const look = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    for (const box of boxes) box.disabled = !box.checked && chosen >= MOST;
    button.disabled = chosen < 2;
    button.textContent = chosen < 2 ? "Compare" : `Compare ${chosen}`;
  };
  form.addEventListener("change", look);
  look();
}
