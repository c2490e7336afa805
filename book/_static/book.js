/* The Loss Book: live figures, drawn as SVG without any library.
 *
 *   lossbook.maths     pure functions; the tests compare them with the Python package
 *   lossbook.kit       what figures are drawn with: plot, slider, choices, readout, follow
 *   lossbook.figures   name -> function (box, data) that fills one <div class="interactive" data-figure="name">
 *
 * A figure's data is the JSON that the notebook put into the box. The static picture that follows it in the notebook
 * is its twin: it is hidden once the live figure stands, and stays for readers without script. */
"use strict";

const lossbook = { maths: {}, kit: {}, figures: {} };

/* --- Maths: the same formulas as the package ---------------------------------------------------- */

lossbook.maths = {
  line: ([intercept, slope], x) => intercept + slope * x,
  squared: (e) => (e * e) / 2,
  squaredSlope: (e) => e,
  absolute: (e) => Math.abs(e),
  absoluteSlope: (e) => Math.sign(e),
  huber: (e, delta) => (Math.abs(e) <= delta ? (e * e) / 2 : delta * (Math.abs(e) - delta / 2)),
  huberSlope: (e, delta) => Math.min(Math.max(e, -delta), delta),
};

/* --- Kit ---------------------------------------------------------------------------------------- */

