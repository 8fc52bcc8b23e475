"use strict";
/* Sorts and filters the batch page, and keeps what is chosen in the address.
   Everything that it shows stands in the page already; it only hides, moves and counts. */
(() => {
  const table = document.querySelector("table.index");
  if (!table) return;
  const $ = (id) => document.getElementById(id);
  const search = $("search"), look = $("only-look");
  const selects = [$("status"), $("named")]; // of tokens; by their names in the address
  const bar = document.querySelector(".state");
  const nothing = document.querySelector(".nothing");
  const heads = [...table.tHead.rows[0].cells];
  const order = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  /* What a cell is sorted by: a name without the reasons to look that stand below it. */
  const said = (cell) => (cell.querySelector("bdi") || cell).textContent;

  const rows = [...table.tBodies[0].rows].map((row, place) => ({
    row, place, text: plain(said(row.cells[0])), tokens: new Set(row.dataset.t.split(" ")),
  }));

  /* What is chosen: texts by name, as they stand in the address; absent is not chosen. */
  let chosen = {};

  /* Becomes a button, with all that stands in it. */
  const press = (holder, act) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...holder.childNodes);
    button.addEventListener("click", act);
    holder.append(button);
    return button;
  };

  const filters = [...document.querySelectorAll("[data-filter]")].map((holder) => {
    const { filter: kind, value, token, label } = holder.dataset;
    const button = press(holder, () => choose({ [kind]: chosen[kind] === value ? "" : value }));
    holder.hidden = false;
    if (kind === "mistake") button.setAttribute("aria-label", `${button.textContent} · ${label}`);
    return { kind, value, token, label, button };
  });

  const sorters = heads.flatMap((head, column) => {
    const { sort: name, kind } = head.dataset;
    if (!name) return [];
    const title = head.textContent;
    press(head, () => choose({ sort: chosen.sort === name ? `-${name}` : name }));
    return [{ head, column, name, title, number: kind === "number" }];
  });

  const wanted = () => {
    const tokens = filters.filter((one) => chosen[one.kind] === one.value).map((one) => one.token);
    for (const { id } of selects) if (chosen[id]) tokens.push(chosen[id]);
    if (chosen.look) tokens.push("look");
    return { tokens, words: plain(chosen.q || "").split(/\s+/).filter(Boolean) };
  };

  const filter = () => {
    const { tokens, words } = wanted();
    let shown = 0;
    for (const { row, text, tokens: own } of rows) {
      const fits = tokens.every((token) => own.has(token))
        && words.every((word) => text.includes(word));
      shown += fits;
      if (row.hidden === fits) row.hidden = !fits;
    }
    return { shown, some: tokens.length + words.length > 0 };
  };

  /* Rows with no number stay last, up or down; equal ones keep the page's own order. */
  let arranged = "";
  const arrange = () => {
    const wish = chosen.sort || "";
    if (wish === arranged) return;
    arranged = wish;
    const down = wish.startsWith("-");
    const by = sorters.find(({ name }) => name === wish.replace("-", ""));
    for (const { head } of sorters) head.removeAttribute("aria-sort");
    const keyed = rows.map((one) => {
      const text = by ? said(one.row.cells[by.column]) : "";
      return { ...one, key: by && by.number ? parseFloat(text) : text };
    });
    const turn = down ? -1 : 1;
    const compare = !by ? () => 0 : by.number
      ? (a, b) => Number.isNaN(a.key) - Number.isNaN(b.key) || turn * (a.key - b.key) || 0
      : (a, b) => turn * order.compare(a.key, b.key);
    keyed.sort((a, b) => compare(a, b) || a.place - b.place);
    table.tBodies[0].append(...keyed.map(({ row }) => row));
    const told = $("sorted");
    if (by) by.head.setAttribute("aria-sort", down ? "descending" : "ascending");
    told.textContent = by ? fill(told.dataset[down ? "down" : "up"], { column: by.title }) : "";
  };

  const chips = () => {
    const list = $("chosen");
    list.replaceChildren(...filters.filter((one) => chosen[one.kind] === one.value).map((one) => {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.textContent = one.label;
      chip.setAttribute("aria-label", fill(list.dataset.remove, { filter: one.label }));
      chip.addEventListener("click", () => {
        choose({ [one.kind]: "" });
        one.button.focus({ preventScroll: true });
      });
      return chip;
    }));
  };

  const show = () => {
    const { shown, some } = filter();
    arrange();
    chips();
    for (const { kind, value, button } of filters) {
      button.setAttribute("aria-pressed", String(chosen[kind] === value));
    }
    if (search.value !== (chosen.q || "")) search.value = chosen.q || "";
    for (const select of selects) select.value = chosen[select.id] || "";
    look.checked = chosen.look === "1";
    bar.classList.toggle("active", some);
    nothing.hidden = shown > 0;
    $("reset").hidden = !some && !chosen.sort;
    $("jump").hidden = !some;
    const told = $("shown");
    told.textContent = fill(some ? told.dataset.some : told.dataset.all,
      { shown: String(shown), total: String(rows.length) });
  };

  const choose = (changes) => {
    const kept = Object.entries({ ...chosen, ...changes }).filter(([, value]) => value);
    chosen = Object.fromEntries(kept);
    const hash = new URLSearchParams(kept).toString();
    history.replaceState(null, "", location.href.split("#")[0] + (hash && `#${hash}`));
    show();
  };

  /* What the address says, without what this page doesn't know. */
  const known = ([name, value]) => value && (name === "q"
    || selects.some(({ id, options }) => id === name
      && [...options].some((option) => option.value === value))
    || (name === "look" && value === "1")
    || (name === "sort" && sorters.some((one) => one.name === value.replace(/^-/, "")))
    || filters.some((one) => one.kind === name && one.value === value));
  const read = () => {
    chosen = Object.fromEntries([...new URLSearchParams(location.hash.slice(1))].filter(known));
    show();
  };

  search.addEventListener("input", () => choose({ q: search.value }));
  for (const select of selects) {
    select.addEventListener("change", () => choose({ [select.id]: select.value }));
  }
  look.addEventListener("change", () => choose({ look: look.checked ? "1" : "" }));
  $("reset").addEventListener("click", () => {
    choose(Object.fromEntries(Object.keys(chosen).map((name) => [name, ""])));
    search.focus({ preventScroll: true });
  });
  $("jump").addEventListener("click", () => {
    $("submissions").scrollIntoView();
    $("submissions").focus({ preventScroll: true });
  });
  addEventListener("hashchange", () => {
    if (!location.hash || location.hash.includes("=")) read(); // else it leads to a place
  });

  document.documentElement.classList.add("scripted");
  for (const part of document.querySelectorAll(".tools, .state")) part.hidden = false;
  read();
})();
