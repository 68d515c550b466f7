// Keeps Doorward's pages up to date. Every page is whole without it; what came from a command is only ever
// put in as text.
"use strict";

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// Regions of a page that are read anew: the server writes them, here they are only put in place.

async function freshPage(path = location.href) {
  const response = await fetch(path, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (response.redirected && new URL(response.url).pathname === "/signin") {
    location.assign(response.url);
    return null;
  }
  return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
}

function putRegions(fresh, names) {
  for (const name of names) {
    const here = one(`[data-region="${name}"]`);
    const there = one(`[data-region="${name}"]`, fresh);
    if (!here || !there || here.innerHTML === there.innerHTML) continue;
    const held = here.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    here.replaceChildren(...document.adoptNode(there).childNodes);
    if (held) all("a", here).find((link) => link.getAttribute("href") === held)?.focus();
  }
  showTimes();
}

// Whenever somebody looks, every so many seconds; an answer is waited for before the next question.
function whileSeen(seconds, act) {
  const again = async () => {
    if (!document.hidden) {
      try {
        await act();
      } catch {
        // the next time may find the server again
      }
    }
    setTimeout(again, seconds * 1000);
  };
  setTimeout(again, seconds * 1000);
}

// Times as the reader's own clock shows them.

function showTimes() {
  // of the ways of writing the page's language, the reader's: en-GB has no AM and PM
  const page = document.documentElement.lang;
  const language = navigator.languages.find((each) => each.split("-")[0] === page) ?? page;
  const ofToday = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
  const ofAnotherDay = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const today = new Date().toDateString();
  for (const time of all("time[data-time]")) {
    const date = new Date(time.dateTime);
    time.title = time.textContent;
    time.textContent = (date.toDateString() === today ? ofToday : ofAnotherDay).format(date);
    time.removeAttribute("data-time");
  }
}

// The catalogue is searched as one types.

function searchCatalogue(form) {
  const input = one("input[type=search]", form);
  const found = one("[data-found]");
  const search = () => {
    const wanted = input.value.trim().toLowerCase();
    let count = 0;
    for (const card of all("[data-card]")) {
      card.hidden = !card.dataset.card.toLowerCase().includes(wanted);
      count += !card.hidden;
    }
    for (const group of all("[data-group]")) group.hidden = !one("[data-card]:not([hidden])", group);
    one("[data-none]").hidden = count > 0;
    found.textContent = count === 1 ? found.dataset.one : found.dataset.many.replace("{count}", count);
  };
  input.addEventListener("input", search);
  form.addEventListener("submit", (event) => {
    const shown = all("[data-card]:not([hidden]) a");
    event.preventDefault();
    if (shown.length === 1) shown[0].click();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
    }
  });
}

// A run's output.

class Output {
  constructor(section) {
    this.section = section;
    this.lines = one("[data-lines]", section);
    this.notice = one("[data-notice]", section);
    this.bound = Number(this.lines.dataset.bound);
    this.mostPieces = Number(this.lines.dataset.mostPieces) * 2;
    this.pieces = all(".part", this.lines).reduce((count, part) => count + part.childNodes.length, 0);
    this.shown = this.lines.textContent.length;
    this.waiting = [];
    this.waitingLength = 0;
    this.isPaused = false;
    this.isFollowing = true;
    this.isDue = false;
    this.buttons();
    if (section.dataset.stream) this.read(section.dataset.stream);
  }

