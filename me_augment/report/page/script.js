"use strict";
(() => {
  const about = JSON.parse(document.getElementById("about").textContent);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const PAGE = 50;

  // What comes from data is set as text and never read as markup.
  const make = (name, text, parent) => {
    const element = document.createElement(name);
    if (text !== undefined && text !== null) element.textContent = text;
    if (parent) parent.append(element);
    return element;
  };
  const figure = (value) => (value === null ? "–" : String(Number(value.toPrecision(3))));

  // --- the rows, unpacked when they are first needed ---------------------------------------------------------------
  let unpacked = null;
  const rows = () => (unpacked ??= unpack());
  const unpack = async () => {
    const packed = atob(document.getElementById("rows").textContent);
    const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const data = JSON.parse(await new Response(stream).text());
    const place = new Map(data.columns.clip_id.at.map((word, row) => [data.columns.clip_id.words[word], row]));
    return { count: data.rows, columns: data.columns, place };
  };
  const cell = (table, name, row) => {
    const column = table.columns[name];
    if (!column.words) return column.values[row];
    return column.at[row] === null ? null : column.words[column.at[row]];
  };
  const quoted = (word) => (/^[\w.:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`);
  const kind = (value) => (value ? "synthetic" : "real");
  const shown = (table, name, row) => {
    const value = cell(table, name, row);
    if (name === "is_synthetic") return kind(value);
    if (name === "name" && !value.trim()) return cell(table, "clip_id", row);
    if (value === null) return "";
    return typeof value === "number" ? figure(value) : Array.isArray(value) ? value.join(", ") : value;
  };

  // --- where a clip comes from ----------------------------------------------------------------------------------------
  const dialog = document.getElementById("origin");
  const definitions = (parent, title, entries) => {
    const known = entries.filter(([, value]) => value !== "" && value !== null && value !== undefined);
    if (!known.length) return;
    make("h4", title, parent);
    const list = make("dl", null, parent);
    for (const [label, value] of known) {
      make("dt", label, list);
      const place = make("dd", null, list);
      if (value instanceof Node) place.append(value);
      else place.textContent = value;
    }
  };
  const link = (table, id) => {
    if (id === null) return null;
    const row = table.place.get(id);
    if (row === undefined) return id;
    const button = make("button", `${shown(table, "name", row)} (${id})`);
    button.type = "button";
    button.addEventListener("click", () => open(id));
    return button;
  };
  const open = async (id) => {
    const table = await rows();
    const row = table.place.get(id);
    if (row === undefined) return;
    const text = (name) => shown(table, name, row);
    const label = (name) => table.columns[name].label;
    const plain = (...names) => names.map((name) => [label(name), text(name)]);
    const synthetic = cell(table, "is_synthetic", row);
    document.getElementById("origin-name").textContent = text("name");
    const body = dialog.querySelector("div");
    body.replaceChildren();
    definitions(body, "Clip", [
      ["id", id],
      ["kind", kind(synthetic)],
      ...plain("emotion", "label_megc3", "au_verbatim", "expression", "person_id"),
      ["onset, apex, offset", ["onset", "apex", "offset"].map((name) => cell(table, name, row) ?? "–").join(", ")],
      ...plain("status", "reason", "licence"),
    ]);
    if (synthetic) {
      definitions(body, "Made from", [
        ["its expression is from", link(table, cell(table, "driver_clip_id", row))],
        ...plain("driver_person_id"),
        ["its face is from", link(table, cell(table, "target_clip_id", row))],
        ...plain("action_units", "strength"),
        ["left and right exchanged", cell(table, "mirror", row) ? "yes" : "no"],
        ...plain("tempo_onset", "tempo_offset", "asymmetry", "eyes", "shading", "transforms"),
        ...plain("made_by", "seed", "parents", "generator_training_subjects", "forbidden_subjects"),
      ]);
      definitions(body, "Quality", Object.keys(table.columns).filter((name) => name.startsWith("quality_"))
        .filter((name) => cell(table, name, row) !== null).map((name) => {
          const value = cell(table, name, row);
          const gates = about.gates.filter((gate) => gate.figure === name);
          const said = gates.map((gate) => `${gate.lowest ? "at least" : "at most"} ${figure(gate.limit)}`);
          const beyond = gates.some((gate) => (gate.lowest ? value < gate.limit : value > gate.limit));
          const line = make("span", figure(value) + (said.length ? ` (gate: ${said.join(", ")})` : ""));
          if (beyond) line.className = "bad";
          const both = make("div");
          both.append(line);
          make("small", about.meanings[name], both);
          return [label(name), both];
        }));
      if (about.reproduce) {
        definitions(body, "Make it again", [
          ["command", make("code", `${about.reproduce} ${quoted(cell(table, "made_as", row))} --out again.mkv`)],
        ]);
      }
    }
    const player = [...document.querySelectorAll(".player")].find((one) => one.dataset.clip === id);
    if (player) {
      const jump = make("button", "Show it", body);
      jump.addEventListener("click", () => {
        dialog.close();
        player.scrollIntoView({ block: "center" });
        player.querySelector(".play").focus({ preventScroll: true });
      });
    }
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  };
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  // --- the list of all clips --------------------------------------------------------------------------------------------
  const browser = document.getElementById("browser");
  const SEARCHED = ["name", "clip_id", "au_verbatim", "emotion", "reason", "person_id", "driver_person_id"];
  const list = { found: [], from: 0, sort: null, down: false };

  const fillFilters = (table) => {
    for (const select of browser.querySelectorAll("[data-filter]")) {
      const column = table.columns[select.dataset.filter];
      const tally = new Map();
      for (const at of column.words ? column.at : column.values) if (at !== null) tally.set(at, (tally.get(at) ?? 0) + 1);
      if (tally.size < 2) {
        select.parentElement.hidden = true;
        continue;
      }
      make("option", "any", select).value = "";
      const options = [...tally].map(([at, count]) => [at, column.words ? column.words[at] : kind(at), count]);
      options.sort((a, b) => (a[1] < b[1] ? -1 : 1));
      for (const [at, word, count] of options) make("option", `${word} (${count})`, select).value = at;
    }
  };
  const search = (table) => {
    const tests = [];
    for (const select of browser.querySelectorAll("[data-filter]")) {
      if (!select.value) continue;
      const column = table.columns[select.dataset.filter];
      const wanted = Number(select.value);
      const cells = column.words ? column.at : column.values;
      tests.push((row) => cells[row] === wanted);
    }
    const typed = document.getElementById("find").value.trim().toLowerCase();
    if (typed) {
      const hits = SEARCHED.map((name) => table.columns[name]).map((column) => ({
        at: column.at, words: new Set(column.words.flatMap((word, n) => (word.toLowerCase().includes(typed) ? [n] : []))),
      }));
      tests.push((row) => hits.some((column) => column.words.has(column.at[row])));
    }
    const found = [];
    for (let row = 0; row < table.count; row++) if (tests.every((test) => test(row))) found.push(row);
    if (list.sort !== null) {
      const column = table.columns[list.sort];
      let key = column.values;
      if (column.words) {
        const order = column.words.map((word, n) => n).sort((a, b) => (column.words[a] < column.words[b] ? -1 : 1));
        const rank = [];
        order.forEach((word, n) => (rank[word] = n));
        key = column.at.map((at) => (at === null ? null : rank[at]));
      }
      const sign = list.down ? -1 : 1;
      found.sort((a, b) => (key[a] === null || key[b] === null
        ? (key[a] === null) - (key[b] === null) : sign * (key[a] - key[b])) || a - b);
    }
    list.found = found;
    list.from = 0;
    turn(table);
  };
  const turn = (table) => {
    const body = browser.querySelector("tbody");
    const heads = [...browser.querySelectorAll("[data-column]")];
    body.replaceChildren();
    const until = Math.min(list.from + PAGE, list.found.length);
    for (const row of list.found.slice(list.from, until)) {
      const line = make("tr", null, body);
      for (const head of heads) {
        const name = head.dataset.column;
        const place = make(name === "name" ? "th" : "td", null, line);
        const value = cell(table, name, row);
        const text = typeof value === "number" && name !== "is_synthetic" ? value.toFixed(3) : shown(table, name, row);
        if (name === "name") {
          place.scope = "row";
          make("button", text, place).type = "button";
        } else {
          place.textContent = text;
          if (head.classList.contains("n")) place.className = "n";
          if (name === "status" && text !== "ok") place.className = "bad";
        }
      }
      line.addEventListener("click", () => open(cell(table, "clip_id", row)));
    }
    const count = list.found.length.toLocaleString("en");
    document.getElementById("count").textContent = list.found.length
      ? `${(list.from + 1).toLocaleString("en")}–${until.toLocaleString("en")} of ${count} clips` : "No clip is like that.";
    document.getElementById("before").disabled = list.from === 0;
    document.getElementById("after").disabled = until >= list.found.length;
  };
  const browse = async () => {
    const table = await rows();
    fillFilters(table);
    for (const head of browser.querySelectorAll("[data-column]")) {
      const column = table.columns[head.dataset.column];
      if (!column.words && head.dataset.column !== "is_synthetic") head.classList.add("n");
      head.querySelector("button").addEventListener("click", () => {
        list.down = list.sort === head.dataset.column && !list.down;
        list.sort = head.dataset.column;
        for (const other of browser.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", list.down ? "descending" : "ascending");
        search(table);
      });
    }
    let waiting = 0;
    document.getElementById("find").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => search(table), 150);
    });
    for (const select of browser.querySelectorAll("select")) select.addEventListener("change", () => search(table));
    document.getElementById("reset").addEventListener("click", () => {
      for (const field of browser.querySelectorAll("select, #find")) field.value = "";
      search(table);
    });
    for (const [id, step] of [["before", -PAGE], ["after", PAGE]]) {
      document.getElementById(id).addEventListener("click", () => {
        list.from += step;
        turn(table);
      });
    }
    search(table);
    document.documentElement.dataset.rows = "shown";
  };
  browser.hidden = false;
  document.getElementById("no-script").hidden = true;
  if (typeof DecompressionStream === "undefined") {
    document.getElementById("count").textContent = "This browser is too old to unpack the list; clips.parquet holds the same.";
  } else {
    whenNear(browser, browse, "1200px");
  }

  // --- players --------------------------------------------------------------------------------------------------------
  function whenNear(element, work, margin) {
    const watcher = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      work();
    }, { rootMargin: margin });
    watcher.observe(element);
  }
  const setUp = (player) => {
    const films = JSON.parse(player.querySelector(".film").textContent);
    const times = player.dataset.times.split(" ").map(Number);
    const apex = Number(player.dataset.apex);
    const last = times.length - 1;
    const slider = player.querySelector("input[type=range]");
    const play = player.querySelector(".play");
    const view = player.querySelector(".view");
    const slow = player.querySelector(".slow");
    const screens = films.map((film, number) => {
      const still = player.querySelector(`[data-screen="${number}"] img`);
      const canvas = make("canvas");
      canvas.width = canvas.height = about.side;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", still.alt.replace("Apex of the", "The"));
      return { film, still, canvas, pictures: {} };
    });
    const state = { step: apex, view: "plain", playing: false, since: 0, spent: 0 };

    const picture = async (screen, name) => {
      if (!screen.pictures[name]) {
        const image = new Image();
        image.src = screen.film.strips[name];
        screen.pictures[name] = image.decode().then(() => image);
      }
      return screen.pictures[name];
    };
    const draw = async () => {
      const { step, view: name } = state;
      const images = await Promise.all(screens.map((screen) => picture(screen, name)));
      if (step !== state.step || name !== state.view) return;
      screens.forEach((screen, number) => {
        const tile = screen.film.at[step];
        const side = about.side;
        const left = side * (tile % about.tiles);
        const top = side * Math.floor(tile / about.tiles);
        screen.canvas.getContext("2d").drawImage(images[number], left, top, side, side, 0, 0, side, side);
        if (screen.still.isConnected) screen.still.replaceWith(screen.canvas);
      });
      player.dataset.drawn = `${name} ${step}`;
    };
    const show = (step) => {
      state.step = step;
      state.spent = 0;
      slider.value = step;
      const where = step === 0 ? ", onset" : step === apex ? ", apex" : step === last ? ", offset" : "";
      slider.setAttribute("aria-valuetext", `frame ${step + 1} of ${last + 1}${where}`);
      draw();
    };
    const stop = () => {
      state.playing = false;
      play.textContent = "Play";
    };
    const frame = (now) => {
      if (!state.playing) return;
      state.spent += now - state.since;
      state.since = now;
      const factor = Number(slow.value);
      let step = state.step;
      while (state.spent >= times[step] * factor) {
        state.spent -= times[step] * factor;
        step += 1;
        if (step > last) {
          if (calm.matches) return stop();
          step = 0;
        }
      }
      if (step !== state.step) {
        const spent = state.spent;
        show(step);
        state.spent = spent;
      }
      requestAnimationFrame(frame);
    };
    play.addEventListener("click", () => {
      if (state.playing) return stop();
      if (state.step === last) show(0);
      state.playing = true;
      state.since = performance.now();
      play.textContent = "Pause";
      requestAnimationFrame(frame);
    });
    slider.addEventListener("input", () => {
      stop();
      show(Number(slider.value));
    });
    for (const jump of player.querySelectorAll("[data-to]")) {
      jump.addEventListener("click", () => {
        stop();
        show(Number(jump.dataset.to));
      });
    }
    view.addEventListener("change", () => {
      state.view = view.value;
      draw();
    });
    player.querySelector(".origin").addEventListener("click", () => open(player.dataset.clip));
    const marks = player.querySelector(".marks");
    for (const [step, name] of [[0, "onset"], [apex, "apex"], [last, "offset"]]) {
      const mark = make("span", null, marks);
      mark.className = name;
      mark.style.left = `${last ? (100 * step) / last : 0}%`;
    }
    new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) stop();
    }).observe(player);
    show(apex);
  };
  for (const player of document.querySelectorAll(".player")) {
    player.querySelector(".controls").hidden = false;
    whenNear(player, () => setUp(player), "600px");
  }

  // --- on paper everything is open --------------------------------------------------------------------------------------
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });
})();
