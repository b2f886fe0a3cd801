// The verify page with a script: files are dropped or pasted, the answer comes in place and grows old in sight, what
// takes long can be cancelled, and what does not come is told in words. Without this file the form still works.
"use strict";
(() => {
  const form = document.getElementById("ask");
  const answer = document.getElementById("answer");
  if (!form || !answer) return;
  const file = document.getElementById("file");
  const id = document.getElementById("license_id");
  const drop = form.querySelector(".drop");
  const said = document.getElementById("said");
  const texts = form.dataset;
  const SLOW_MS = 3_000;
  const SILENT_MS = 20_000;
  // Ends what is being asked, in one way.
  let running = null;
  // What was asked last, for asking it again: { file, text }, and the picture a text was read from.
  let last = null;

  // ---- Speaking and showing.

  /** Says something once to whoever listens to the page. */
  const say = (text) => { said.textContent = text; };

  const prepared = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);

  /** Puts one thing where answers stand, and leads eyes and focus to it. */
  const show = (node, scroll = true) => {
    answer.replaceChildren(node);
    const place = node.matches("[data-focus]") ? node : node.querySelector("[data-focus]");
    place?.focus({ preventScroll: true });
    if (scroll) node.scrollIntoView({ block: "start" });
  };

  const forget = () => {
    for (const wrong of form.querySelectorAll(".wrong")) wrong.classList.remove("wrong");
    for (const old of form.querySelectorAll(".field-error")) old.remove();
    id.removeAttribute("aria-invalid");
    id.setAttribute("aria-describedby", "id-hint id-limit");
    file.setAttribute("aria-describedby", "file-hint limits-hint");
  };

  /** Clears the screen of everything about the last person. */
  const clear = () => {
    running?.(() => {});
    last = null;
    answer.replaceChildren();
    form.reset();
    id.value = "";
    forget();
    document.title = texts.title;
    form.dispatchEvent(new CustomEvent("cleared"));
  };

  const another = () => {
    clear();
    say(texts.cleared);
    id.focus();
    form.scrollIntoView({ block: "nearest" });
  };

  /** A slip noticed here looks like one noticed by the server. */
  const slip = (which) => {
    const box = prepared("slip");
    for (const link of box.querySelectorAll("a")) if (link.dataset.slip !== which) link.remove();
    document.title = texts.title;
    show(box);
    markField(box);
  };

  /** Says at the field what the box above says of it. */
  const markField = (box) => {
    forget();
    const link = box.querySelector("a");
    const field = document.getElementById(link.hash.slice(1));
    if (!field) return;
    field.closest(".way").classList.add("wrong");
    const note = document.createElement("p");
    note.className = "field-error";
    note.id = `${field.id}-error`;
    note.textContent = link.textContent;
    (field === file ? drop : field).before(note);
    field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby")} ${note.id}`);
    if (field === id) field.setAttribute("aria-invalid", "true");
    link.addEventListener("click", (event) => { event.preventDefault(); field.focus(); });
  };

  /** No verdict came: which of the prepared words fit, and what they are told. */
  const trouble = (name, waitSeconds = 0, number = "") => {
    const box = prepared(name);
    const wait = box.querySelector("[data-wait]");
    if (wait && waitSeconds > 0) countDown(wait, box.querySelector("[data-again]"), waitSeconds);
    const told = box.querySelector("[data-number]");
    if (told && number) {
      told.textContent = `${told.dataset.number}: ${number}`;
      told.hidden = false;
    }
    document.title = texts.title;
    show(box);
    say(box.querySelector("p").textContent);
  };

  const countDown = (line, button, seconds) => {
    let left = Math.min(seconds, 120);
    const tick = () => {
      line.hidden = left <= 0;
      button.disabled = left > 0;
      line.textContent = `${left} ${line.dataset.wait}`;
      left -= 1;
      if (left >= -1 && line.isConnected) setTimeout(tick, 1_000);
    };
    setTimeout(tick, 0);
  };

  // ---- The answer.

  /** Finishes an answer that stands on the page. */
  const settle = (scroll) => {
    const box = answer.querySelector(".mistakes");
    if (box) {
      show(box, scroll);
      markField(box);
      return;
    }
    const verdict = answer.querySelector("article.verdict");
    if (!verdict) return;
    for (const hint of verdict.querySelectorAll("[data-scripted], [data-print]")) hint.hidden = false;
    const again = verdict.querySelector("[data-check-again]");
    if (last && again?.dataset.checkAgain === "") again.hidden = false;
    arrived = performance.now();
    aging();
    picture(verdict);
    const badge = verdict.querySelector("[data-focus]").textContent;
    document.title = `${badge} · ${texts.title}`;
    show(verdict, scroll);
    say(`${badge}。${verdict.querySelector(".headline").textContent}`);
  };

  // How old the answer is, counted from its arrival: two clocks may disagree, their difference does not.
  let arrived = 0;
  const aging = () => {
    const line = answer.querySelector("[data-as-of]");
    if (!line) return;
    const seconds = Math.floor((performance.now() - arrived) / 1_000);
    const t = line.dataset;
    const age = seconds < 5 ? t.now : seconds < 60 ? `${seconds} ${t.seconds}` : `${Math.floor(seconds / 60)} ${t.minutes}`;
    line.querySelector(".age").textContent = ` · ${age}`;
    const stale = line.querySelector(".stale");
    if (seconds < Number(t.staleAfter) || !stale.hidden) return;
    stale.hidden = false;
    line.closest(".today").classList.add("is-stale");
    const again = answer.querySelector("[data-check-again]");
    if (last && again) again.hidden = false;
    say(stale.textContent);
  };
  setInterval(aging, 1_000);

  /** The picture that was asked about, beside what is said of it. It is drawn from memory and goes nowhere. */
  const picture = (verdict) => {
    const place = verdict.querySelector("[data-picture]");
    const shown = last?.picture;
    if (!place || !shown) return;
    createImageBitmap(shown).then((bitmap) => {
      const canvas = document.createElement("canvas");
      const scale = Math.min(1, 1_400 / bitmap.width);
      canvas.width = Math.round(bitmap.width * scale);
      canvas.height = Math.round(bitmap.height * scale);
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-labelledby", "picture-words");
      place.querySelector(".picture").replaceChildren(canvas);
      place.hidden = false;
    }, () => { /* A picture that the browser cannot draw is still judged; only the preview is missing. */ });
  };

  // ---- Asking.

  /** Asks about a file or a text, and shows what comes of it, whatever that is. */
  const ask = (question) => {
    if (question.file && question.file.size > Number(texts.limit)) { slip("too-large"); return; }
    running?.(() => {});
    form.dispatchEvent(new CustomEvent("asking"));
    last = question;
    forget();
    const data = new FormData();
    if (question.file) data.append("file", question.file, question.file.name ?? "picture.jpg");
    else data.append("license_id", question.text);

    const panel = prepared("working");
    const progress = panel.querySelector(".progress");
    const bar = panel.querySelector("progress");
    progress.textContent = progress.dataset.sending;
    const request = new XMLHttpRequest();
    let silence;
    const alive = () => { clearTimeout(silence); silence = setTimeout(() => end(() => trouble("unreachable")), SILENT_MS); };
    const slow = setTimeout(() => {
      const words = panel.querySelector(".slow");
      words.hidden = false;
      panel.querySelector("[data-cancel]").hidden = false;
      say(words.textContent);
    }, SLOW_MS);
    /** Ends this request once, in one way. */
    const end = (then) => {
      clearTimeout(slow);
      clearTimeout(silence);
      if (running !== end) return;
      running = null;
      request.abort();
      form.removeAttribute("aria-busy");
      then();
    };
    running = end;
    panel.querySelector("[data-cancel]").addEventListener("click", () => end(cancelled));
    request.open("POST", "/verify?part=verdict");
    request.upload.addEventListener("progress", (event) => {
      alive();
      if (!event.lengthComputable || event.total === 0) return;
      bar.value = Math.round((event.loaded / event.total) * 100);
    });
    request.upload.addEventListener("load", () => { bar.removeAttribute("value"); progress.textContent = progress.dataset.judging; });
    request.addEventListener("load", () => {
      const { status, responseText } = request;
      const header = (name) => request.getResponseHeader(name) ?? "";
      const [retry, number] = [Number(header("Retry-After")), header("X-Request-Id")];
      end(() => take(status, responseText, retry, number));
    });
    request.addEventListener("error", () => end(() => trouble("unreachable")));
    alive();
    form.setAttribute("aria-busy", "true");
    show(panel);
    request.send(data);
  };

  const cancelled = () => {
    answer.replaceChildren();
    say(texts.cancelled);
    id.focus();
  };

  /** What the service answered. */
  const take = (status, text, retry, number) => {
    if (status === 503 && retry > 0) { trouble("busy", retry); return; }
    if ([502, 503, 504].includes(status)) { trouble("unreachable"); return; }
    const part = new DOMParser().parseFromString(text, "text/html");
    const found = part.querySelector("article.verdict, .mistakes");
    if (!found || part.querySelector("main")) { trouble("fault", 0, number); return; }
    answer.replaceChildren(document.adoptNode(found));
    settle(true);
  };

  const askForm = () => {
    const question = { file: file.files[0] ?? null, text: id.value.trim() };
    if (!question.file && !question.text) { slip("nothing"); return; }
    ask(question);
  };

  const askFiles = (files) => {
    if (files.length !== 1) { slip("several"); return; }
    id.value = "";
    ask({ file: files[0], text: "" });
  };

  form.addEventListener("submit", (event) => { event.preventDefault(); askForm(); });
  form.addEventListener("question", (event) => ask(event.detail));
  form.addEventListener("answered", ({ detail }) => { last = detail.question; forget(); take(200, detail.text, 0, ""); });
  file.addEventListener("change", () => { if (file.files.length) askFiles(file.files); });
  id.addEventListener("input", () => { if (id.value) file.value = ""; });

  // ---- Buttons in answers.

  answer.addEventListener("click", (event) => {
    const hit = (what) => event.target.closest(what);
    if (hit("[data-another]")) { event.preventDefault(); another(); }
    if (hit("[data-print]")) window.print();
    if (hit("[data-again], [data-check-again] button") && last) ask(last);
  });
  answer.addEventListener("submit", (event) => {
    if (!event.target.matches(".ask-this")) return;
    event.preventDefault();
    file.value = "";
    id.value = event.target.elements.license_id.value;
    askForm();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    if (running) { event.preventDefault(); running(cancelled); return; }
    if (answer.firstElementChild) { event.preventDefault(); another(); }
  });

  // ---- Dropping and pasting, anywhere on the page.

  let depth = 0;
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    window.addEventListener(name, (event) => {
      if (!event.dataTransfer || !Array.from(event.dataTransfer.types).includes("Files")) return;
      event.preventDefault();
      if (name === "dragenter") depth += 1;
      if (name === "dragleave") depth -= 1;
      if (name === "drop") depth = 0;
      drop.classList.toggle("over", depth > 0);
      if (name !== "drop") return;
      if (event.dataTransfer.files.length === 1) file.files = event.dataTransfer.files;
      askFiles(event.dataTransfer.files);
    });
  }
  document.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    if (!data) return;
    if (data.files.length > 0) { event.preventDefault(); askFiles(data.files); return; }
    if (event.target instanceof Element && event.target.closest("input[type=text], textarea")) return;
    const text = data.getData("text/plain").trim();
    if (!text) return;
    event.preventDefault();
    clear();
    id.value = text.slice(0, id.maxLength);
    id.focus();
  });

  // ---- The text behind # of the square's address: sent in a body, and taken out of the address.

  const byFragment = () => {
    let fragment = location.hash.slice(1);
    try { fragment = decodeURIComponent(fragment); } catch { return; }
    if (fragment.length < 20 || document.getElementById(fragment)) return;
    history.replaceState(null, "", location.pathname + location.search);
    file.value = "";
    id.value = fragment;
    askForm();
  };
  window.addEventListener("hashchange", byFragment);

  drop.classList.add("ready");
  drop.querySelector(".drop-words").hidden = false;
  for (const hint of form.querySelectorAll("[data-scripted]")) hint.hidden = false;
  settle(false);
  byFragment();
})();
