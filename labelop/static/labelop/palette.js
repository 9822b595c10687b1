// Ctrl-K finds anything by a few words, "?" tells the keys. Without it the same stands behind the link "Find".
"use strict";

(() => {
  const palette = document.getElementById("palette");
  const keys = document.getElementById("keys");
  const form = palette.querySelector("form");
  const words = palette.querySelector("[role=combobox]");
  const list = palette.querySelector("[role=listbox]");
  const status = palette.querySelector("[role=status]");
  let asked = 0;
  let waiting = 0;
  let chosen = -1;

  const choose = (place) => {
    const options = [...list.children];
    chosen = options.length ? (place + options.length) % options.length : -1;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === chosen)));
    words.setAttribute("aria-activedescendant", options[chosen]?.id ?? "");
    options[chosen]?.scrollIntoView({ block: "nearest" });
  };

  const option = (jump, index) => {
    const line = document.createElement("li");
    const beside = document.createElement("span");
    beside.className = "quiet";
    beside.textContent = jump.beside ? `${jump.kind} · ${jump.beside}` : jump.kind;
    line.id = `jump-${index}`;
    line.setAttribute("role", "option");
    line.append(jump.label, " ", beside);
    line.addEventListener("click", () => location.assign(jump.address));
    return line;
  };

  const show = (jumps, said) => {
    list.replaceChildren(...jumps.map(option));
    words.setAttribute("aria-expanded", String(jumps.length > 0));
    status.textContent = said;
    choose(0);
  };

  const ask = async () => {
    const mine = ++asked;
    const address = `${form.action}?${new URLSearchParams(new FormData(form))}`;
    const answer = fetch(address, { headers: { Accept: "application/json" }, redirect: "error" });
    const jumps = await answer.then((found) => found.json()).then((found) => found.jumps, () => null);
    if (mine === asked) {
      show(jumps ?? [], jumps ? `${jumps.length} found` : "No answer. Are you still logged in?");
    }
  };

  const find = () => {
    if (!palette.open) {
      keys.close();
      palette.showModal();
      words.select();
      ask();
    }
  };

  palette.addEventListener("close", () => words.blur());

  words.addEventListener("input", () => {
    // Until the answer comes nothing is chosen: Enter then leads to the page that finds.
    list.replaceChildren();
    choose(-1);
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  });

  words.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      choose(chosen + step);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      list.children[chosen].click();
    }
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      find();
    } else if (event.key === "?" && !palette.open && !event.target.closest("input, select, textarea")) {
      keys.open ? keys.close() : keys.showModal();
    }
  });

  document.getElementById("find").addEventListener("click", (event) => {
    event.preventDefault();
    find();
  });
})();
