// Tabs, sorting, filtering, copying and interactive figures. The page says everything without it.
"use strict";
(() => {
  const all = (query, root = document) => [...root.querySelectorAll(query)];
  const status = document.getElementById("status");
  let silence = 0;
  const say = (text) => {
    status.textContent = text;
    clearTimeout(silence);
    silence = setTimeout(() => { status.textContent = ""; }, 2500);
  };

  // Tabs
  const tabs = all("[role=tab]");
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const choose = (tab, { focus = false } = {}) => {
    for (const other of tabs) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      panelOf(other).classList.toggle("shown", chosen);
    }
    tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (focus) tab.focus();
  };
  const steps = { ArrowRight: 1, ArrowLeft: -1 };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => {
      choose(tab);
      history.replaceState(null, "", "#" + panelOf(tab).id);
    });
    tab.addEventListener("keydown", (event) => {
      let next = null;
      if (event.key in steps) next = (index + steps[event.key] + tabs.length) % tabs.length;
      if (event.key === "Home") next = 0;
      if (event.key === "End") next = tabs.length - 1;
      if (next === null) return;
      event.preventDefault();
      choose(tabs[next], { focus: true });
    });
  });
  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const panel = target && target.closest(".panel");
    if (!panel) return;
    choose(tabs.find((tab) => panelOf(tab) === panel));
    if (target === panel) return scrollTo(0, 0);
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.hidden = false;
    target.scrollIntoView();
    const summary = target.querySelector("summary");
    if (summary) summary.focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);

  // Light and dark
  const theme = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (document.documentElement.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const label = () => {
    theme.textContent = dark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", `Switch to ${dark() ? "light" : "dark"} colours`);
    theme.setAttribute("aria-pressed", String("theme" in document.documentElement.dataset));
  };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    label();
  });
  system.addEventListener("change", label);
  label();

  // Sorting: numbers by value, texts by language, empty cells last either way
  const plain = (cell) => (cell.dataset.plain ?? cell.textContent).replace(/\s+/g, " ").trim();
  const sortBy = (table, column, down) => {
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => {
      const cell = row.cells[column];
      return { row, number: cell.dataset.sort, text: plain(cell) };
    });
    const sign = down ? -1 : 1;
    const numeric = table.tHead.rows[0].cells[column].classList.contains("num");
    keyed.sort((a, b) => {
      const absent = (x) => (numeric ? x.number === undefined : !x.text);
      if (absent(a) || absent(b)) return absent(a) - absent(b);
      return sign * (numeric ? a.number - b.number : a.text.localeCompare(b.text, "en", { numeric: true }));
    });
    body.append(...keyed.map((each) => each.row));
  };
  for (const button of all(".sort")) {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const table = button.closest("table");
      const first = head.classList.contains("num") ? "descending" : "ascending";
      const second = first === "ascending" ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? second : first;
      for (const other of all("th", table)) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      sortBy(table, head.cellIndex, order === "descending");
    });
  }

  // Filtering: every word must occur
  const filtering = (input, rows) => input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const row of rows()) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      left += !row.hidden;
    }
    say(`${left} shown`);
  });
  for (const input of all("[data-filter]")) {
    filtering(input, () => input.closest(".grid").querySelector("tbody").rows);
  }
  for (const input of all("[data-find]")) filtering(input, () => all(input.dataset.find, input.closest(".panel")));

  // Copying the rows that are shown, in the order shown, in the lines that the report's own writers made
  const copied = (grid, form) => {
    const { before, rows, after } = JSON.parse(grid.querySelector("[data-copies]").textContent)[form];
    const shown = [...grid.querySelector("tbody").rows].filter((row) => !row.hidden);
    const lines = [...before, ...shown.map((row) => rows[row.dataset.row]), ...after];
    return lines.join("\n").trimEnd() + "\n";
  };
  const toClipboard = async (text) => {
    if (navigator.clipboard && isSecureContext) {
      try { return await navigator.clipboard.writeText(text); } catch { /* not allowed: the old way */ }
    }
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("the browser refused");
  };
  const copying = (button, text, done) => button.addEventListener("click", async () => {
    try {
      await toClipboard(text());
      say(done);
    } catch (error) {
      say(`Not copied: ${error.message}`);
    }
    button.focus();
  });
  for (const button of all("[data-copy]")) {
    const grid = button.closest(".grid");
    copying(button, () => copied(grid, button.dataset.copy), `Copied as ${button.textContent}`);
  }
  for (const button of all("[data-copy-text]")) {
    copying(button, () => button.closest(".recipe").querySelector("pre").textContent, "Copied");
  }

  // Figures: drawn when first seen, at the width there is, by a viewer that is unpacked then
  const unpack = async () => {
    const packed = document.getElementById("viewer");
    if (!packed || !window.DecompressionStream) return false;
    const bytes = Uint8Array.from(atob(packed.textContent.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    return Boolean(window.vegaEmbed);
  };
  let viewer = null;
  const specOf = (id) => {
    const found = all("script[data-spec]").find((element) => element.dataset.spec === id);
    return found && JSON.parse(found.textContent);
  };
  const withData = (spec) => {
    if (!spec || !spec.data || !spec.data.of) return spec;
    const { data, datasets } = specOf(spec.data.of);
    return { ...spec, data, datasets };
  };
  const draw = async (figure) => {
    const width = Math.floor(figure.clientWidth);
    if (!width || figure.dataset.width === String(width)) return;
    figure.dataset.width = String(width);
    if (!await (viewer ??= unpack())) return;
    const spec = withData(specOf(figure.dataset.figure));
    if (!spec) return;
    spec.width = Math.min(width, 1000);
    spec.autosize = { type: "fit-x", contains: "padding" };
    spec.config.legend.columns = width < 480 ? 1 : width < 800 ? 2 : 4;
    const look = { renderer: "svg", actions: false, tooltip: { theme: dark() ? "dark" : "light" } };
    await window.vegaEmbed(figure.querySelector(".live"), spec, look);
    figure.classList.add("drawn");
  };
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) draw(entry.target);
  }, { rootMargin: "400px" });
  for (const figure of all("figure[data-figure]")) near.observe(figure);
  const redraw = () => {
    for (const figure of all(".panel.shown figure.drawn")) draw(figure);
  };
  let settled = 0;
  addEventListener("resize", () => {
    clearTimeout(settled);
    settled = setTimeout(redraw, 150);
  });
  for (const button of all("[data-save]")) {
    button.addEventListener("click", () => {
      const still = button.closest("figure").querySelector(".still svg");
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([still.outerHTML], { type: "image/svg+xml" }));
      link.download = button.dataset.save.replace(/[^\w.-]+/g, "-") + ".svg";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  if (location.hash) follow();
})();
