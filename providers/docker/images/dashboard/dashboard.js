// Draws rows.json from Prometheus's query API on the same origin. Everything that comes from outside is set as text.
"use strict";

const RANGES = [["15m", 900], ["1h", 3600], ["6h", 21600], ["24h", 86400]];
const REFRESH = 5000, POINTS = 180, COLOURS = 6;
const WIDTH = 420, HEIGHT = 150, LEFT = 56, RIGHT = 6, TOP = 12, BOTTOM = 20;

let range = 900, rows = [], panels = [], timer = 0, round = 0;
const $ = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

function shape(name, attributes, text) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  return e;
}

// --- numbers ---

function digits(v) {
  const a = Math.abs(v);
  if (a === 0) return "0";
  if (a >= 1e6) return (v / 1e6).toFixed(1) + "M";
  if (a >= 1e4) return (v / 1e3).toFixed(1) + "k";
  return String(Number(v.toPrecision(a >= 1000 ? 4 : 3)));
}

function show(v, unit) {
  if (v === null || v === undefined || !Number.isFinite(v)) return "no data";
  switch (unit) {
    case "percent": return digits(v) + " %";
    case "ratio": return digits(v * 100) + " %";
    case "per second": return digits(v) + "/s";
    case "seconds": {
      const a = Math.abs(v);
      if (a >= 172800) return digits(v / 86400) + " d";
      if (a >= 7200) return digits(v / 3600) + " h";
      if (a >= 120) return digits(v / 60) + " min";
      if (a >= 1 || a === 0) return digits(v) + " s";
      if (a >= 0.001) return digits(v * 1e3) + " ms";
      return digits(v * 1e6) + " µs";
    }
    case "bytes": {
      const units = ["B", "KiB", "MiB", "GiB", "TiB"];
      let i = 0;
      while (Math.abs(v) >= 1024 && i < units.length - 1) { v /= 1024; i++; }
      return digits(v) + " " + units[i];
    }
    default: return digits(v);
  }
}

// ticks gives about three values over [low, high] that are round in the unit as it is shown.
function ticks(low, high, unit) {
  const raw = (high - low) / 3;
  const scale = unit === "bytes" ? 1024 ** Math.max(0, Math.floor(Math.log2(raw) / 10)) : 1;
  const power = 10 ** Math.floor(Math.log10(raw / scale)) * scale;
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const list = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-9; v += step) list.push(Math.abs(v) < step / 1e6 ? 0 : v);
  return list;
}

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

// --- Prometheus ---

async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(10000), headers: { Accept: "application/json" } });
  let body = {};
  try { body = await answer.json(); } catch { /* an error page: the status says it */ }
  if (!answer.ok || body.status !== "success") throw new Error(body.error || "Prometheus answered " + answer.status);
  return body.data;
}

function label(metric) {
  const { __name__: name, ...rest } = metric;
  const values = Object.entries(rest).filter(([k]) => k !== "job").map(([k, v]) => k + " " + v);
  return values.join(", ") || name || "value";
}

async function series(row, end, step) {
  const q = new URLSearchParams({ query: row.expression, start: end - range, end, step });
  const data = await ask("/api/v1/query_range?" + q);
  return data.result.map((r) => ({
    name: label(r.metric),
    points: r.values.map(([t, v]) => [t, Number(v)]).filter(([, v]) => Number.isFinite(v)),
  })).filter((s) => s.points.length).sort((a, b) => a.name.localeCompare(b.name));
}

// --- panels ---

function makePanel(row, index) {
  const id = "panel-" + index;
  const p = {
    row,
    root: element("article", { "aria-labelledby": id }),
    state: element("span", { class: "state none" }, "loading"),
    now: element("p", { class: "now" }, "…"),
    chart: shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" }),
    legend: element("ul", { class: "legend", "aria-hidden": "true" }),
    table: element("tbody"),
  };
  const limit = row.threshold === undefined ? "none" : (row.below ? "below " : "above ") + show(row.threshold, row.unit) + (row.severity ? " (" + row.severity + ")" : "");
  const head = element("tr", {}, ...["Line", "Now", "Lowest", "Average", "Highest"].map((h) => element("th", { scope: "col" }, h)));
  p.root.append(
    element("div", { class: "head" }, element("h3", { id }, row.title), p.state), p.now, p.chart, p.legend,
    element("details", {}, element("summary", {}, "Values and query"),
      element("div", { class: "scroll" }, element("table", {}, element("caption", { class: "unseen" }, row.title), element("thead", {}, head), p.table)),
      element("p", {}, "Alarm: " + limit), element("code", {}, row.expression)));
  return p;
}

