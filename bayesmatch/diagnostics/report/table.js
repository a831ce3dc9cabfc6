"use strict";
// The table of all sources: only the rows in sight are in the page. No library, no request.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const HEIGHT = 32, SPARE = 8, PRINTED = 200;
  const columns = data.columns, n = columns[0].values.length;
  const byName = new Map(columns.map((c) => [c.name, c]));
  const classColumn = columns.findIndex((c) => c.kind === "class");
  const $ = (id) => document.getElementById(id);
  const scroll = $("scroll"), head = $("sources").tHead, body = $("sources").tBodies[0];
  const search = $("search"), where = $("where"), said = $("said"), dialog = $("evidence");
  // What a search looks at: all identifiers of a source, in small letters.
  const texts = columns.filter((c) => c.kind === "text");
  const haystack = Array.from({ length: n }, (_, i) =>
    texts.map((c) => c.values[i] ?? "").join("\n").toLowerCase());
  let shown = Array.from({ length: n }, (_, i) => i), first = -1, sorted = -1, down = false, open = -1;

  const el = (tag, attributes, ...children) => {
    const e = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes ?? {})) e.setAttribute(key, value);
    e.append(...children);
    return e;
  };

  const number = (v) => {
    if (v === null || v === undefined) return "\u2013";
    if (Number.isInteger(v)) return String(v);
    return Math.abs(v) < 1e-3 ? v.toExponential(1) : String(v);
  };
  const probability = (v) => v === null || v === undefined ? "\u2013" : v === 0 ? "0"
    : v < 5e-4 ? v.toExponential(0) : v.toFixed(4);
  const cellText = (c, i) => {
    const v = c.values[i];
    if (c.kind === "class") return data.classes[v];
    if (c.kind === "number" && c.name.startsWith("p_")) return probability(v);
    return c.kind === "number" ? number(v) : v ?? "\u2013";
  };

  // ---- headings and sorting
  const heading = el("tr", {});
  columns.forEach((c, k) => {
    const label = c.kind === "text" ? c.text : c.name;
    const button = el("button", { type: "button", title: c.text }, label);
    button.addEventListener("click", () => sortBy(k));
    heading.append(el("th", { scope: "col", class: c.kind === "number" ? "number" : "",
      "aria-sort": "none" }, button));
  });
  head.append(heading);

  const compare = (c) => {
    const v = c.values;
    if (c.kind !== "text") return (a, b) => v[a] - v[b];
    const order = new Intl.Collator(undefined, { numeric: true });
    return (a, b) => order.compare(v[a], v[b]);
  };
  const sortBy = (k) => {
    down = sorted === k ? !down : false;
    sorted = k;
    arrange();
    [...heading.cells].forEach((cell, at) => {
      cell.setAttribute("aria-sort", at !== k ? "none" : down ? "descending" : "ascending");
      const c = columns[at], label = c.kind === "text" ? c.text : c.name;
      cell.firstChild.textContent = label + (at !== k ? "" : down ? " \u25bc" : " \u25b2");
    });
    say();
    draw(true);
  };
  const arrange = () => {
    if (sorted < 0) return;
    const c = columns[sorted], by = compare(c), sign = down ? -1 : 1;
    const there = shown.filter((i) => c.values[i] !== null);
    const missing = shown.filter((i) => c.values[i] === null);
    there.sort((a, b) => sign * by(a, b) || a - b);
    shown = there.concat(missing); // what is missing comes last, both ways
  };

  // ---- filters
  const kinds = data.classes.map((name, at) => {
    const count = columns[classColumn].values.reduce((sum, v) => sum + (v === at), 0);
    const box = el("input", { type: "checkbox", value: name });
    box.checked = true;
    box.disabled = count === 0;
    box.addEventListener("change", filter);
    if (count) $("kinds").append(el("label", {}, box, `${name} (${count})`));
    return box;
  });
  const TESTS = { "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b,
    ">=": (a, b) => a >= b, "=": (a, b) => a === b, "!=": (a, b) => a !== b };
  const conditions = (text) => text.split(/,|\band\b/i).map((t) => t.trim()).filter(Boolean)
    .map((part) => {
      const found = /^(\w+)\s*(<=|>=|!=|==?|<|>)\s*([-+]?[\d.]+(?:e[-+]?\d+)?)$/i.exec(part);
      if (!found) throw new Error(`"${part}" is no condition; write: p_match > 0.8`);
      const c = byName.get(found[1]);
      if (!c || c.kind !== "number") {
        const known = columns.filter((k) => k.kind === "number").map((k) => k.name).join(", ");
        throw new Error(`no column ${found[1]}; there are ${known}`);
      }
      return { values: c.values, test: TESTS[found[2].replace("==", "=")], limit: Number(found[3]) };
    });
  function filter() {
    const words = search.value.trim().toLowerCase();
    const allowed = kinds.map((box) => box.checked);
    let listed;
    try {
      listed = conditions(where.value);
    } catch (error) {
      said.textContent = error.message;
      said.className = "bad";
      where.setAttribute("aria-invalid", "true");
      return;
    }
    where.removeAttribute("aria-invalid");
    const kind = columns[classColumn].values;
    shown = [];
    for (let i = 0; i < n; i++) {
      if (!allowed[kind[i]] || (words && !haystack[i].includes(words))) continue;
      if (listed.every((c) => c.values[i] !== null && c.test(c.values[i], c.limit))) shown.push(i);
    }
    arrange();
    say();
    scroll.scrollTop = 0;
    draw(true);
  }
  const say = () => {
    said.className = "";
    const by = sorted < 0 ? "" : `, sorted by ${columns[sorted].name}${down ? ", downwards" : ""}`;
    said.textContent = `${shown.length.toLocaleString("en")} of ${n.toLocaleString("en")} sources${by}`;
  };

  // ---- rows in sight
  const rowOf = (at) => {
    const i = shown[at];
    const tr = el("tr", { class: "row", "data-at": at, "aria-rowindex": at + 2 });
    columns.forEach((c, k) => {
      const text = cellText(c, i);
      if (k === 0) {
        const button = el("button", { type: "button", class: "link" }, text);
        tr.append(el("th", { scope: "row", title: text }, button));
      } else if (c.kind === "class") {
        tr.append(el("td", {}, el("span", { class: `kind ${text}` }, text)));
      } else {
        tr.append(el("td", c.kind === "number" ? { class: "number" } : { title: text }, text));
      }
    });
    return tr;
  };
  const gap = (rows) => {
    const cell = el("td", { colspan: columns.length });
    cell.style.height = `${rows * HEIGHT}px`;
    return el("tr", { class: "gap", "aria-hidden": "true" }, cell);
  };
  function draw(force) {
    const top = Math.max(0, Math.floor(scroll.scrollTop / HEIGHT) - SPARE);
    if (!force && Math.abs(top - first) < SPARE / 2) return;
    first = top;
    const end = Math.min(shown.length, top + Math.ceil(scroll.clientHeight / HEIGHT) + 2 * SPARE);
    fill(top, end);
  }
  const fill = (top, end, alone) => {
    const focus = document.activeElement?.closest?.("tr.row")?.dataset.at;
    const rows = [];
    if (top > 0) rows.push(gap(top));
    for (let at = top; at < end; at++) rows.push(rowOf(at));
    if (end < shown.length && !alone) rows.push(gap(shown.length - end));
    body.replaceChildren(...rows);
    $("sources").setAttribute("aria-rowcount", shown.length + 1);
    if (focus !== undefined) body.querySelector(`tr[data-at="${focus}"] button`)
      ?.focus({ preventScroll: true });
  };
  let waiting = false;
  scroll.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(false); });
  }, { passive: true });
  addEventListener("resize", () => draw(true));
  addEventListener("beforeprint", () => {
    fill(0, Math.min(shown.length, PRINTED), true);
    if (shown.length > PRINTED) said.textContent += `; the first ${PRINTED} are printed`;
  });
  addEventListener("afterprint", () => { say(); draw(true); });
  body.addEventListener("click", (event) => {
    const tr = event.target.closest("tr.row");
    if (tr) show(shown[Number(tr.dataset.at)]);
  });
  scroll.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 }[event.key];
    if (!step || !shown.length) return;
    const now = event.target.closest?.("tr.row");
    if (!now && event.target.closest?.("thead")) return;
    event.preventDefault();
    const from = now ? Number(now.dataset.at) : step > 0 ? first - 1 : first + 1;
    const at = Math.min(shown.length - 1, Math.max(0, from + step));
    const above = at * HEIGHT, room = scroll.clientHeight - head.offsetHeight - HEIGHT;
    if (above < scroll.scrollTop) scroll.scrollTop = above;
    if (above > scroll.scrollTop + room) scroll.scrollTop = above - room;
    draw(true);
    body.querySelector(`tr[data-at="${at}"] button`)?.focus({ preventScroll: true });
  });

  // ---- evidence of one source
  const COLORS = ["#0072B2", "#B34700", "#007A5A", "#9C4F7C"];
  const SVG = "http://www.w3.org/2000/svg";
  const shape = (tag, attributes, text) => {
    const e = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const memberNames = (row) => data.others.map((name, k) =>
    data.candidates.id[k][row] === null ? "" : `${name} ${data.candidates.id[k][row]}`)
    .filter(Boolean).join(" + ");
  const chart = (i, rows) => {
    const found = new Map(); // an object once, by its most probable association
    rows.forEach((row, at) => data.others.forEach((_, k) => {
      const x = data.candidates.offset[k][2 * row], y = data.candidates.offset[k][2 * row + 1];
      const key = `${k} ${data.candidates.id[k][row]}`, p = data.candidates.p_match[row] ?? 0;
      if (x === null || y === null) return;
      if (found.has(key)) found.get(key)[3] = Math.min(1, found.get(key)[3] + p);
      else found.set(key, [x, y, at + 1, p, k]);
    }));
    const points = [...found.values()];
    if (!points.length) return null;
    const sigma = data.sigma[i], far = Math.max(...points.map((p) => Math.hypot(p[0], p[1])));
    const reach = Math.max(far, 2.6 * (sigma ?? 0), 0.5) * 1.2, side = 320, half = side / 2;
    const px = (arcsec) => (arcsec / reach) * half;
    const svg = shape("svg", { viewBox: `0 0 ${side} ${side}`, role: "img",
      "aria-label": `Chart: the source in the middle and ${points.length} candidates around it` });
    const ring = (r, dash) => svg.append(shape("circle", { cx: half, cy: half, r: px(r),
      fill: "none", stroke: "#b02a2a", "stroke-dasharray": dash }));
    if (sigma) { ring(1.515 * sigma, "none"); ring(2.448 * sigma, "5 4"); } // 68% and 95%
    if (data.radius < reach) svg.append(shape("circle", { cx: half, cy: half,
      r: px(data.radius), fill: "none", stroke: "#8a8a8a" }));
    svg.append(shape("path", { d: `M${half - 6} ${half}h12M${half} ${half - 6}v12`,
      stroke: "#b02a2a", "stroke-width": 1.6 }));
    points.reverse().forEach(([x, y, rank, p, k]) => {
      const cx = half - px(x), cy = half - px(y), r = 4 + 5 * Math.sqrt(p); // east to the left
      const style = { fill: COLORS[k % COLORS.length], "fill-opacity": 0.25 + 0.75 * p, stroke: "#000" };
      svg.append(k === 0 ? shape("circle", { cx, cy, r, ...style })
        : shape("rect", { x: cx - r / 1.5, y: cy - r / 1.5, width: r * 1.33, height: r * 1.33,
          transform: `rotate(${45 * (k - 1)} ${cx} ${cy})`, ...style }));
      svg.append(shape("text", { x: cx + (k === 0 ? 10 : -18), y: cy - 6, "font-size": 13,
        fill: "#000" }, rank));
    });
    if (data.others.length > 1) data.others.forEach((name, k) => svg.append(shape("text", { x: 8,
      y: 16 + 15 * k, "font-size": 12, fill: COLORS[k % COLORS.length], "font-weight": "bold" },
    `${k === 0 ? "\u25cf" : k === 1 ? "\u25a0" : "\u25c6"} ${name}`)));
    const bar = 10 ** Math.floor(Math.log10(reach / 1.5));
    svg.append(shape("path", { d: `M10 ${side - 12}h${px(bar)}`, stroke: "#000", "stroke-width": 2 }));
    svg.append(shape("text", { x: 10, y: side - 18, "font-size": 12, fill: "#000" }, `${bar}\u2033`));
    svg.append(shape("text", { x: side - 84, y: 16, "font-size": 12, fill: "#000" }, "N up, E left"));
    return svg;
  };
  const verdict = (i, rows) => {
    const none = byName.get("p_hostless").values[i];
    if (none === null) return "No catalogue has looked there: nothing is known.";
    if (!rows.length) {
      return byName.get("n_candidates").values[i]
        ? `Its candidates are not in this result (min_p_i); that it has none, ${probability(none)}.`
        : `Nothing lies within ${data.radius} arcsec: it has no counterpart there.`;
    }
    const away = data.others.map((_, k) => data.candidates.separation[k][rows[0]])
      .filter((v) => v !== null).map(number).join(" and ");
    const best = `${memberNames(rows[0])}, ${away} arcsec away, with probability `
      + probability(data.candidates.p_match[rows[0]]);
    return none >= 0.5 ? `It probably has no counterpart (${probability(none)}). The best candidate is ${best}.`
      : `Its most probable counterpart is ${best}; that it has none, ${probability(none)}.`;
  };
  const decimals = (v) => v === null ? "\u2013" : v <= -300 ? "excluded"
    : (v > 0 ? "+" : "") + v.toFixed(2);
  const show = (i) => {
    open = i;
    const rows = [];
    for (let row = data.start[i]; row < data.start[i + 1]; row++) rows.push(row);
    const get = (name) => cellText(byName.get(name), i);
    $("evidence-title").textContent = `${data.primary} ${cellText(columns[0], i)}`;
    const facts = el("dl", {});
    columns.slice(1).forEach((c) => facts.append(el("dt", {}, c.kind === "text" ? c.text : c.name),
      el("dd", {}, cellText(c, i))));
    const header = el("tr", {}), terms = data.candidates.terms;
    const names = ["rank", "association", ...data.others.map((o) => `${o} arcsec`),
      ...terms.map((t) => t.name), "p_match", "p_i"];
    names.forEach((name, k) => header.append(el("th", { scope: "col",
      class: k === 1 ? "" : "number" }, name)));
    const tbody = el("tbody", {});
    const none = el("tr", {}, el("td", { class: "number" }, "0"),
      el("th", { scope: "row" }, "no counterpart"));
    data.others.forEach(() => none.append(el("td", { class: "number" }, "")));
    terms.forEach(() => none.append(el("td", { class: "number" }, "0")));
    none.append(el("td", { class: "number" }, get("p_hostless")), el("td", { class: "number" }, ""));
    tbody.append(none);
    rows.forEach((row, at) => {
      const tr = el("tr", {}, el("td", { class: "number" }, at + 1),
        el("th", { scope: "row" }, memberNames(row)));
      const add = (text) => tr.append(el("td", { class: "number" }, text));
      data.others.forEach((_, k) => add(number(data.candidates.separation[k][row])));
      terms.forEach((t) => add(decimals(t.values[row])));
      add(probability(data.candidates.p_match[row]));
      add(probability(data.candidates.p_i[row]));
      tbody.append(tr);
    });
    const more = data.left[i] ? ` ${data.left[i]} more, less probable, are not shown.` : "";
    const note = "Every hypothesis with its evidence, log10 against no counterpart: position and "
      + "priors, the density of unrelated objects, and the rest (host fraction, competition, means "
      + `of priors); total is log10 of p_match over p_hostless.${more}`;
    const table = el("table", { "aria-label": "Hypotheses" }, el("thead", {}, header), tbody);
    const sides = el("div", { class: "sides" }), drawn = chart(i, rows);
    if (drawn) sides.append(drawn);
    sides.append(facts);
    const wide = el("div", { class: "wide", tabindex: "0", role: "region",
      "aria-label": "Hypotheses" }, table);
    $("evidence-body").replaceChildren(el("p", {}, verdict(i, rows)), sides,
      el("p", { class: "note" }, note), wide);
    const at = shown.indexOf(i);
    $("before").disabled = at <= 0;
    $("after").disabled = at < 0 || at >= shown.length - 1;
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    $("evidence-title").focus({ preventScroll: true });
  };
  const step = (by) => { const at = shown.indexOf(open); if (at >= 0 && shown[at + by] !== undefined)
    show(shown[at + by]); };
  $("before").addEventListener("click", () => step(-1));
  $("after").addEventListener("click", () => step(1));
  $("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      if (event.target.closest(".wide")) return; // there they scroll
      step(event.key === "ArrowLeft" ? -1 : 1);
    }
  });
  document.querySelectorAll("[data-open]").forEach((button) =>
    button.addEventListener("click", () => show(Number(button.dataset.open))));

  // ---- the rest
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", filter);
  where.addEventListener("input", filter);
  $("reset").addEventListener("click", () => {
    search.value = where.value = "";
    kinds.forEach((box) => { box.checked = !box.disabled; });
    filter();
  });
  $("copy").addEventListener("click", () => {
    const quoted = (text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    const value = (c, i) => c.values[i] === null ? "" : c.kind === "class"
      ? data.classes[c.values[i]] : String(c.values[i]);
    const lines = [columns.map((c) => quoted(c.name)).join(",")];
    shown.forEach((i) => lines.push(columns.map((c) => quoted(value(c, i))).join(",")));
    const link = el("a", { download: "sources.csv",
      href: URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  say();
  draw(true);
})();