  buttons() {
    const copy = one("[data-copy]", this.section);
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      const text = all(".part", this.lines).map((part) => part.textContent).join("");
      const words = copy.textContent;
      try {
        await navigator.clipboard.writeText(text);
        copy.textContent = copy.dataset.copied;
      } catch {
        copy.textContent = copy.dataset.notCopied;
      }
      this.notice.textContent = copy.textContent;
      setTimeout(() => { copy.textContent = words; this.notice.textContent = ""; }, 2000);
    });
  }

  read(path) {
    const follow = one("[data-follow]", this.section);
    const pause = one("[data-pause]", this.section);
    const words = pause.textContent;
    follow.hidden = pause.hidden = false;
    this.setFollowing = (is) => {
      this.isFollowing = is;
      follow.setAttribute("aria-pressed", String(is));
      if (is) this.lines.scrollTop = this.lines.scrollHeight;
    };
    follow.addEventListener("click", () => this.setFollowing(!this.isFollowing));
    // whoever scrolls up wants to read, and whoever comes to the end wants to see what comes
    this.lines.addEventListener("scroll", () => {
      const left = this.lines.scrollHeight - this.lines.scrollTop - this.lines.clientHeight;
      if ((left < 24) !== this.isFollowing && !this.isDue) this.setFollowing(left < 24);
    });
    pause.addEventListener("click", () => {
      this.isPaused = !this.isPaused;
      pause.textContent = this.isPaused ? pause.dataset.resume : words;
      if (!this.isPaused) this.due();
    });
    this.setFollowing(true);
    this.source = new EventSource(path);
    this.source.addEventListener("open", () => { this.notice.textContent = ""; });
    this.source.addEventListener("message", (event) => this.receive(JSON.parse(event.data)));
    this.source.addEventListener("error", () => {
      const isOver = this.source.readyState === EventSource.CLOSED;
      this.notice.textContent = isOver ? this.section.dataset.ended : this.section.dataset.lost;
    });
    this.source.addEventListener("end", async () => {
      this.source.close();
      follow.hidden = pause.hidden = true;
      this.isPaused = false;
      this.due();
      clearInterval(this.clock);
      const fresh = await freshPage();
      if (fresh) putRegions(fresh, ["state", "actions", "drawing"]);
      const empty = one("[data-empty]", this.lines);
      if (empty) empty.textContent = empty.dataset.nothing;
    });
    this.tick();
  }

  tick() {
    const began = performance.now();
    const first = Number(one("[data-elapsed]")?.dataset.elapsed);
    this.clock = setInterval(async () => {
      const elapsed = one("[data-elapsed]");
      if (!elapsed) return;
      if (elapsed.dataset.ticks === "1") {
        elapsed.textContent = inWords(first + (performance.now() - began) / 1000, elapsed.dataset.decimal);
      }
    }, 100);
    // one that waits for its place, or is stopped by somebody else, is seen to change
    whileSeen(3, async () => {
      if (this.source.readyState !== EventSource.OPEN) return;
      const fresh = await freshPage();
      if (fresh && one(".state strong").textContent !== one(".state strong", fresh).textContent) {
        putRegions(fresh, ["state", "actions"]);
      }
    });
  }

  receive(pieces) {
    for (const piece of pieces) {
      this.waiting.push(piece);
      this.waitingLength += piece[1]?.length ?? 0;
    }
    // what would be cut at once need not be held
    while ((this.waitingLength > this.bound || this.waiting.length > this.mostPieces) && this.waiting.length > 1) {
      this.waitingLength -= this.waiting.shift()[1]?.length ?? 0;
      this.showCut();
    }
    if (!this.isPaused) this.due();
  }

  due() {
    if (this.isDue) return;
    this.isDue = true;
    const put = () => { this.put(); this.isDue = false; };
    // nothing is drawn in a page that nobody sees, but what is held stays bounded
    if (document.hidden) put();
    else requestAnimationFrame(put);
  }

  put() {
    if (!this.waiting.length) return;
    one("[data-empty]", this.lines)?.remove();
    for (const [stream, text, classes] of this.waiting) {
      if (text === null) this.rewind(stream);
      else this.add(stream, text, classes);
    }
    this.waiting = [];
    this.waitingLength = 0;
    this.trim();
    if (this.isFollowing) this.lines.scrollTop = this.lines.scrollHeight;
  }

  part(stream) {
    const last = this.lines.lastElementChild;
    if (last?.classList.contains(stream)) return last;
    const part = document.createElement("pre");
    part.className = `part ${stream}`;
    if (stream === "err") {
      part.dataset.label = this.section.dataset.errors;
      part.setAttribute("role", "group");
      part.setAttribute("aria-label", this.section.dataset.errors);
    }
    this.lines.append(part);
    return part;
  }

  add(stream, text, classes) {
    const part = this.part(stream);
    this.shown += text.length;
    const last = part.lastChild;
    if (last && (last.className ?? "") === classes && last.textContent.length < 4096) {
      last.textContent += text;
      return;
    }
    this.pieces += 1;
    if (classes) {
      const span = document.createElement("span");
      span.className = classes;
      span.textContent = text;
      part.append(span);
    } else {
      part.append(document.createTextNode(text));
    }
  }

  rewind(stream) {
    const part = this.part(stream);
    while (part.lastChild) {
      const node = part.lastChild;
      const end = node.textContent.lastIndexOf("\n") + 1;
      this.shown -= node.textContent.length - end;
      if (end) {
        node.textContent = node.textContent.slice(0, end);
        return;
      }
      node.remove();
      this.pieces -= 1;
    }
  }

  trim() {
    while ((this.shown > this.bound || this.pieces > this.mostPieces) && this.lines.firstElementChild) {
      const part = this.lines.firstElementChild;
      const node = part.firstChild;
      if (!node) {
        if (part === this.lines.lastElementChild) return;
        part.remove();
        continue;
      }
      this.shown -= node.textContent.length;
      this.pieces -= 1;
      node.remove();
      this.showCut();
    }
  }

  showCut() {
    one("[data-cut]", this.section).hidden = false;
  }
}

