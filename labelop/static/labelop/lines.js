// The keyboard on the trail and in lists: everything it does can be done without it, by links and fields.
"use strict";

(() => {
  const lines = () => [...document.querySelectorAll(".lines-of-trail > li:not(.part), #result_list tbody tr")];
  const search = document.querySelector("#q, #searchbar");

  const here = () => lines().findIndex((line) => line.contains(document.activeElement));

  const go = (step) => {
    const all = lines();
    const now = here();
    const next = now < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(now + step, 0), all.length - 1);
    all[next]?.querySelector("a")?.focus();
    all[next]?.scrollIntoView({ block: "nearest" });
  };

  const open = () => {
    const line = lines()[here()];
    const act = line?.querySelector("details");
    if (act) {
      act.open = !act.open;
    } else {
      line?.querySelector("a")?.click();
    }
  };

  const turn = (name) => document.querySelector(`.paging a[data-page="${name}"]`)?.click();

  const keys = {
    j: () => go(1),
    k: () => go(-1),
    o: open,
    "]": () => turn("older"),
    "[": () => turn("newest"),
    "/": () => search?.select(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) {
      return;
    }
    const act = keys[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
})();
