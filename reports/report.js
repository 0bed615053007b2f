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
  const further = document.querySelector(".further");
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const choose = (tab, { focus = false } = {}) => {
    for (const other of tabs) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      panelOf(other).classList.toggle("shown", chosen);
    }
    const inside = further.contains(tab);
    further.classList.toggle("holds", inside);
    further.querySelector("summary").textContent = inside ? `More: ${tab.textContent.trim()}` : "More";
    further.open = inside && focus;
    if (!inside) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (focus) tab.focus();
  };
  addEventListener("click", (event) => { if (!further.contains(event.target)) further.open = false; });
  further.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !further.open) return;
    further.open = false;
    further.querySelector("summary").focus();
  });
  const steps = { ArrowRight: 1, ArrowLeft: -1 };
  const down = { ArrowDown: 1, ArrowUp: -1 };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => {
      choose(tab);
      if (panelOf(tab).getBoundingClientRect().top < 0) panelOf(tab).scrollIntoView();
      history.replaceState(null, "", "#" + panelOf(tab).id);
    });
    tab.addEventListener("keydown", (event) => {
      let next = null;
      // Up and down are for the list under More; in the bar they scroll the page.
      const step = further.contains(tab) ? steps[event.key] ?? down[event.key] : steps[event.key];
      if (step) next = (index + step + tabs.length) % tabs.length;
      if (event.key === "Home") next = 0;
      if (event.key === "End") next = tabs.length - 1;
      if (next === null) return;
      event.preventDefault();
      choose(tabs[next], { focus: true });
    });
  });
  const follow = () => {
    const name = decodeURIComponent(location.hash.slice(1));
    const target = document.getElementById(name) ?? document.getElementById(`tab-${name}`);
    const panel = target && target.closest(".panel");
    if (!panel) return;
    choose(tabs.find((tab) => panelOf(tab) === panel));
    if (target === panel) return panel.scrollIntoView();
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.hidden = false;
    target.scrollIntoView();
    const summary = target.querySelector("summary");
    if (summary) summary.focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);
  addEventListener("load", () => { if (location.hash) follow(); });

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
    redraw();
  });
  system.addEventListener("change", () => { label(); redraw(); });
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
  for (const button of all("[data-whole]")) {
    button.addEventListener("click", () => {
      const whole = button.closest(".grid").classList.toggle("whole");
      button.setAttribute("aria-pressed", String(whole));
    });
  }
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
    const of = spec && spec.datasets && spec.datasets.of;
    return of ? { ...spec, datasets: specOf(of).datasets } : spec;
  };
  // Colours are in the specification for paper; the page has its own for light and dark.
  const PALETTE = JSON.parse(document.getElementById("palette").textContent);
  const inPage = (colour) => {
    const at = PALETTE.indexOf(colour);
    return at < 0 ? colour : getComputedStyle(document.documentElement).getPropertyValue(`--series-${at}`).trim() || colour;
  };
  const each = (part, change) => {
    if (part === null || typeof part !== "object") return;
    change(part);
    for (const value of Object.values(part)) each(value, change);
  };
  const named = (layer) => String(layer.name ?? "").startsWith("labels");
  // The series that a reader selected: at most as many as there are colours.
  const chosen = new Map();
  const select = (spec, names) => {
    const free = PALETTE.filter((colour) => !names.some((each) => each.colour === colour));
    const range = names.map((each) => each.colour ?? free.shift());
    const domain = names.map((each) => each.name);
    each(spec.layer, (part) => {
      if (Array.isArray(part.oneOf)) part.oneOf = domain;
      if (part.field === "series" && part.scale && part.scale.range) Object.assign(part.scale, { domain, range });
    });
    spec.layer = spec.layer.filter((layer) => !named(layer));
  };
  const fitted = (spec, figure, width) => {
    const names = chosen.get(figure.dataset.figure);
    if (names && spec.layer) select(spec, names);
    if (width < 560 && spec.layer) spec.layer = spec.layer.filter((layer) => !named(layer));
    each(spec, (part) => {
      if (part.scale && Array.isArray(part.scale.range)) part.scale.range = part.scale.range.map(inPage);
    });
    spec.width = Math.min(width, 1000);
    spec.autosize = { type: "fit-x", contains: "padding" };
    spec.config.legend.columns = width < 480 ? 1 : width < 800 ? 2 : 4;
    delete spec.usermeta;
    return spec;
  };
  const draw = async (figure) => {
    const width = Math.floor(figure.clientWidth);
    const state = `${width} ${dark()} ${(chosen.get(figure.dataset.figure) ?? []).map((each) => each.name)}`;
    if (!width || figure.dataset.state === state) return;
    figure.dataset.state = state;
    if (!await (viewer ??= unpack())) return;
    const spec = withData(specOf(figure.dataset.figure));
    if (!spec) return;
    fitted(spec, figure, width);
    const look = { renderer: "svg", actions: false, tooltip: { theme: dark() ? "dark" : "light" } };
    await window.vegaEmbed(figure.querySelector(".live"), spec, look);
    figure.classList.add("drawn");
  };
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) draw(entry.target);
  }, { rootMargin: "400px" });
  for (const figure of all("figure[data-figure]")) near.observe(figure);
  const redraw = () => {
    for (const figure of all("figure.drawn")) near.unobserve(figure), near.observe(figure);
  };
  const boxes = (details) => {
    const spec = specOf(details.dataset.choice);
    const { series, drawn } = spec.usermeta;
    let range = [];
    each(spec.layer, (part) => { if (part.field === "series" && part.scale && part.scale.range) range = part.scale.range; });
    let names = drawn.map((name, at) => ({ name, colour: range[at] }));
    const field = document.createElement("fieldset");
    const rule = document.createElement("p");
    rule.className = "rule";
    rule.textContent = `At most ${PALETTE.length} at once: more colours cannot be told apart.`;
    field.append(rule);
    const inputs = series.map((name) => {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "checkbox", checked: drawn.includes(name) });
      label.append(input, name);
      field.append(label);
      input.addEventListener("change", () => {
        const used = names.map((each) => each.colour);
        names = input.checked
          ? [...names, { name, colour: PALETTE.find((colour) => !used.includes(colour)) }]
          : names.filter((each) => each.name !== name);
        chosen.set(details.dataset.choice, names);
        limit();
        draw(details.closest("figure"));
        say(`${names.length} of ${series.length} series drawn`);
      });
      return input;
    });
    const limit = () => {
      for (const input of inputs) input.disabled = names.length === 1 ? input.checked : names.length >= PALETTE.length && !input.checked;
    };
    limit();
    details.append(field);
  };
  for (const details of all("[data-choice]")) details.addEventListener("toggle", () => boxes(details), { once: true });
  let settled = 0;
  addEventListener("resize", () => {
    clearTimeout(settled);
    settled = setTimeout(redraw, 150);
  });
  for (const button of all("[data-save]")) {
    button.addEventListener("click", () => {
      const figure = button.closest("figure");
      const own = chosen.has(figure.dataset.figure) && figure.querySelector(".live svg");
      let text = (own || figure.querySelector(".still svg")).outerHTML;
      // A file has no style sheet: back to the colours for paper.
      text = text.replace(/var\(--series-\d, (#\w+)\)/g, "$1");
      PALETTE.forEach((colour) => { text = text.replaceAll(inPage(colour), colour); });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      link.download = button.dataset.save.replace(/[^\w.-]+/g, "-") + ".svg";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  if (location.hash) follow();
})();