function inWords(seconds, decimal) {
  if (seconds < 60) return `${seconds.toFixed(1).replace(".", decimal)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// Figures over time, for as long as the page is open.

const KEPT_POINTS = 240;
const CHART = { width: 600, height: 120 };

function chart() {
  const kept = [];
  const look = () => {
    const figures = all("[data-figure]");
    kept.push(figures.map((figure) => Number(figure.dataset.value)));
    if (kept.length > KEPT_POINTS) kept.shift();
    const most = Math.max(...kept.flat(), 0.1) * 1.15;
    const step = CHART.width / Math.max(kept.length - 1, 1);
    all("[data-chart] polyline").forEach((line, index) => {
      const points = kept.length === 1 ? [kept[0], kept[0]] : kept;
      line.setAttribute("points", points
        .map((values, at) => `${(at * step).toFixed(1)},${(CHART.height - values[index] / most * CHART.height).toFixed(1)}`)
        .join(" "));
    });
  };
  look();
  whileSeen(10, async () => {
    const fresh = await freshPage();
    if (!fresh || !one("[data-series]", fresh)) return;
    putRegions(fresh, ["result"]);
    look();
  });
}

// Vulnerabilities: rows are narrowed as one types, and sorted where all of them are on the page.

function narrowRows(form, table) {
  const input = one("[data-word]", form);
  const status = one("[data-rows-status]");
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase().split(",").map((part) => part.trim()).filter(Boolean);
    let count = 0;
    for (const row of all("[data-row]", table)) {
      row.hidden = wanted.length > 0 && !wanted.some((part) => row.dataset.row.includes(part));
      count += !row.hidden;
    }
    for (const group of table.tBodies) group.hidden = !one("[data-row]:not([hidden])", group);
    status.textContent = status.dataset.here.replace("{count}", count);
  });
}

function sortRows(table) {
  const status = one("[data-rows-status]");
  for (const heading of all("[data-column]", table)) {
    const shown = one("[data-sort]", heading);
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = shown.textContent;
    shown.replaceWith(button);
    button.addEventListener("click", () => {
      // what one looks for stands at the end of its column, but for texts
      const isText = ["id", "about", "package"].includes(heading.dataset.column);
      const before = heading.getAttribute("aria-sort");
      const direction = before === "descending" || (!before && isText) ? "ascending" : "descending";
      for (const other of all("[aria-sort]", table)) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", direction);
      sortBy(table, heading.dataset.column, direction === "ascending" ? 1 : -1);
      status.textContent = status.dataset.sorted
        .replace("{column}", button.textContent)
        .replace("{direction}", status.dataset[direction]);
    });
  }
}

function sortBy(table, column, sign) {
  const valueOf = (row) => one(`.cve-${column}`, row).dataset.value;
  const compare = (left, right) => {
    // an empty cell comes last either way
    if (!left || !right) return (left ? 0 : 1) - (right ? 0 : 1);
    const difference = Number(left) - Number(right);
    return sign * (Number.isNaN(difference) ? left.localeCompare(right, undefined, { numeric: true }) : difference);
  };
  for (const group of table.tBodies) {
    const rows = all("[data-row]", group);
    group.append(...rows.sort((left, right) => compare(valueOf(left), valueOf(right))));
  }
}

// What this page has.

showTimes();
const filter = one("[data-filter]");
if (filter) searchCatalogue(filter);
const rows = one("[data-rows]");
if (rows) narrowRows(one("[data-rows-filter]"), rows);
if (rows?.hasAttribute("data-whole")) sortRows(rows);
const output = one(".output:has([data-bound])");
if (output) new Output(output);
const renewed = one("[data-renewed]");
if (renewed) {
  whileSeen(Number(renewed.dataset.renewed), async () => {
    const fresh = await freshPage();
    if (fresh) putRegions(fresh, [renewed.dataset.region]);
  });
}
if (one('[data-region="result"] [data-series]')) chart();