lossbook.kit = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const clamp = (x, [low, high]) => Math.min(Math.max(x, low), high);
  const number = (x, digits = 2) => x.toFixed(digits).replace("-", "−").replace(/^−(0\.?0*)$/, "$1");

  /* A new element in a parent; SVG elements are told by their parent. */
  function add(parent, tag, attributes = {}, text = "") {
    const inSvg = tag === "svg" || (parent.namespaceURI === SVG && parent.tagName !== "foreignObject");
    const element = inSvg ? document.createElementNS(SVG, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text) element.textContent = text;
    return parent.appendChild(element);
  }

  /* About `count` round numbers between low and high. */
  function ticks([low, high], count = 6) {
    const rough = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((s) => s >= rough);
    const first = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
  }

  /* One panel: axes, grid and scales. Everything drawn inside is clipped to its frame.
   * Returns the scales and `curve`, `shape`, `dot`, which add to it, and `under`, the layer below the curves. */
  let panels = 0;
  function plot(parent, { title, x, y, xLabel, yLabel, width = 300, height = 220 }) {
    const frame = { left: 30, right: width - 6, top: 18, bottom: height - 36 };
    const sx = (v) => frame.left + ((v - x[0]) / (x[1] - x[0])) * (frame.right - frame.left);
    const sy = (v) => frame.bottom - ((v - y[0]) / (y[1] - y[0])) * (frame.bottom - frame.top);
    const panel = add(parent, "figure", { class: "panel" });
    add(panel, "figcaption", {}, title);
    const svg = add(panel, "svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": title });

    const clip = `lossbook-clip-${(panels += 1)}`;
    const box = { x: frame.left, y: frame.top, width: frame.right - frame.left, height: frame.bottom - frame.top };
    add(add(svg, "clipPath", { id: clip }), "rect", box);
    const back = add(svg, "g", { "aria-hidden": "true" });
    for (const v of ticks(x)) {
      add(back, "line", { class: "grid", x1: sx(v), x2: sx(v), y1: frame.top, y2: frame.bottom });
      add(back, "text", { x: sx(v), y: frame.bottom + 15, "text-anchor": "middle" }, number(v, x[1] - x[0] < 4 ? 1 : 0));
    }
    for (const v of ticks(y)) {
      add(back, "line", { class: "grid", x1: frame.left, x2: frame.right, y1: sy(v), y2: sy(v) });
      add(back, "text", { x: frame.left - 6, y: sy(v) + 4, "text-anchor": "end" }, number(v, y[1] - y[0] < 4 ? 1 : 0));
    }
    const [x0, y0] = [sx(clamp(0, x)), sy(clamp(0, y))];
    add(back, "path", { class: "axis", d: `M${frame.left} ${y0}H${frame.right}M${x0} ${frame.top}V${frame.bottom}` });
    add(back, "text", { x: frame.right, y: frame.bottom + 31, "text-anchor": "end" }, xLabel);
    add(back, "text", { x: frame.left, y: 9, "text-anchor": "start" }, yLabel);
    const under = add(svg, "g", { "clip-path": `url(#${clip})`, "aria-hidden": "true" });
    const layer = add(svg, "g", { "clip-path": `url(#${clip})`, "aria-hidden": "true" });

    /* A curve that is drawn by giving it a function, and redrawn by giving it another. */
    function curve(colour, style = "") {
      const path = add(layer, "path", { class: `curve ${style}`, stroke: `var(--curve-${colour})` });
      const points = Array.from({ length: 241 }, (_, i) => x[0] + ((x[1] - x[0]) * i) / 240);
      return (f) => path.setAttribute("d", "M" + points.map((v) => `${sx(v).toFixed(2)} ${sy(f(v)).toFixed(2)}`).join("L"));
    }
    const shape = (tag, attributes) => add(layer, tag, attributes);
    const dot = (colour) => {
      const circle = add(svg, "circle", { class: "dot", r: 5, fill: `var(--curve-${colour})`, "aria-hidden": "true" });
      return (u, v) => {
        circle.setAttribute("cx", sx(u));
        circle.setAttribute("cy", sy(clamp(v, y)));
        circle.style.opacity = v < y[0] || v > y[1] ? 0 : 1;
      };
    };
    const valueAt = (event) => {
      const bounds = svg.getBoundingClientRect();
      const px = ((event.clientX - bounds.left) / bounds.width) * width;
      return clamp(x[0] + ((px - frame.left) / (frame.right - frame.left)) * (x[1] - x[0]), x);
    };
    return { svg, under, sx, sy, x, y, frame, curve, shape, dot, valueAt };
  }

  /* A handle on the x axis of a panel, for pointer and keyboard: an ARIA slider. `onmove` hears of every new value. */
  function handle(panel, { label, colour, value, step, onmove }) {
    const knob = add(panel.svg, "circle", { class: "handle", r: 8, stroke: `var(--curve-${colour})` });
    const attributes = { tabindex: 0, role: "slider", "aria-label": label, "aria-valuemin": panel.x[0], "aria-valuemax": panel.x[1] };
    for (const [name, v] of Object.entries(attributes)) knob.setAttribute(name, v);
    let now = value;
    const moveTo = (v) => {
      now = clamp(Math.round(v / step) * step, panel.x);
      knob.setAttribute("aria-valuenow", now.toFixed(2));
      knob.setAttribute("cx", panel.sx(now));
      knob.setAttribute("cy", panel.sy(0));
      onmove(now);
    };
    const keys = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
    knob.addEventListener("keydown", (event) => {
      if (!(event.key in keys)) return;
      event.preventDefault();
      moveTo(clamp(now + keys[event.key] * step, panel.x));
    });
    follow(panel, moveTo);
    moveTo(value);
    return moveTo;
  }

  /* Calls `onmove` with the x value under the pointer while it is pressed on a panel. */
  function follow(panel, onmove) {
    panel.svg.addEventListener("pointerdown", (event) => {
      panel.svg.setPointerCapture(event.pointerId);
      onmove(panel.valueAt(event));
    });
    panel.svg.addEventListener("pointermove", (event) => {
      if (panel.svg.hasPointerCapture(event.pointerId)) onmove(panel.valueAt(event));
    });
  }

  /* A labelled range input with its value beside it. */
  function slider(parent, { label, min, max, step, value, digits = 2, oninput }) {
    const row = add(parent, "label", { class: "control" });
    add(row, "span", {}, label);
    const input = add(row, "input", { type: "range", min, max, step, value });
    const shown = add(row, "output");
    const update = () => {
      shown.textContent = number(input.valueAsNumber, digits);
      oninput(input.valueAsNumber);
    };
    input.addEventListener("input", update);
    update();
    return input;
  }

  /* A row of buttons of which one is pressed. `options` maps a key to its label. */
  function choices(parent, { label, options, value, onchoose }) {
    const row = add(parent, "div", { class: "choices", role: "group", "aria-label": label });
    const buttons = Object.entries(options).map(([key, text]) => [key, add(row, "button", { type: "button" }, text)]);
    const choose = (chosen) => {
      for (const [key, button] of buttons) button.setAttribute("aria-pressed", key === chosen);
      onchoose(chosen);
    };
    for (const [key, button] of buttons) button.addEventListener("click", () => choose(key));
    choose(value);
    return choose;
  }

  /* A small table: one row a curve, with its key. Returns a function that fills in the numbers. */
  function readout(parent, columns, rows) {
    const table = add(parent, "table", { class: "readout" });
    const head = add(add(table, "thead"), "tr");
    for (const column of columns) add(head, "th", { scope: "col" }, column);
    const body = add(table, "tbody");
    const cells = rows.map(({ label, colour, style = "" }) => {
      const row = add(body, "tr");
      const name = add(row, "th", { scope: "row" });
      add(name, "span", { class: `key ${style}`, style: `color: var(--curve-${colour})` });
      name.append(label);
      return columns.slice(1).map(() => add(row, "td"));
    });
    return (numbers) => numbers.forEach((row, i) => row.forEach((v, j) => (cells[i][j].textContent = number(v))));
  }

  /* Runs draw(t) for t from 0 to 1; readers who asked for less motion get the end at once. */
  function animate(draw, milliseconds = 450) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return draw(1);
    const start = performance.now();
    const frame = (now) => {
      const t = Math.min((now - start) / milliseconds, 1);
      draw(1 - (1 - t) ** 3);
      if (t < 1) requestAnimationFrame(frame);
    };
    return requestAnimationFrame(frame);
  }

  return { add, plot, handle, follow, slider, choices, readout, animate, number, clamp, ticks };
})();

