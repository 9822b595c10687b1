// Buttons that copy a text of the page. Without this script the text is there to be selected.
"use strict";

(() => {
  const copied = async (text, place) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Where the browser keeps its clipboard to itself, as on plain HTTP, the text is selected to be copied by hand.
      getSelection().selectAllChildren(place);
      place.scrollIntoView({ block: "center" });
      return document.execCommand("copy");
    }
    return true;
  };

  for (const button of document.querySelectorAll("button[data-copies]")) {
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const place = document.getElementById(button.dataset.copies);
      button.textContent = (await copied(place.textContent, place)) ? "Copied" : "Selected";
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  }
})();