function breached(row, v) {
  return row.threshold !== undefined && (row.below ? v < row.threshold : v > row.threshold);
}

function setState(p, kind, text) {
  p.state.className = "state " + kind;
  p.state.textContent = { ok: "✓ ", firing: "▲ ", none: "○ " }[kind] + text;
  p.root.classList.toggle("firing", kind === "firing");
}

function fill(p, lines, end, step, firing) {
  const { row } = p;
  // A line that ended before the last steps is history: its last value is not what is now.
  const current = lines.map((l) => l.points.at(-1)).filter(([t]) => t >= end - 2 * step - 15).map(([, v]) => v);
  const worst = current.length ? (row.below ? Math.min(...current) : Math.max(...current)) : null;
  p.now.replaceChildren(show(worst, row.unit));
  if (current.length > 1) p.now.append(" ", element("small", {}, (row.below ? "lowest" : "highest") + " of " + current.length));
  if (row.alert && firing.has(row.alert)) setState(p, "firing", "firing");
  else if (worst === null) setState(p, "none", "no data");
  else if (breached(row, worst)) setState(p, "firing", row.below ? "under the threshold" : "over the threshold");
  else if (row.threshold === undefined) setState(p, "none", "no alarm set");
  else setState(p, "ok", "ok");
  draw(p, lines, end);
  tabulate(p, lines, end, step);
}

