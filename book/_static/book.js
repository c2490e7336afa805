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
  quantile: (e, tau) => Math.max((1 - tau) * e, -tau * e),
  quantileSlope: (e, tau) => (e > 0 ? 1 - tau : e < 0 ? -tau : 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  bce: (x, y, w = 1) => (1 - y) * lossbook.maths.softplus(x) + w * y * lossbook.maths.softplus(-x),
  bceSlope: (x, y, w = 1) => (1 - y) * lossbook.maths.sigmoid(x) - w * y * lossbook.maths.sigmoid(-x),

  /* A batch of lines, cut in two after some of them, with the number of words in each line. A vote is the weight of a
   * word in the cost, times the number of all words: one each in the mean over all, these in the mean of two means. */
  votes: (words, after) => {
    const total = (part) => part.reduce((sum, n) => sum + n, 0);
    const sides = [words.slice(0, after), words.slice(after)].map(total);
    return sides.map((side) => total(words) / (2 * side));
  },
  /* The two costs, given the summed loss of each line. */
  costs: (words, sums, after) => {
    const [left, right] = lossbook.maths.votes(words, after);
    const mean = (vote) => sums.reduce((sum, v, i) => sum + vote(i) * v, 0) / words.reduce((sum, n) => sum + n, 0);
    return { naive: mean((i) => (i < after ? left : right)), whole: mean(() => 1) };
  },
  /* How far the gradient of the one is from that of the other, in lengths of the latter. `gram` holds the inner
   * products of the gradients of the lines. */
  gradientGap: (words, gram, after) => {
    const [left, right] = lossbook.maths.votes(words, after);
    const square = (mix) => gram.reduce((sum, row, i) => sum + row.reduce((part, g, j) => part + mix(i) * mix(j) * g, 0), 0);
    return Math.sqrt(square((i) => (i < after ? left : right) - 1) / square(() => 1));
  },

  /* Log-probabilities of outcomes under one bell: the log-softmax of its scores. */
  bell: (outcomes, centre, width) => {
    const scores = outcomes.map((x) => -((x - centre) ** 2) / (2 * width * width));
    const top = Math.max(...scores);
    const logTotal = top + Math.log(scores.reduce((sum, z) => sum + Math.exp(z - top), 0));
    return scores.map((z) => z - logTotal);
  },
  /* What each outcome adds to KL(p || q), of two lists of log-probabilities: the first takes the average. */
  klShares: (logP, logQ) => logP.map((a, i) => Math.exp(a) * (a - logQ[i])),
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

/* One constant for all targets: how dear it is under three losses, and which targets pull it which way.
 * The bars hold the slopes of one loss, bin by bin, in percent of all its pulling at its best constant. */
lossbook.figures.constant = (box, { targets, start, end, tau }) => {
  const { maths, kit } = lossbook;
  const losses = [
    { key: "squared", label: "squared error", colour: 2, style: "dashed", value: (e) => 2 * maths.squared(e), slope: (e) => 2 * maths.squaredSlope(e) },
    { key: "absolute", label: "absolute error", colour: 1, style: "", value: maths.absolute, slope: maths.absoluteSlope },
    { key: "quantile", label: "one against nine", colour: 3, style: "dotted", value: (e) => maths.quantile(e, tau), slope: (e) => maths.quantileSlope(e, tau) },
  ];
  const mean = (f) => targets.reduce((sum, y) => sum + f(y), 0) / targets.length;
  const sorted = [...targets].sort((a, b) => a - b);
  const best = { squared: mean((y) => y), absolute: sorted[Math.floor(sorted.length / 2)], quantile: sorted[Math.ceil(tau * sorted.length) - 1] };
  const width = end / 30;
  for (const loss of losses) {
    loss.least = mean((y) => loss.value(best[loss.key] - y));
    loss.pulling = mean((y) => Math.abs(loss.slope(best[loss.key] - y)));
    loss.extra = (c) => (100 * mean((y) => loss.value(c - y))) / loss.least - 100;
  }
  let constant = start;
  let chosen = losses[0];

  const controls = kit.add(box, "div");
  kit.add(box, "p", { class: "hint" }, "Drag in the plots to move the constant, or use the arrow keys on the ring, until left and right pull alike.");
  const panels = kit.add(box, "div", { class: "panels" });
  const cost = kit.plot(panels, { title: "What the constant costs", x: [0, end], y: [0, 120], xLabel: "constant", yLabel: "above the best, in %" });
  const pulls = kit.plot(panels, { title: "Slopes: who pulls it where", x: [0, end + width], y: [-40, 40], xLabel: `target (last bar: all beyond ${end})`, yLabel: "% of the pulling at the best" });
  const curves = losses.map((loss) => {
    const path = cost.shape("path", { class: `curve ${loss.style}`, stroke: `var(--curve-${loss.colour})` });
    const points = Array.from({ length: 121 }, (_, i) => (end * i) / 120);
    path.setAttribute("d", "M" + points.map((c) => `${cost.sx(c).toFixed(2)} ${cost.sy(loss.extra(c)).toFixed(2)}`).join("L"));
    return path;
  });
  const dots = losses.map((loss) => cost.dot(loss.colour));
  const bars = Array.from({ length: 31 }, (_, i) => pulls.shape("rect", { class: "bar", x: pulls.sx(i * width) + 0.7, width: pulls.sx(width) - pulls.sx(0) - 1.4 }));
  const marks = [cost, pulls].map((panel) => kit.add(panel.under, "path", { class: "mark", style: "stroke: var(--curve-5)" }));
  const sides = ["start", "end"].map((anchor) => kit.add(pulls.svg, "text", { class: "side", y: pulls.frame[anchor === "start" ? "top" : "bottom"] + (anchor === "start" ? 12 : -6), x: anchor === "start" ? pulls.frame.left + 4 : pulls.frame.right, "text-anchor": anchor }));
  const fill = kit.readout(box, ["mean pull on this constant", "to the left", "to the right"], losses);

  const share = (loss, wanted) => mean((y) => Math.max(wanted * loss.slope(constant - y), 0));
  function draw() {
    const heights = new Array(31).fill(0);
    for (const y of targets) heights[Math.min(Math.floor(y / width), 30)] += (100 * chosen.slope(constant - y)) / targets.length / chosen.pulling;
    bars.forEach((bar, i) => {
      bar.setAttribute("y", pulls.sy(Math.max(heights[i], 0)));
      bar.setAttribute("height", Math.abs(pulls.sy(heights[i]) - pulls.sy(0)));
      bar.setAttribute("fill", `var(--curve-${chosen.colour})`);
    });
    [cost, pulls].forEach((panel, i) => marks[i].setAttribute("d", `M${panel.sx(constant)} ${panel.frame.top}V${panel.frame.bottom}`));
    losses.forEach((loss, i) => {
      dots[i](constant, loss.extra(constant));
      curves[i].classList.toggle("strong", loss === chosen);
    });
    [1, -1].forEach((side, i) => {
      const total = kit.number((100 * share(chosen, side)) / chosen.pulling, 0);
      sides[i].textContent = side > 0 ? `← ${total} to the left` : `${total} to the right →`;
    });
    fill(losses.map((loss) => [share(loss, 1), share(loss, -1)]));
  }

  const move = kit.handle(cost, {
    label: "constant", colour: 5, value: start, step: end / 300,
    onmove: (c) => { constant = c; draw(); },
  });
  kit.follow(pulls, move);
  const options = Object.fromEntries(losses.map(({ key, label }) => [key, label]));
  kit.choices(controls, { label: "Loss", options, value: "squared", onchoose: (key) => { chosen = losses.find((loss) => loss.key === key); draw(); } });
};

/* A batch of lines with a border in it: two micro-batches. Each has half of the votes, however many words it holds. */
lossbook.figures.accumulation = (box, { lines, words, sums, gram, border }) => {
  const { kit, maths } = lossbook;
  const edges = words.reduce((found, n) => [...found, found.at(-1) + n], [0]);
  const total = edges.at(-1);
  const width = Math.min(box.clientWidth, 720);

  const controls = kit.add(box, "div");
  kit.add(box, "p", { class: "hint" }, "Drag the border in the plot, or use the arrow keys on the slider.");
  const panels = kit.add(box, "div", { class: "panels" });
  const panel = kit.plot(panels, {
    title: "Votes of a word: two areas of one size", x: [0, total], y: [0, 3], width, height: Math.max(240, 0.4 * width),
    xLabel: "the words of the batch, line after line", yLabel: "votes",
  });
  const says = kit.add(box, "p", { class: "says", "aria-live": "polite" });
  const fill = kit.readout(box, ["", "loss", "votes, left", "votes, right"], [
    { label: "mean of the two means", colour: 1 },
    { label: "mean over all words", colour: 3, style: "dashed" },
  ]);

  const sides = [1, 2].map((colour) => ({
    area: panel.shape("rect", { class: "votes", fill: `var(--curve-${colour})`, stroke: `var(--curve-${colour})` }),
    name: kit.add(panel.svg, "text", { class: "strong", "text-anchor": "middle", "aria-hidden": "true" }),
  }));
  const { top, bottom, left, right } = panel.frame;
  panel.shape("path", { class: "curve dashed", stroke: "var(--curve-3)", d: `M${left} ${panel.sy(1)}H${right}` });
  panel.shape("path", { class: "edges", d: edges.map((edge) => `M${panel.sx(edge)} ${bottom}v-7`).join("") });
  const cut = panel.shape("path", { class: "cut" });

  function draw(after) {
    const votes = maths.votes(words, after);
    const at = [0, edges[after], total].map(panel.sx);
    sides.forEach(({ area, name }, i) => {
      const height = panel.sy(votes[i]);
      const place = { x: at[i], y: height, width: at[i + 1] - at[i], height: bottom - height };
      for (const [key, value] of Object.entries(place)) area.setAttribute(key, value);
      name.textContent = at[i + 1] - at[i] < 110 ? "½" : "half the votes";
      name.setAttribute("x", (at[i] + at[i + 1]) / 2);
      name.setAttribute("y", bottom - 14);
    });
    cut.setAttribute("d", `M${at[1]} ${top}V${bottom}`);
    const { naive, whole } = maths.costs(words, sums, after);
    fill([[naive, ...votes], [whole, 1, 1]]);
    says.replaceChildren();
    kit.add(says, "strong", {}, `The mean of means has a gradient that is off by ${kit.number(100 * maths.gradientGap(words, gram, after), 0)}% of its length.`);
    says.append(` Left of the border: ${edges[after]} words, the last line «${lines[after - 1]}». Right of it: ${total - edges[after]}.`);
  }

  const input = kit.slider(controls, {
    label: "lines in the first micro-batch", min: 1, max: words.length - 1, step: 1, value: border, digits: 0, oninput: draw,
  });
  kit.follow(panel, (x) => {
    const inner = edges.slice(1, -1);
    input.value = 1 + inner.indexOf(inner.reduce((best, edge) => (Math.abs(edge - x) < Math.abs(best - x) ? edge : best)));
    input.dispatchEvent(new Event("input"));
  });
};

/* Binary cross-entropy of a score: value and slope for a yes, a no, or a group of which a share says yes; the weight of
 * a yes by slider. Where the group's slope is zero, its odds have been multiplied by the weight. */
lossbook.figures.binary = (box, { score = -1, weight = 1, share = 0.05 }) => {
  const { maths, kit } = lossbook;
  const x = [-6, 6];
  const targets = {
    group: { label: `${kit.number(100 * share, 0)} in 100 are yes`, y: share, value: [0, 4], slope: [-1.2, 1.2] },
    yes: { label: "yes", y: 1, value: [0, 24], slope: [-21, 3] },
    no: { label: "no", y: 0, value: [0, 6], slope: [-1.2, 1.2] },
  };
  const curves = [
    { label: "w = 1", colour: 1, style: "dashed", weight: () => 1 },
    { label: "with this w", colour: 2, style: "strong", weight: () => weight },
  ];
  let target = targets.group;
  let sides = [];
  const of = {
    value: (at, w) => maths.bce(at, target.y, w),
    slope: (at, w) => maths.bceSlope(at, target.y, w),
  };

  const controls = kit.add(box, "div");
  kit.add(box, "p", { class: "hint" }, "Drag in the plots to move the score, or use the arrow keys on the ring.");
  const panels = kit.add(box, "div", { class: "panels" });
  const says = kit.add(box, "p", { class: "says", "aria-live": "polite" });
  const fill = kit.readout(box, ["at this score", "value", "pull"], curves);
  const percent = (p) => `${kit.number(100 * p, p < 0.01 || p > 0.99 ? 1 : 0)}%`;

  function drawCurves() {
    const rest = Math.log((weight * target.y) / (1 - target.y));
    for (const { key, panel, mark, draw } of sides) {
      curves.forEach((curve, i) => draw[i]((at) => of[key](at, curve.weight())));
      mark.setAttribute("d", Number.isFinite(rest) ? `M${panel.sx(rest)} ${panel.frame.top}V${panel.frame.bottom}` : "");
    }
    drawPoint();
  }
  function drawPoint() {
    for (const { key, dots } of sides) dots.forEach((move, i) => move(score, of[key](score, curves[i].weight())));
    fill(curves.map((curve) => [of.value(score, curve.weight()), of.slope(score, curve.weight())]));
    says.replaceChildren();
    kit.add(says, "strong", {}, `A score of ${kit.number(score, 1)} says ${percent(maths.sigmoid(score))}.`);
    const rest = (w) => percent((w * target.y) / (w * target.y + 1 - target.y));
    if (target === targets.yes) says.append(" A yes pulls upwards at every score: no rest.");
    else if (target === targets.no) says.append(" A no pulls downwards at every score, and the weight is not for it.");
    else says.append(` The pull is zero at ${rest(1)} without a weight, and at ${rest(weight)} with w = ${kit.number(weight, 1)}.`);
  }
  function build(key) {
    target = targets[key];
    panels.replaceChildren();
    sides = ["value", "slope"].map((side) => {
      const title = side === "value" ? "Value" : "Slope: the pull";
      const panel = kit.plot(panels, { title, x, y: target[side], xLabel: "score x", yLabel: side === "value" ? "loss" : "slope" });
      const mark = kit.add(panel.under, "path", { class: "mark" });
      return { key: side, panel, mark, draw: curves.map((c) => panel.curve(c.colour, c.style)), dots: curves.map((c) => panel.dot(c.colour)) };
    });
    drawCurves();
    const move = kit.handle(sides[0].panel, {
      label: "score x", colour: 5, value: score, step: 0.1,
      onmove: (at) => { score = at; drawPoint(); },
    });
    kit.follow(sides[1].panel, move);
  }

  const options = Object.fromEntries(Object.entries(targets).map(([key, { label }]) => [key, label]));
  kit.choices(controls, { label: "Who is asked", options, value: "group", onchoose: build });
  kit.slider(controls, {
    label: "w, weight of a yes", min: 1, max: 20, step: 0.5, value: weight, digits: 1,
    oninput: (w) => { weight = w; drawCurves(); },
  });
};

/* One bell over two humps: the bell on the left, by hand and slider; on the right what each outcome adds to one
 * of the two divergences. The best bell of that one is drawn thin; the centres of both are marked. */
lossbook.figures.kl = (box, { outcomes, truth, best, start, label }) => {
  const { maths, kit } = lossbook;
  const orders = {
    forward: { label: "KL(p‖q), truth first", colour: 1, style: "", mark: "truth first", shares: (logQ) => maths.klShares(logTruth, logQ) },
    reverse: { label: "KL(q‖p), model first", colour: 2, style: "dashed", mark: "model first", shares: (logQ) => maths.klShares(logQ, logTruth) },
  };
  const logTruth = truth.map(Math.log);
  const step = outcomes[1] - outcomes[0];
  const x = [0, outcomes.at(-1) + step];
  const total = (shares) => shares.reduce((sum, v) => sum + v, 0);
  let [centre, width] = start;
  let chosen = "forward";

  const controls = kit.add(box, "div");
  kit.add(box, "p", { class: "hint" }, "Drag in the left plot to move the bell, or use the arrow keys on the ring.");
  const panels = kit.add(box, "div", { class: "panels" });
  const left = kit.plot(panels, { title: "150 flowers, and your bell", x, y: [0, 30], xLabel: label, yLabel: "probability, in %" });
  const right = kit.plot(panels, { title: "What each length adds", x, y: [-0.4, 1.2], xLabel: label, yLabel: "nats" });
  const says = kit.add(box, "p", { class: "says", "aria-live": "polite" });
  const fill = kit.readout(box, ["", "your bell", "the best bell"], Object.values(orders));

  const bar = (panel, share) => outcomes.map((at) => panel.shape("rect", { class: "bar", x: panel.sx(at - share * step), width: panel.sx(2 * share * step) - panel.sx(0) }));
  const raise = (panel, bars, values) => bars.forEach((rect, i) => {
    const [low, top] = [Math.min(values[i], 0), Math.max(values[i], 0)].map((v) => panel.sy(kit.clamp(v, panel.y)));
    rect.setAttribute("y", top);
    rect.setAttribute("height", low - top);
  });
  const flowers = bar(left, 0.42);
  for (const rect of flowers) rect.setAttribute("class", "flowers");
  raise(left, flowers, truth.map((chance) => 100 * chance));
  const ideal = left.shape("path", { class: "curve best" });
  const bell = left.shape("path", { class: "curve strong", stroke: "var(--curve-3)" });
  const added = bar(right, 0.42);
  Object.entries(orders).forEach(([key, { colour, mark }], i) => {
    const at = left.sx(best[key][0]);
    kit.add(left.under, "path", { class: "mark", style: `stroke: var(--curve-${colour})`, d: `M${at} ${left.frame.top}V${left.frame.bottom}` });
    kit.add(left.svg, "text", { class: "side", x: at + (i ? 4 : -4), y: left.frame.top + 11, "text-anchor": i ? "start" : "end", "aria-hidden": "true" }, mark);
  });
  const path = (logQ) => "M" + outcomes.map((at, i) => `${left.sx(at).toFixed(2)} ${left.sy(100 * Math.exp(logQ[i])).toFixed(2)}`).join("L");

  function draw() {
    const order = orders[chosen];
    const logQ = maths.bell(outcomes, centre, width);
    bell.setAttribute("d", path(logQ));
    ideal.setAttribute("d", path(maths.bell(outcomes, ...best[chosen])));
    ideal.setAttribute("stroke", `var(--curve-${order.colour})`);
    const shares = order.shares(logQ);
    raise(right, added, shares);
    for (const rect of added) rect.setAttribute("fill", `var(--curve-${order.colour})`);
    const values = Object.entries(orders).map(([key, { shares: of }]) => [total(of(logQ)), total(of(maths.bell(outcomes, ...best[key])))]);
    fill(values);
    const worst = shares.indexOf(Math.max(...shares));
    const above = values[chosen === "forward" ? 0 : 1][0] - values[chosen === "forward" ? 0 : 1][1];
    says.replaceChildren();
    if (above < 0.005) kit.add(says, "strong", {}, `This is the best bell by ${order.label}.`);
    else kit.add(says, "strong", {}, `${order.label}: ${kit.number(above)} nats above the best bell.`);
    says.append(` The dearest length is ${kit.number(outcomes[worst], 1)}: the flowers have ${kit.number(100 * truth[worst], 0)}% there, your bell ${kit.number(100 * Math.exp(logQ[worst]), 0)}%.`);
  }

  const options = Object.fromEntries(Object.entries(orders).map(([key, order]) => [key, order.label]));
  kit.choices(controls, { label: "Which of the two", options, value: chosen, onchoose: (key) => { chosen = key; draw(); } });
  kit.slider(controls, { label: "width of the bell", min: 0.2, max: 4, step: 0.05, value: width, oninput: (w) => { width = w; draw(); } });
  kit.handle(left, { label: "centre of the bell", colour: 3, value: centre, step: 0.1, onmove: (c) => { centre = c; draw(); } });
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

/* --- Hinge -------------------------------------------------------------------------------------- */

Object.assign(lossbook.maths, {
  hinge: (x, y, margin) => Math.max(0, margin - y * x),
  hingeSlope: (x, y, margin) => (y * x <= margin ? -y : 0),
  softMargin: (x, y) => Math.max(0, -y * x) + Math.log1p(Math.exp(-Math.abs(x))),
  softMarginSlope: (x, y) => -y / (1 + Math.exp(y * x)),
  /* How many of these scores, each times its label, are not beyond the margin. */
  stillPulling: (signed, margin) => signed.filter((s) => s <= margin + 1e-9).length,
});

/* The hinge and the logistic loss of one score, value and slope: margin by slider, score by hand, label by button.
 * `tumours` holds the scores of a real fit, each times its label: those of the yes, and those of the no. */
lossbook.figures.hinge = (box, { margin = 1, score = -0.5, span = 4, tumours }) => {
  const { maths, kit } = lossbook;
  let label = 1;
  const losses = [
    { label: "hinge", colour: 3, style: "strong", value: (x) => maths.hinge(x, label, margin), slope: (x) => maths.hingeSlope(x, label, margin) },
    { label: "logistic", colour: 1, style: "dashed", value: (x) => maths.softMargin(x, label), slope: (x) => maths.softMarginSlope(x, label) },
  ];

  const controls = kit.add(box, "div");
  kit.add(box, "p", { class: "hint" }, "Drag in the plots to move the score, or use the arrow keys on the ring.");
  const panels = kit.add(box, "div", { class: "panels" });
  const x = [-span, span];
  const sides = [
    { of: "value", panel: kit.plot(panels, { title: "Value", x, y: [0, 1.6 * span], xLabel: "score x", yLabel: "loss" }) },
    { of: "slope", panel: kit.plot(panels, { title: "Slope: the pull", x, y: [-1.5, 1.5], xLabel: "score x", yLabel: "slope" }) },
  ];
  for (const side of sides) {
    side.zone = kit.add(side.panel.under, "rect", { class: "zone", y: side.panel.frame.top, height: side.panel.frame.bottom - side.panel.frame.top });
    side.mark = kit.add(side.panel.under, "path", { class: "mark" });
    side.curves = losses.map((loss) => side.panel.curve(loss.colour, loss.style));
    side.dots = losses.map((loss) => side.panel.dot(loss.colour));
  }
  const [near, far] = [0.8, 0.25].map((opacity) => kit.add(sides[1].panel.under, "path", { class: "rug", stroke: "currentColor", "stroke-width": 0.7, opacity }));
  const says = kit.add(box, "p", { class: "says", "aria-live": "polite" });
  const fill = kit.readout(box, ["at this score", "value", "slope"], losses);

  function drawCurves() {
    const chosen = tumours[label === 1 ? 0 : 1];
    for (const { of, panel, zone, mark, curves } of sides) {
      const edge = panel.sx(kit.clamp(label * margin, x));
      const [from, to] = label === 1 ? [panel.frame.left, edge] : [edge, panel.frame.right];
      zone.setAttribute("x", from);
      zone.setAttribute("width", to - from);
      mark.setAttribute("d", `M${edge} ${panel.frame.top}V${panel.frame.bottom}`);
      curves.forEach((draw, i) => draw(losses[i][of]));
    }
    const { panel } = sides[1];
    const ticks = (scores, height) => scores.map((s) => `M${panel.sx(label * s).toFixed(1)} ${panel.frame.bottom}v-${height}`).join("");
    near.setAttribute("d", ticks(chosen.filter((s) => maths.stillPulling([s], margin)), 16));
    far.setAttribute("d", ticks(chosen.filter((s) => !maths.stillPulling([s], margin)), 9));
    const [yes, no] = tumours.map((signed) => maths.stillPulling(signed, margin));
    says.replaceChildren();
    kit.add(says, "strong", {}, `${yes + no} of ${tumours[0].length + tumours[1].length} tumours are not beyond this margin.`);
    says.append(` ${yes} of ${tumours[0].length} malignant, ${no} of ${tumours[1].length} harmless. The line is the fitted one; only the margin moves.`);
  }
  function drawPoint() {
    for (const { of, dots } of sides) dots.forEach((move, i) => move(score, losses[i][of](score)));
    fill(losses.map((loss) => [loss.value(score), loss.slope(score)]));
  }

  const moveScore = kit.handle(sides[0].panel, {
    label: "score x", colour: 5, value: score, step: span / 80,
    onmove: (s) => { score = s; drawPoint(); },
  });
  kit.follow(sides[1].panel, moveScore);
  kit.choices(controls, {
    label: "label", options: { 1: "y = 1: malignant", "-1": "y = −1: harmless" }, value: "1",
    onchoose: (chosen) => { label = Number(chosen); drawCurves(); drawPoint(); },
  });
  kit.slider(controls, {
    label: "margin m", min: 0, max: 3, step: 0.05, value: margin,
    oninput: (m) => { margin = m; drawCurves(); drawPoint(); },
  });
};

/* --- CTC ---------------------------------------------------------------------------------------- */

/* A word with a blank around each letter, and the walks along its states. Symbol 0 is the blank; `chances` holds the
 * probability of each symbol, frame by frame. */
Object.assign(lossbook.maths, {
  ctcStates: (labels) => [0, ...labels.flatMap((label) => [label, 0])],
  ctcMoves: (states, s) =>
    [s, s + 1, s + 2].filter((to) => to < states.length && (to < s + 2 || states[to] !== states[s])),
  ctcAlphas: (chances, states) => {
    let alpha = states.map((_, s) => Number(s === 0)); // before the first frame: in front of the word
    return chances.map((chance) => {
      const next = states.map(() => 0);
      alpha.forEach((sum, s) => {
        for (const to of lossbook.maths.ctcMoves(states, s)) next[to] += sum * chance[states[to]];
      });
      return (alpha = next);
    });
  },
  ctcTotal: (chances, states) => lossbook.maths.ctcAlphas(chances, states).at(-1).slice(-2).reduce((a, b) => a + b, 0),
  /* All walks of the frames so far, each with its probability. */
  ctcWays: (chances, states) =>
    chances.reduce(
      (ways, chance) =>
        ways.flatMap(({ walk, p }) =>
          lossbook.maths.ctcMoves(states, walk.at(-1) ?? 0).map((to) => ({ walk: [...walk, to], p: p * chance[states[to]] }))),
      [{ walk: [], p: 1 }],
    ),
  ctcCanEnd: (states, s, left) =>
    left === 0
      ? s >= states.length - 2
      : lossbook.maths.ctcMoves(states, s).some((to) => lossbook.maths.ctcCanEnd(states, to, left - 1)),
});

/* The lattice of CTC: frame by frame, the sum over all ways into each state, and which ways are still alive. */
lossbook.figures.ctc = (box, { chances, symbols, words }) => {
  const { kit, maths } = lossbook;
  const frames = chances.length;
  const width = Math.min(box.clientWidth, 640);
  const [top, row, radius] = [58, 50, 19];
  const letters = [...symbols];
  let states, after;

  const controls = kit.add(box, "div");
  const panel = kit.add(box, "figure", { class: "panel" });
  const caption = kit.add(panel, "figcaption");
  const svg = kit.add(panel, "svg", { role: "img" });
  const says = kit.add(box, "p", { class: "says", "aria-live": "polite" });
  const x = (t) => 60 + (t * (width - 60 - 42)) / (frames - 1);
  const y = (s) => top + row * (s + 0.5);
  const muted = "var(--pst-color-text-muted)";

  function arrow(t, s, to, strong) {
    const [dx, dy] = [x(t + 1) - x(t), y(to) - y(s)];
    const [ux, uy] = [dx / Math.hypot(dx, dy), dy / Math.hypot(dx, dy)];
    const [ax, ay, bx, by] = [x(t) + ux * radius, y(s) + uy * radius, x(t + 1) - ux * (radius + 2), y(to) - uy * (radius + 2)];
    const barb = (side) => `${bx - 8 * ux + side * 4 * uy} ${by - 8 * uy - side * 4 * ux}`;
    const style = strong ? "stroke: var(--curve-3); stroke-width: 2.2" : `stroke: ${muted}; stroke-width: 1; opacity: 0.45`;
    kit.add(svg, "path", { d: `M${ax} ${ay}L${bx} ${by}M${barb(1)}L${bx} ${by}L${barb(-1)}`, style: `fill: none; ${style}` });
  }

  function draw() {
    if (!states || !after) return;
    const height = top + row * states.length + 6;
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const alphas = maths.ctcAlphas(chances, states);
    const alive = (t, s) => alphas[t][s] > 0 && maths.ctcCanEnd(states, s, frames - 1 - t);
    states.forEach((symbol, s) => {
      kit.add(svg, "text", { x: 12, y: y(s) + 6, style: "font-size: 18px; fill: var(--pst-color-text-base)" }, letters[symbol]);
    });
    chances.forEach((chance, t) => {
      const now = t < after ? "fill: var(--pst-color-text-base); font-weight: 600" : "";
      kit.add(svg, "text", { x: x(t), y: 14, "text-anchor": "middle", style: now }, `frame ${t + 1}`);
      letters.forEach((letter, c) => {
        const place = x(t) + (c - (letters.length - 1) / 2) * 30;
        kit.add(svg, "text", { x: place, y: 33, "text-anchor": "middle", style: "font-size: 11px" }, letter);
        kit.add(svg, "text", { x: place, y: 47, "text-anchor": "middle", style: "font-size: 11px" }, kit.number(chance[c], 1));
      });
    });
    for (let t = 0; t + 1 < after; t += 1) {
      states.forEach((_, s) => {
        if (alphas[t][s] > 0) for (const to of maths.ctcMoves(states, s)) arrow(t, s, to, alive(t + 1, to));
      });
    }
    alphas.forEach((alpha, t) => alpha.forEach((sum, s) => {
      const [done, live] = [t < after && sum > 0, alive(t, s)];
      const ring = done && live ? "stroke: var(--curve-3); stroke-width: 2.5" : `stroke: ${muted}; stroke-width: 1; ${done ? "" : "opacity: 0.4; stroke-dasharray: 2 4"}`;
      const fill = done && live ? `fill: var(--curve-3); fill-opacity: ${0.08 + 0.5 * sum}` : "fill: none";
      kit.add(svg, "circle", { cx: x(t), cy: y(s), r: radius, style: `${ring}; ${fill}` });
      if (!done) return;
      const ink = live ? "fill: var(--pst-color-text-base); font-weight: 600" : "";
      kit.add(svg, "text", { class: "alpha", x: x(t), y: y(s) + 4, "text-anchor": "middle", style: `font-size: 11.5px; ${ink}` }, kit.number(sum, 3));
    }));

    const word = states.filter((symbol) => symbol).map((symbol) => letters[symbol]).join("");
    const ways = maths.ctcWays(chances.slice(0, after), states);
    const kept = ways.filter(({ walk }) => maths.ctcCanEnd(states, walk.at(-1), frames - after)).sort((a, b) => b.p - a.p);
    const written = kept.map(({ walk, p }) => `${walk.map((s) => letters[states[s]]).join("")} ${kit.number(p, 3)}`).join(" · ");
    const total = maths.ctcTotal(chances, states);
    caption.textContent = `The sum over all ways into each state of «${word}», after frame ${after} of ${frames}`;
    svg.setAttribute("aria-label", `${caption.textContent}: ${alphas[after - 1].map((sum, s) => `${letters[states[s]]} ${kit.number(sum, 3)}`).join(", ")}`);
    says.replaceChildren();
    const count = `${kept.length} of ${ways.length} ways`;
    if (!total) kit.add(says, "strong", {}, `No way says «${word}» in ${frames} frames: probability 0, loss infinite.`);
    else if (after < frames) kit.add(says, "strong", {}, `${count} can still say «${word}»: `);
    else kit.add(says, "strong", {}, `${count} say «${word}», with probability ${kit.number(total, 3)} and loss ${kit.number(-Math.log(total), 3)}: `);
    says.append(written);
  }

  const options = Object.fromEntries(words.map((word) => [word, word]));
  kit.choices(controls, {
    label: "Word", options, value: words[0],
    onchoose: (word) => { states = maths.ctcStates([...word].map((letter) => letters.indexOf(letter))); draw(); },
  });
  kit.slider(controls, { label: "frames read", min: 1, max: frames, step: 1, value: 1, digits: 0, oninput: (t) => { after = t; draw(); } });
};

/* --- Triplets ----------------------------------------------------------------------------------- */

/* Of three vectors: both distances (torch adds eps to every coordinate), the loss, and its slopes. */
lossbook.maths.triplet = (anchor, positive, negative, margin, eps = 1e-6) => {
  const arrow = (x, y) => x.map((v, i) => v - y[i] + eps);
  const [toPositive, toNegative] = [arrow(anchor, positive), arrow(anchor, negative)];
  const [near, far] = [toPositive, toNegative].map((v) => Math.hypot(...v));
  const teaches = margin + near - far >= 0;
  const unit = (v, length) => v.map((part) => (teaches && length ? part / length : 0));
  const [u, v] = [unit(toPositive, near), unit(toNegative, far)];
  return { near, far, loss: Math.max(margin + near - far, 0), slopes: [u.map((part, i) => part - v[i]), u.map((part) => 0 - part), v] };
};

/* Three vectors in the plane with their pulls, and the triplet as a point of the plane of its two distances. */
lossbook.figures.triplet = (box, { positive, negative, margin }) => {
  const { maths, kit } = lossbook;
  const anchor = [0, 0];
  const rows = [
    { label: "anchor", colour: 1 },
    { label: "positive", colour: 2 },
    { label: "negative", colour: 3 },
  ];
  const controls = kit.add(box, "div");
  kit.add(box, "p", { class: "hint" }, "Drag in the left plot to move the negative, or use the sliders. The arrows are the moves of a step: against the slopes.");
  const panels = kit.add(box, "div", { class: "panels" });
  const reach = 2.5;
  const table = kit.plot(panels, { title: "Three vectors, and who pulls", x: [-reach * 1.59, reach * 1.59], y: [-reach, reach], xLabel: "", yLabel: "" });
  const plane = kit.plot(panels, { title: "The same triplet, by its distances", x: [0, 3], y: [0, 4.5], xLabel: "to the positive, d(a, a⁺)", yLabel: "to the negative, d(a, a⁻)" });
  const says = kit.add(box, "p", { class: "says", "aria-live": "polite" });
  const fill = kit.readout(box, ["slope of the", "across", "up", "length"], rows);

  const wedge = kit.add(plane.under, "path", { style: "fill: var(--curve-2); opacity: 0.14" });
  const border = plane.shape("path", { class: "curve", stroke: "var(--curve-2)" });
  plane.shape("path", { class: "curve dotted", stroke: "var(--pst-color-text-muted)", d: `M${plane.sx(0)} ${plane.sy(0)}L${plane.sx(3)} ${plane.sy(3)}` });
  const text = (panel, x, y, words) => kit.add(panel.svg, "text", { class: "strong", x: panel.sx(x), y: panel.sy(y), "text-anchor": "middle", "aria-hidden": "true" }, words);
  text(plane, 0.75, 3.7, "silent");
  text(plane, 2.1, 0.6, "teaches");
  const triplet = plane.dot(4);
  const circle = kit.add(table.under, "circle", { class: "curve dashed", stroke: "var(--curve-2)", cx: table.sx(0), cy: table.sy(0) });
  const arrows = rows.map(({ colour }) => table.shape("path", { class: "curve", stroke: `var(--curve-${colour})` }));
  const dots = rows.map(({ colour }) => table.dot(colour));
  const names = ["a", "a⁺", "a⁻"].map((name) => text(table, 0, 0, name));

  /* An arrow with a head, from a point by a vector. */
  const path = ([x, y], [dx, dy]) => {
    const length = Math.hypot(dx, dy);
    if (length < 1e-9) return "";
    const at = (along, across) => `${table.sx(x + (dx * along - dy * across) / length).toFixed(1)} ${table.sy(y + (dy * along + dx * across) / length).toFixed(1)}`;
    return `M${at(0, 0)}L${at(length, 0)}M${at(length - 0.18, 0.13)}L${at(length, 0)}L${at(length - 0.18, -0.13)}`;
  };

  function draw() {
    const { near, far, loss, slopes } = maths.triplet(anchor, positive, negative, margin);
    [anchor, positive, negative].forEach((place, i) => {
      dots[i](...place);
      names[i].setAttribute("x", table.sx(place[0]) + 12);
      names[i].setAttribute("y", table.sy(place[1]) + 17);
      arrows[i].setAttribute("d", path(place, slopes[i].map((part) => 0 - part)));
    });
    circle.setAttribute("r", table.sx(near + margin) - table.sx(0));
    const line = `M${plane.sx(0)} ${plane.sy(margin)}L${plane.sx(3)} ${plane.sy(3 + margin)}`;
    border.setAttribute("d", line);
    wedge.setAttribute("d", `${line}L${plane.sx(3)} ${plane.sy(0)}L${plane.sx(0)} ${plane.sy(0)}Z`);
    triplet(near, far);
    const kind = far < near ? "hard: the order is wrong" : loss > 0 ? "semi-hard: the order is right, the margin is not reached" : "easy";
    says.replaceChildren();
    kit.add(says, "strong", {}, `Loss ${kit.number(loss)}.`);
    says.append(` The triplet is ${kind}. ${loss > 0 ? "It teaches." : "It is silent: nothing moves."}`);
    fill(slopes.map((slope) => [...slope, Math.hypot(...slope)]));
  }

  /* While the sliders are being made they call back; the figure is drawn once all are there. */
  let ready = false;
  const turn = 180 / Math.PI;
  const polar = { length: Math.hypot(...negative), angle: Math.atan2(negative[1], negative[0]) * turn };
  const place = () => {
    negative = [polar.length * Math.cos(polar.angle / turn), polar.length * Math.sin(polar.angle / turn)];
    if (ready) draw();
  };
  const inputs = {
    length: kit.slider(controls, { label: "distance of the negative", min: 0.1, max: 2.5, step: 0.05, value: polar.length, oninput: (v) => { polar.length = v; place(); } }),
    angle: kit.slider(controls, { label: "its angle, degrees", min: -180, max: 180, step: 5, value: polar.angle, digits: 0, oninput: (v) => { polar.angle = v; place(); } }),
  };
  kit.slider(controls, { label: "margin m", min: 0.05, max: 2, step: 0.05, value: margin, oninput: (v) => { margin = v; place(); } });
  ready = true;
  draw();

  const drag = (event) => {
    const bounds = table.svg.getBoundingClientRect();
    const y = (table.frame.bottom - ((event.clientY - bounds.top) / bounds.height) * 220) / (table.frame.bottom - table.frame.top);
    const to = [table.valueAt(event), table.y[0] + y * (table.y[1] - table.y[0])];
    inputs.length.value = Math.hypot(...to);
    inputs.angle.value = Math.atan2(to[1], to[0]) * turn;
    for (const input of Object.values(inputs)) input.dispatchEvent(new Event("input"));
  };
  table.svg.addEventListener("pointerdown", (event) => {
    table.svg.setPointerCapture(event.pointerId);
    drag(event);
  });
  table.svg.addEventListener("pointermove", (event) => {
    if (table.svg.hasPointerCapture(event.pointerId)) drag(event);
  });
};