/* --- Figures ------------------------------------------------------------------------------------ */

/* The Huber loss between its two parents: value on the left, slope on the right, delta by slider, one error by hand. */
lossbook.figures.huber = (box, { delta = 1, span = 6 }) => {
  const { maths, kit } = lossbook;
  const losses = [
    { label: "MSE / 2", colour: 1, style: "dashed", value: maths.squared, slope: maths.squaredSlope },
    { label: "L1", colour: 2, style: "dotted", value: maths.absolute, slope: maths.absoluteSlope },
    { label: "Huber", colour: 3, style: "strong", value: (e) => maths.huber(e, delta), slope: (e) => maths.huberSlope(e, delta) },
  ];
  let error = 0.4 * span;

  const controls = kit.add(box, "div");
  kit.add(box, "p", { class: "hint" }, "Drag in the plots to move the error, or use the arrow keys on the ring.");
  const panels = kit.add(box, "div", { class: "panels" });
  const x = [-span, span];
  const sides = [
    { of: "value", panel: kit.plot(panels, { title: "Value", x, y: [0, 1.6 * span], xLabel: "error e", yLabel: "loss" }) },
    { of: "slope", panel: kit.plot(panels, { title: "Slope: the pull", x, y: [-0.75 * span, 0.75 * span], xLabel: "error e", yLabel: "slope" }) },
  ];
  for (const side of sides) {
    side.zone = kit.add(side.panel.under, "rect", { class: "zone", y: side.panel.frame.top, height: side.panel.frame.bottom - side.panel.frame.top });
    side.mark = kit.add(side.panel.under, "path", { class: "mark" });
    side.curves = losses.map((loss) => side.panel.curve(loss.colour, loss.style));
    side.dots = losses.map((loss) => side.panel.dot(loss.colour));
  }
  const fill = kit.readout(box, ["at this error", "value", "slope"], losses);

  function drawCurves() {
    for (const { of, panel, zone, mark, curves } of sides) {
      const [left, right] = [panel.sx(-delta), panel.sx(delta)];
      zone.setAttribute("x", left);
      zone.setAttribute("width", right - left);
      mark.setAttribute("d", `M${left} ${panel.frame.top}V${panel.frame.bottom}M${right} ${panel.frame.top}V${panel.frame.bottom}`);
      curves.forEach((draw, i) => draw(losses[i][of]));
    }
  }
  function drawPoint() {
    for (const { of, dots } of sides) dots.forEach((move, i) => move(error, losses[i][of](error)));
    fill(losses.map((loss) => [loss.value(error), loss.slope(error)]));
  }

  const moveError = kit.handle(sides[0].panel, {
    label: "error e", colour: 5, value: error, step: span / 60,
    onmove: (e) => { error = e; drawPoint(); },
  });
  kit.follow(sides[1].panel, moveError);
  kit.slider(controls, {
    label: "δ, where it bends", min: 0.1, max: span / 2, step: 0.05, value: delta,
    oninput: (d) => { delta = d; drawCurves(); drawPoint(); },
  });
};

/* One line, trained once for each question: a button a question, and the line glides to the new answer.
 * Answers already asked for stay as thin lines. `spread` is the line of a logarithm; only some fits have one. */