function draw(p, lines, end) {
  const { row } = p;
  const all = lines.flatMap((l) => l.points.map(([, v]) => v));
  p.chart.replaceChildren();
  p.chart.setAttribute("aria-label", all.length ? `${row.title}: ${lines.length} line${lines.length > 1 ? "s" : ""}, from ${show(Math.min(...all), row.unit)} to ${show(Math.max(...all), row.unit)} in the last ${RANGES.find((r) => r[1] === range)[0]}` : row.title + ": no data");
  if (!all.length) {
    p.chart.append(shape("text", { x: WIDTH / 2, y: HEIGHT / 2, "text-anchor": "middle" }, "No data in this time range"));
    return;
  }
  let low = Math.min(0, ...all), high = Math.max(...all);
  // A threshold far away would press the line flat: it is drawn only when it is in reach.
  const t = row.threshold;
  const near = t !== undefined && (t <= high * 4 || high === 0 || row.below);
  if (near) { low = Math.min(low, t); high = Math.max(high, t); }
  if (high === low) high = low + 1;
  high += (high - low) * 0.05;
  const x = (s) => LEFT + (s - end + range) / range * (WIDTH - LEFT - RIGHT);
  const y = (v) => HEIGHT - BOTTOM - (v - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
  for (const v of ticks(low, high, row.unit)) {
    p.chart.append(shape("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(v), y2: y(v) }));
    p.chart.append(shape("text", { x: LEFT - 5, y: y(v) + 4, "text-anchor": "end" }, show(v, row.unit)));
  }
  for (const [share, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
    const s = end - range + share * range;
    p.chart.append(shape("text", { x: x(s), y: HEIGHT - 4, "text-anchor": anchor }, clock(s)));
  }
  if (near) {
    p.chart.append(shape("line", { class: "limit", x1: LEFT, x2: WIDTH - RIGHT, y1: y(t), y2: y(t) }));
    p.chart.append(shape("text", { class: "limit-text", x: WIDTH - RIGHT, y: y(t) > TOP + 10 ? y(t) - 4 : y(t) + 12, "text-anchor": "end" }, "alarm " + show(t, row.unit)));
  }
  lines.forEach((l, i) => drawLine(p.chart, l, i % COLOURS, x, y));
}

function drawLine(chart, line, colour, x, y) {
  // A gap in the data stays a gap.
  const gap = range / POINTS * 2.5;
  let d = "", last = -Infinity;
  for (const [s, v] of line.points) {
    d += (s - last > gap ? "M" : "L") + x(s).toFixed(1) + " " + y(v).toFixed(1);
    last = s;
  }
  chart.append(shape("path", { class: "series c" + colour, d }));
  const [s, v] = line.points.at(-1);
  chart.append(shape("circle", { class: "c" + colour, cx: x(s), cy: y(v), r: 3 }));
}

function swatch(i) {
  const s = shape("svg", { class: "swatch", viewBox: "0 0 12 12", "aria-hidden": "true" });
  s.append(shape("circle", { class: "c" + i % COLOURS, cx: 6, cy: 6, r: 5 }));
  return s;
}

// tabulate lists the lines: as a legend where there are several, and with their numbers in the table.
function tabulate(p, lines, end, step) {
  p.legend.replaceChildren(...(lines.length > 1 ? lines.map((l, i) => element("li", {}, swatch(i), l.name)) : []));
  p.table.replaceChildren(...lines.map((l, i) => {
    const values = l.points.map(([, v]) => v);
    const ended = l.points.at(-1)[0] < end - 2 * step - 15;
    const cells = [ended ? "ended" : show(values.at(-1), p.row.unit), ...[Math.min(...values), values.reduce((a, b) => a + b) / values.length, Math.max(...values)].map((v) => show(v, p.row.unit))];
    return element("tr", {}, element("th", { scope: "row" }, swatch(i), l.name), ...cells.map((c) => element("td", {}, c)));
  }));
}

// --- alerts ---

function drawAlerts(alerts) {
  const order = { firing: 0, pending: 1 };
  alerts.sort((a, b) => order[a.state] - order[b.state] || a.labels.alertname.localeCompare(b.labels.alertname));
  // One entry for the same alert of several instances.
  const groups = Map.groupBy(alerts, (a) => [a.state, a.labels.alertname, a.labels.severity, a.annotations.summary || a.annotations.description].join("\n"));
  const items = [...groups.values()].map((same) => {
    const { state, labels: { alertname, severity }, annotations } = same[0];
    const text = annotations.summary || annotations.description || "";
    const since = new Date(Math.min(...same.map((a) => Date.parse(a.activeAt)))).toLocaleString([], { hour12: false });
    const where = same.map(({ labels: { alertname, severity, ...rest } }) => Object.keys(rest).length ? label(rest) : "").filter(Boolean).sort().join("; ");
    return element("li", { class: state }, element("strong", {}, (state === "firing" ? "▲ " : "") + alertname), ` ${state}${severity ? ", " + severity : ""}${text ? ": " + text : ""} `,
      element("small", {}, `since ${since}${where ? " · " + where : ""}`));
  });
  setAlerts(items.length ? items : [element("li", {}, "✓ Nothing is firing.")]);
  const firing = alerts.filter((a) => a.state === "firing");
  document.title = (firing.length ? `(${firing.length}) ` : "") + $("title").textContent;
  return new Set(firing.map((a) => a.labels.alertname));
}

// setAlerts leaves an unchanged list alone, so that a screen reader isn't told the same every five seconds.
function setAlerts(items) {
  const list = $("alert-list");
  if (items.map((i) => i.textContent).join("\n") !== [...list.children].map((i) => i.textContent).join("\n")) list.replaceChildren(...items);
}

// --- the loop ---

async function refresh() {
  clearTimeout(timer);
  const mine = ++round;
  const failures = [];
  const step = Math.max(5, Math.round(range / POINTS));
  // Whole steps, so that a line doesn't tremble from one refresh to the next.
  const end = Math.floor(Date.now() / 1000 / step) * step;
  let firing = new Set();
  try {
    firing = drawAlerts((await ask("/api/v1/alerts")).alerts);
  } catch (e) {
    failures.push(e.message);
    setAlerts([element("li", { class: "unknown" }, "Alerts can't be read: " + e.message)]);
  }
  await Promise.all(panels.map(async (p) => {
    try {
      const lines = await series(p.row, end, step);
      if (mine === round) fill(p, lines, end, step, firing);
    } catch (e) {
      failures.push(e.message);
      if (mine === round) setState(p, "none", "no answer");
    }
  }));
  if (mine !== round) return;
  const status = $("updated");
  status.className = failures.length ? "failed" : "";
  // Read aloud when it fails, not every five seconds.
  if (failures.length) status.setAttribute("role", "alert"); else status.removeAttribute("role");
  const message = failures.length ? `Not up to date: ${failures[0]}` : `Updated ${new Date().toLocaleTimeString([], { hour12: false })}, every ${REFRESH / 1000} s`;
  status.textContent = message;
  timer = setTimeout(refresh, document.hidden ? REFRESH * 6 : REFRESH);
}

function makeRanges() {
  for (const [name, seconds] of RANGES) {
    const input = element("input", { type: "radio", name: "range", value: seconds });
    input.checked = seconds === range;
    input.addEventListener("change", () => { range = seconds; refresh(); });
    $("ranges").append(element("label", {}, input, name));
  }
}

async function start() {
  makeRanges();
  try {
    const data = await (await fetch("/rows.json")).json();
    rows = data.rows;
    $("title").textContent = document.title = data.title;
  } catch (e) {
    $("updated").className = "failed";
    $("updated").textContent = "rows.json can't be read: " + e.message;
    return;
  }
  panels = rows.map(makePanel);
  $("panels").replaceChildren(...panels.map((p) => p.root));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  refresh();
}

start();
