// Hover, click, keys, search and zoom for a picture of lineage.  Text goes in as text, never as markup.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const picture = document.querySelector(".lineage");
  const [stage, canvas, panel, card] = ["stage", "canvas", "panel", "card"].map(byId);
  const known = JSON.parse(byId("nodes").textContent);
  const boxes = [...picture.querySelectorAll(".node")];
  const boxOf = new Map(boxes.map((box) => [Number(box.dataset.n), box]));
  const about = (box) => known[Number(box.dataset.n)];
  const standing = (of) => `s-${of.standing}`;

  const make = (tag, className, ...inside) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...inside.filter((each) => each !== undefined && each !== ""));
    return made;
  };

  // --- what is known about one

  const reason = (told, className) => {
    const made = make("div", `reason ${className}`, make("p", "", make("b", "", told.why)));
    made.append(make("p", "", `Who said so: ${told.who}`), make("p", "", `What to do: ${told.todo}`));
    if (told.clause) made.append(make("p", "", `What is required: ${told.clause}`));
    if (told.source) made.append(make("p", "quiet", told.source));
    for (const way of told.changes) {
      made.append(make("p", "", `One way: ${way.text}`));
      if (way.code) made.append(make("pre", "", way.code));
    }
    if (told.way.length > 1) made.append(make("p", "way", [...told.way].reverse().join(" → ")));
    return made;
  };

  const facts = (rows) => {
    const list = make("dl", "");
    for (const [name, text, by] of rows) {
      const said = make("dd", "", make("bdi", "", text));
      if (by) said.append(make("span", "by", ` (${by})`));
      list.append(make("dt", "", name), said);
    }
    return list;
  };

  const runs = (node) => {
    const list = make("ul", "");
    for (const [job, at, how, run] of node.runs) {
      const one = make("li", "", make("b", "", job), at ? `, ${at}` : "", how ? `, ${how}` : "");
      one.append(make("div", "quiet", `run ${run}`));
      list.append(one);
    }
    if (node.more_runs) list.append(make("li", "quiet", `and ${node.more_runs} earlier runs`));
    return list;
  };

  const neighbours = (n, from, to) => {
    const found = picture.querySelectorAll(`.edge[data-${from}="${n}"]`);
    return [...found].map((edge) => known[Number(edge.dataset[to])]).map((node) => node.uri || node.name);
  };

  const names = (all) => make("ul", "", ...all.map((name) => make("li", "", make("bdi", "", name))));

  const describe = (n) => {
    const node = known[n];
    const heading = make("h2", "heading", make("bdi", "", node.name));
    heading.tabIndex = -1;
    const close = make("button", "close", "Close");
    close.addEventListener("click", shut);
    const unmade = node.unmade ? ". It was never made: the gate stopped every run that would have." : "";
    const said = make("p", "tone", `${node.verdict}: ${node.means}${unmade}`);
    const parts = [close, heading];
    if (node.uri) parts.push(make("p", "", make("code", "", node.uri)));
    parts.push(make("p", "quiet", node.kind), said);
    const add = (title, content) => parts.push(make("h3", "", title), content);
    if (node.reasons) add("Why", make("div", "", ...node.reasons.map((r) => reason(r, standing(node)))));
    if (node.warnings) add("Warnings", make("div", "", ...node.warnings.map((r) => reason(r, "s-unknown"))));
    if (node.declared) add("Declared about it", facts(node.declared));
    else if (node.uri) add("Declared about it", make("p", "quiet", "nobody said anything"));
    if (node.effective) add("Effective, with all it inherits", facts(node.effective));
    if (node.folded) add(`The ${node.folded.length} datasets in it`, names(node.folded));
    const [above, below] = [neighbours(n, "to", "from"), neighbours(n, "from", "to")];
    if (above.length) add("Made from", names(above));
    if (below.length) add("Made of it", names(below));
    if (node.runs) add("Runs and versions, newest first", runs(node));
    panel.className = `panel ${standing(node)}`;
    panel.replaceChildren(...parts);
    return heading;
  };

  let opened = null;
  const open = (box) => {
    if (opened) opened.classList.remove("open");
    opened = box;
    const heading = describe(Number(box.dataset.n));
    box.classList.add("open");
    for (const each of boxes) each.setAttribute("aria-expanded", String(each === box));
    panel.hidden = false;
    stage.classList.add("open");
    panel.scrollTop = 0;
    card.hidden = true;
    heading.focus({ preventScroll: true });
    reveal(box);
  };

  const shut = () => {
    panel.hidden = true;
    stage.classList.remove("open");
    if (!opened) return;
    opened.classList.remove("open");
    opened.setAttribute("aria-expanded", "false");
    enter(opened);
    opened = null;
  };

  // --- pointing at one

  const show = (box, x, y) => {
    const node = about(box);
    const lines = [make("p", "heading", make("bdi", "", node.uri || node.name))];
    lines.push(make("p", "tone", `${node.kind}: ${node.verdict}`));
    for (const told of node.reasons || []) lines.push(make("p", "", told.why));
    for (const [title, rows] of [["declared", node.declared], ["effective", node.effective]]) {
      const told = (rows || []).filter((row) => /^(source$|licence|legal bas|categor)/.test(row[0]));
      if (told.length) lines.push(make("p", "", make("b", "", `${title}: `), told.map((row) => row[1]).join("; ")));
    }
    card.className = `card ${standing(node)}`;
    card.replaceChildren(...lines);
    card.hidden = false;
    card.style.left = `${Math.max(8, Math.min(x + 16, innerWidth - card.offsetWidth - 8))}px`;
    const below = y + 20 + card.offsetHeight < innerHeight;
    card.style.top = `${below ? y + 20 : Math.max(8, y - card.offsetHeight - 12)}px`;
  };

  // --- walking with the keys

  const reveal = (box) => box.scrollIntoView({ block: "nearest", inline: "nearest" });
  const enter = (box) => {
    for (const each of boxes) each.tabIndex = each === box ? 0 : -1;
    box.focus({ preventScroll: true });
    reveal(box);
  };

  const middle = (box) => {
    const { x, y, width, height } = box.querySelector(".body").getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  };

  // The nearest in a direction; what lies to the side counts three times.
  const towards = (box, [dx, dy]) => {
    const [x, y] = middle(box);
    let [best, least] = [null, Infinity];
    for (const each of boxes) {
      const [ex, ey] = middle(each);
      const [ahead, aside] = [(ex - x) * dx + (ey - y) * dy, Math.abs((ex - x) * dy + (ey - y) * dx)];
      const far = ahead + 3 * aside;
      if (ahead > 1 && far < least) [best, least] = [each, far];
    }
    return best;
  };

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  for (const box of boxes) {
    box.setAttribute("aria-controls", "panel");
    box.setAttribute("aria-expanded", "false");
    box.querySelector("title").remove(); // aria-label says the same, and the card says more
    box.addEventListener("click", () => open(box));
    box.addEventListener("mousemove", (event) => show(box, event.clientX, event.clientY));
    box.addEventListener("mouseleave", () => { card.hidden = true; });
    box.addEventListener("focus", () => { for (const each of boxes) each.tabIndex = each === box ? 0 : -1; });
    box.addEventListener("keydown", (event) => {
      const next = ARROWS[event.key] && towards(box, ARROWS[event.key]);
      if (next) enter(next);
      if (event.key === "Enter" || event.key === " ") open(box);
      if (ARROWS[event.key] || event.key === "Enter" || event.key === " ") event.preventDefault();
    });
  }
  const start = picture.querySelector(".node.asked") || boxes[0];
  if (start) start.tabIndex = 0;

  // --- searching

  const search = byId("search");
  const texts = known.map((node) => JSON.stringify(node).toLowerCase());
  let matches = [];
  let turn = -1;
  const find = () => {
    const asked = search.value.trim().toLowerCase();
    const wanted = asked && JSON.stringify(asked).slice(1, -1);
    matches = wanted ? boxes.filter((box) => texts[Number(box.dataset.n)].includes(wanted)) : [];
    turn = -1;
    picture.classList.toggle("searched", Boolean(wanted));
    for (const box of boxes) box.classList.toggle("match", matches.includes(box));
    byId("found").textContent = wanted ? `${matches.length} of ${boxes.length} boxes` : "";
    if (matches.length) reveal(matches[0]);
  };
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && matches.length) {
      turn = (turn + 1) % matches.length;
      enter(matches[turn]);
      event.preventDefault();
    }
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.tagName === "INPUT";
    if (event.key === "/" && !typing) {
      search.focus();
      event.preventDefault();
    } else if (event.key === "Escape") {
      if (!panel.hidden && !typing) shut();
      else if (search.value) { search.value = ""; find(); }
      card.hidden = true;
    }
  });

  // --- zoom and drag

  const full = { width: picture.width.baseVal.value, height: picture.height.baseVal.value };
  let scale = 1;
  const zoom = (to) => {
    scale = Math.min(2.5, Math.max(0.05, to));
    picture.style.width = `${full.width * scale}px`;
    picture.style.height = `${full.height * scale}px`;
  };
  const fit = () => zoom(Math.min(1, (canvas.clientWidth - 2) / full.width));
  byId("smaller").addEventListener("click", () => zoom(scale / 1.25));
  byId("larger").addEventListener("click", () => zoom(scale * 1.25));
  byId("fit").addEventListener("click", fit);
  // A picture that would become too small to read is scrolled instead.
  zoom(Math.max(0.7, Math.min(1, (canvas.clientWidth - 2) / full.width)));
  if (start) reveal(start);
  scrollTo(0, 0);

  let grip = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0 && !event.target.closest(".node")) {
      grip = [event.clientX + canvas.scrollLeft, event.clientY + canvas.scrollTop];
      canvas.classList.add("dragged");
    }
  });
  addEventListener("pointermove", (event) => {
    if (grip) [canvas.scrollLeft, canvas.scrollTop] = [grip[0] - event.clientX, grip[1] - event.clientY];
  });
  addEventListener("pointerup", () => {
    grip = null;
    canvas.classList.remove("dragged");
  });
})();
