/* What the platform and htmx do not do: selection across lists, the instant filter, toasts, menus' places, shortcuts,
   and saying what a button does while one waits. Everything works without this file. */
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const fold = (text) => text.normalize("NFKC").toLocaleLowerCase();

  /* ---- Requests: the CSRF token, for htmx's own ones --------------------------------------------------------- */

  document.addEventListener("htmx:config:request", ({ detail }) => {
    const token = one('meta[name="csrf-token"]')?.content;
    if (token && detail.ctx.request.method !== "GET") detail.ctx.request.headers["X-CSRFToken"] = token;
  });

  /* ---- Selection: kept while lists come and go ---------------------------------------------------------------- */

  const picked = new Map(); // id -> { title, field, known, subpages }
  let said = ""; // what was told about last, so that nobody is told twice

  const boxes = (picker) => all('input:is([name="notion_id"], [name="workspace"]):not(:disabled)', picker);
  const subpages = (picker) => all('input[name="subpages"]', picker);

  function pick(box) {
    picked.set(box.value, {
      title: box.dataset.title,
      field: box.name,
      subpages: picked.get(box.value)?.subpages,
    });
  }

  function pickSubpages(box) {
    const pick = picked.get(box.value);
    if (pick && !pick.known) pick.subpages = box.checked;
    else if (box.checked) picked.set(box.value, { title: box.dataset.title, known: true, subpages: true });
    else picked.delete(box.value);
  }

  function rememberTicks(picker) {
    for (const box of boxes(picker)) if (box.checked) pick(box);
    for (const box of subpages(picker)) if (box.checked) pickSubpages(box);
  }

  function hiddenField(name, value) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    return field;
  }

  function showSelection(picker) {
    const chips = one("[data-chips]", picker);
    for (const box of boxes(picker)) box.checked = picked.has(box.value);
    for (const box of subpages(picker)) box.checked = Boolean(picked.get(box.value)?.subpages);
    chips.replaceChildren(
      ...[...picked].map(([id, { title, field, subpages: below }]) => {
        const chip = document.createElement("span");
        chip.className = "chip";
        const name = document.createElement("span");
        name.className = "clip";
        name.dir = "auto";
        name.textContent = below ? `${title}, with sub-pages` : title;
        const drop = document.createElement("button");
        drop.type = "button";
        drop.textContent = "×";
        drop.dataset.unpick = id;
        drop.setAttribute("aria-label", `Do not import ${title}`);
        chip.append(name, drop);
        // Also for what is listed: the list may be replaced at the moment the form is sent.
        if (field) chip.append(hiddenField(field, id));
        if (below) chip.append(hiddenField("subpages", id));
        return chip;
      }),
    );
    chips.hidden = picked.size === 0;
    one("[data-counted]", picker).textContent = picked.size
      ? `${picked.size} selected`
      : "Tick what to import";
    one("[data-import]", picker).disabled = picked.size === 0;
    const shown = boxes(one("[data-rows]", picker) ?? picker).filter((box) => !box.closest("li").hidden);
    const head = one("[data-select-all]", picker);
    if (head) {
      head.hidden = shown.length === 0;
      const every = one("input", head);
      const ticked = shown.filter((box) => box.checked).length;
      every.checked = ticked > 0 && ticked === shown.length;
      every.indeterminate = ticked > 0 && ticked < shown.length;
    }
    const now = JSON.stringify([...picked].map(([id, { subpages: below }]) => [id, Boolean(below)]));
    if (now !== said) one("#import", picker).dispatchEvent(new CustomEvent("picked", { bubbles: true }));
    said = now;
  }

  function forgetSelection(picker) {
    picked.clear();
    showSelection(picker);
  }

  document.addEventListener("change", ({ target }) => {
    const picker = target.closest("[data-picker]");
    if (!picker) return;
    if (target.matches('[name="notion_id"], [name="workspace"]')) {
      if (target.checked) pick(target);
      else picked.delete(target.value);
      showSelection(picker);
    } else if (target.matches('[name="subpages"]')) {
      pickSubpages(target);
      showSelection(picker);
    } else if (target.closest("[data-select-all]")) {
      for (const box of boxes(one("[data-rows]", picker))) {
        if (box.closest("li").hidden) continue;
        if (target.checked) pick(box);
        else picked.delete(box.value);
      }
      showSelection(picker);
    } else if (target.matches('[name="connection"]')) {
      one("#found", picker).replaceChildren();
      forgetSelection(picker);
    }
  });

  /* ---- Instant filter: what is listed is matched while the server looks --------------------------------------- */

  document.addEventListener("input", ({ target }) => {
    const picker = target.closest("[data-picker]");
    if (!picker || !target.matches("[data-search]")) return;
    const wanted = fold(target.value.trim());
    for (const row of all("[data-rows] > li[data-title]", picker))
      row.hidden = !fold(row.dataset.title).includes(wanted);
    showSelection(picker);
  });

  /* ---- After a swap: selection, focus, what was found --------------------------------------------------------- */

  document.addEventListener("htmx:after:swap", () => {
    const picker = one("[data-picker]");
    if (picker) {
      for (const box of all('#found input[name="notion_id"]:checked', picker)) pick(box);
      showSelection(picker);
      const first = one("[data-first-new]", picker);
      if (first) {
        first.removeAttribute("data-first-new");
        if (document.activeElement === document.body) one("input, a", first)?.focus();
      }
    }
    localTimes();
    for (const toast of all(".toast:not([data-timed])")) time(toast);
  });

  /* ---- Times: the exact local one on hover -------------------------------------------------------------------- */

  function localTimes() {
    for (const time of all("time[datetime]:not([data-local])")) {
      const moment = new Date(time.dateTime);
      if (Number.isNaN(moment.valueOf())) continue;
      time.title = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
      time.dataset.local = "";
    }
  }

  /* ---- Toasts: six seconds, longer under the pointer or the focus --------------------------------------------- */

  function time(toast) {
    toast.dataset.timed = "";
    let timer;
    const go = () => (timer = setTimeout(() => toast.remove(), 6000));
    const stay = () => clearTimeout(timer);
    toast.addEventListener("pointerenter", stay);
    toast.addEventListener("pointerleave", go);
    toast.addEventListener("focusin", stay);
    toast.addEventListener("focusout", go);
    go();
  }

  /* ---- Buttons that say what they do -------------------------------------------------------------------------- */

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter ?? one("button:not([type=button])", form);
    if (!button || event.defaultPrevented) return;
    if (form.dataset.sent && form.method === "post") return event.preventDefault();
    form.dataset.sent = "1";
    const words = button.innerHTML;
    const timer = setTimeout(() => {
      button.disabled = true;
      if (button.dataset.busy) button.textContent = button.dataset.busy;
    }, 300);
    const restore = () => {
      clearTimeout(timer);
      delete form.dataset.sent;
      if (button.disabled) {
        button.disabled = false;
        button.innerHTML = words;
      }
    };
    form.addEventListener("htmx:finally:request", restore, { once: true });
    addEventListener("pageshow", restore, { once: true });
  });

  for (const phase of ["before", "finally"]) {
    document.addEventListener(`htmx:${phase}:request`, ({ target, detail }) => {
      const source = detail?.ctx?.sourceElement ?? target;
      source.closest?.("[data-picker]")?.classList.toggle("asking", phase === "before");
      if (!source.matches?.("a[data-busy]")) return;
      if (phase === "before") {
        source.dataset.words = source.textContent;
        source.timer = setTimeout(() => (source.textContent = source.dataset.busy), 300);
      } else {
        clearTimeout(source.timer);
        source.textContent = source.dataset.words;
      }
    });
  }

  /* ---- Clicks ------------------------------------------------------------------------------------------------- */

  document.addEventListener("click", (event) => {
    const target = event.target;
    const chip = target.closest("[data-unpick]");
    if (chip) {
      const picker = chip.closest("[data-picker]");
      picked.delete(chip.dataset.unpick);
      showSelection(picker);
      (one("[data-unpick]", picker) ?? one("[data-search]", picker))?.focus();
    }
    target.closest("[data-dismiss]")?.closest(".toast")?.remove();
    if (target.closest("[data-reload]")) {
      event.preventDefault();
      location.reload();
    }
    const copy = target.closest("[data-copy]");
    if (copy) {
      const field = one("[data-copy-from]", copy.parentElement);
      field.select();
      navigator.clipboard?.writeText(field.value).then(() => (copy.textContent = "Copied"));
    }
    for (const open of all("details.drop[open]")) if (!open.contains(target)) open.open = false;
  });

  /* ---- Menus: popovers sit beside the button that opens them -------------------------------------------------- */

  function placeMenu(menu) {
    const button = one(`[popovertarget="${CSS.escape(menu.id)}"]`);
    if (!button) return;
    const place = button.getBoundingClientRect();
    menu.classList.add("placed");
    const below = place.bottom + 4 + menu.offsetHeight <= innerHeight;
    menu.style.top = `${below ? place.bottom + 4 : Math.max(8, place.top - 4 - menu.offsetHeight)}px`;
    menu.style.left = `${Math.max(8, Math.min(place.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
  }

  document.addEventListener(
    "toggle",
    (event) => {
      const menu = event.target;
      if (!menu.matches?.(".menu[popover]") || event.newState !== "open") return;
      placeMenu(menu);
      one("a, button", menu)?.focus();
    },
    true,
  );

  // News of a row at work puts the row as the server writes it, without the place of its open menu.
  document.addEventListener("htmx:after:swap", () => all(".menu:popover-open").forEach(placeMenu));

  /* ---- Shortcuts: / search, j and k rows, x select ------------------------------------------------------------ */

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const open of all("details.drop[open]")) {
        open.open = false;
        one("summary", open).focus();
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches(
      'textarea, select, [contenteditable], input:not([type="checkbox"], [type="radio"])',
    );
    if (typing || one("dialog[open]")) return;
    if (event.key === "/") {
      const search = one('[data-search], input[type="search"]');
      if (!search) return;
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "j" || event.key === "k") {
      const rows = all(".rows > li, .rows tbody > tr").filter(
        (row) => !row.hidden && one("a, input, button", row),
      );
      if (!rows.length) return;
      event.preventDefault();
      const here = rows.findIndex((row) => row.contains(document.activeElement));
      const next = here < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, here + (event.key === "j" ? 1 : -1)));
      one("input:not(:disabled), a, button", rows[next]).focus();
      rows[next].scrollIntoView({ block: "nearest" });
    } else if (event.key === "x") {
      const box = document.activeElement
        ?.closest(".rows li, .rows tr")
        ?.querySelector('input[type="checkbox"]:not(:disabled)');
      if (!box) return;
      event.preventDefault();
      box.click();
    }
  });

  /* ---- The knowledge base: select all, the dialog that was asked for, no questions from a hidden tab ----------- */

  const ticks = (list) => all('tbody input[type="checkbox"][name="source_id"]', list);

  function showTicked(list) {
    const every = one("thead [data-tick-all]", list);
    if (!every) return;
    const ticked = ticks(list).filter((box) => box.checked).length;
    every.checked = ticked > 0 && ticked === ticks(list).length;
    every.indeterminate = ticked > 0 && !every.checked;
    const counted = one("[data-ticked]", list);
    if (counted) counted.textContent = `${ticked} selected`;
  }

  document.addEventListener("change", ({ target }) => {
    const list = target.closest(".kb");
    if (!list) return;
    if (target.matches("[data-tick-all]")) for (const box of ticks(list)) box.checked = target.checked;
    showTicked(list);
  });

  document.addEventListener("htmx:after:swap", () => {
    for (const list of all(".kb")) showTicked(list);
    one("dialog[data-show]:not([open])")?.showModal();
  });

  document.addEventListener("submit", ({ target }) => target.closest(".menu[popover]")?.hidePopover());

  document.addEventListener("htmx:config:request", (event) => {
    const asks = event.detail.ctx.sourceElement?.getAttribute("hx-trigger") ?? "";
    if (document.hidden && asks.startsWith("every ")) event.preventDefault();
  });

  /* ---- When the page is there --------------------------------------------------------------------------------- */

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of all("[data-copy]")) button.hidden = false;
    for (const toast of all(".toast")) time(toast);
    for (const select of all("select[data-saves]")) {
      const save = one("[data-save]", select.form);
      save.hidden = true;
      select.addEventListener("change", () => (save.hidden = false));
    }
    one(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
    localTimes();
    const picker = one("[data-picker]");
    if (picker) {
      rememberTicks(picker);
      showSelection(picker);
    }
  });
})();