lossbook.figures.questions = (box, { points, x, y, at, xLabel, yLabel, fits }) => {
  const { kit, maths } = lossbook;
  const styles = ["", "dashed", "dotted", "dashdot"];
  const width = Math.min(box.clientWidth, 720);

  const controls = kit.add(box, "div");
  const panels = kit.add(box, "div", { class: "panels" });
  const title = `${points.length} tumours; the ring: what the line says at mean radius ${kit.number(at, 1)}`;
  const panel = kit.plot(panels, { title, x, y, xLabel, yLabel, width, height: Math.max(250, 0.47 * width) });
  const says = kit.add(box, "p", { class: "says", "aria-live": "polite" });

  for (const [u, v] of points) {
    const inside = v <= y[1];
    panel.shape("circle", { class: inside ? "point" : "point beyond", r: inside ? 2 : 3.5, cx: panel.sx(u), cy: panel.sy(Math.min(v, y[1])) });
  }
  const beyond = points.map(([, v]) => v).filter((v) => v > y[1]).sort((v, w) => v - w);
  kit.add(panel.svg, "text", { x: panel.frame.right, y: 9, "text-anchor": "end" }, `↑ beyond the frame: ${beyond.join(", ")}`);
  const band = panel.shape("path", { class: "band" });
  const lines = fits.map((fit, i) => {
    const path = panel.shape("path", { class: "curve unasked", stroke: `var(--curve-${i + 1})`, d: straight(fit.centre) });
    const end = panel.sy(maths.line(fit.centre, x[1])) - 8;
    return { path, name: kit.add(panel.svg, "text", { class: "unasked", x: panel.frame.right, y: end, "text-anchor": "end", "aria-hidden": "true" }, fit.question) };
  });
  const ring = panel.shape("circle", { class: "ring", r: 7, cx: panel.sx(at) });
  const answer = kit.add(panel.svg, "text", { class: "answer", x: panel.sx(at) - 13, "text-anchor": "end", "aria-hidden": "true" });

  function straight(centre) {
    return "M" + x.map((u) => `${panel.sx(u)} ${panel.sy(maths.line(centre, u))}`).join("L");
  }
  function aroundIt({ centre, spread }, share) {
    const steps = Array.from({ length: 61 }, (_, i) => x[0] + ((x[1] - x[0]) * i) / 60);
    const edge = (side) => (u) => `${panel.sx(u)} ${panel.sy(maths.line(centre, u) + side * share * Math.exp(maths.line(spread, u)))}`;
    return "M" + [...steps.map(edge(1)), ...steps.reverse().map(edge(-1))].join("L") + "Z";
  }

  let now = fits[0].centre;
  let asked = 0;
  function ask(index) {
    const fit = fits[index];
    const from = now;
    const turn = (asked += 1);  // a glide ends when the next one begins
    lines.forEach(({ path, name }, i) => {
      const state = i === index ? "strong" : path.classList.contains("unasked") ? "unasked" : "before";
      path.setAttribute("class", `curve ${styles[i]} ${state}`);
      name.setAttribute("class", state);
      path.setAttribute("d", straight(fits[i].centre));
    });
    ring.setAttribute("stroke", `var(--curve-${index + 1})`);
    band.setAttribute("fill", `var(--curve-${index + 1})`);
    const value = maths.line(fit.centre, at);
    const give = fit.spread ? `, give or take ${kit.number(Math.exp(maths.line(fit.spread, at)), 0)}` : "";
    says.replaceChildren();
    kit.add(says, "strong", {}, `A tumour of mean radius ${kit.number(at, 1)}: this line says ${kit.number(value, 0)}${give}.`);
    says.append(` ${fit.penalty}`);
    kit.animate((t) => {
      if (turn !== asked) return;
      now = from.map((start, k) => start + t * (fit.centre[k] - start));
      lines[index].path.setAttribute("d", straight(now));
      band.setAttribute("d", fit.spread ? aroundIt({ centre: now, spread: fit.spread }, t) : "");
      ring.setAttribute("cy", panel.sy(maths.line(now, at)));
      answer.setAttribute("y", panel.sy(maths.line(now, at)) - 9);
      answer.textContent = kit.number(maths.line(now, at), 0);
    });
  }

  const options = Object.fromEntries(fits.map(({ question }, i) => [`ask ${i}`, question]));
  kit.choices(controls, { label: "Ask the line for", options, value: "ask 0", onchoose: (key) => ask(Number(key.slice(4))) });
};

/* --- Mounting ----------------------------------------------------------------------------------- */

lossbook.mount = (box) => {
  const draw = lossbook.figures[box.dataset.figure];
  if (!draw) throw new Error(`no figure named ${box.dataset.figure}`);
  const json = box.querySelector("script[type='application/json']");
  draw(box, json ? JSON.parse(json.textContent) : {});
  box.classList.add("mounted");
  lossbook.twin(box)?.classList.add("static-twin");
};

/* The static picture of the same cell or the next: its whole cell when no code is shown there. */
lossbook.twin = (box) => {
  const own = box.closest("div.cell");
  for (const cell of [own, own?.nextElementSibling]) {
    const picture = cell?.matches("div.cell") && cell.querySelector(".cell_output img");
    if (picture) return cell === own || cell.querySelector(".cell_input") ? picture.closest("figure") ?? picture : cell;
  }
  return null;
};

/* What scrolls sideways must be reachable by keyboard; what does not should not be a stop on the way. */
lossbook.reachable = () => {
  for (const box of document.querySelectorAll("div.math, .bd-article pre, .cell_output, .cell_output .output")) {
    if (box.scrollWidth > box.clientWidth) box.setAttribute("tabindex", "0");
    else box.removeAttribute("tabindex");
  }
};

window.lossbook = lossbook;
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".interactive[data-figure]").forEach(lossbook.mount);
  lossbook.reachable();
  document.fonts.ready.then(lossbook.reachable);
  window.addEventListener("resize", lossbook.reachable);
});
