// Dispositions by keyboard: a number chooses what to make of the entry in which the keyboard is.
"use strict";

(() => {
  const form = () => document.activeElement.closest(".trail > li")?.querySelector(".disposing");

  const decide = (place) => {
    const here = form();
    const button = here?.querySelectorAll("button")[place];
    if (!button) {
      return;
    }
    const fold = here.closest("details");
    if (fold) {
      fold.open = true;
    }
    if (place === 0 || here.note.value.trim()) {
      button.click();
    } else {
      here.note.required = true;
      here.dataset.verdict = button.value;
      here.note.focus();
    }
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const note = event.target.closest(".disposing input[name='note']");
    if (note && event.key === "Enter") {
      event.preventDefault();
      note.form.querySelector(`button[value="${note.form.dataset.verdict || ""}"]`)?.click();
    } else if (note && event.key === "Escape") {
      note.closest(".trail > li").querySelector("a").focus();
    } else if (!event.target.closest("input, select, textarea") && "1234".includes(event.key)) {
      event.preventDefault();
      decide(Number(event.key) - 1);
    }
  });

  // After a decision the address leads to the next entry that waits for one. Once it has scrolled there, the browser
  // takes the keyboard away from everything, so it is put there afterwards.
  if (location.hash.startsWith("#entry-")) {
    addEventListener("load", () => setTimeout(() => document.querySelector(`${location.hash} a`)?.focus()));
  }
})();
