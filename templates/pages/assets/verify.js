// The verify page with a script: files can be dropped, sending shows its progress, the answer comes in place,
// and the square on a license (its id behind #) is looked up at once. Without this file the form still works.
"use strict";
(() => {
  const form = document.getElementById("ask");
  const answer = document.getElementById("answer");
  if (!form || !answer) return;
  const file = document.getElementById("file");
  const id = document.getElementById("license_id");
  const drop = form.querySelector(".drop");
  const button = form.querySelector("button[type=submit]");
  const words = form.querySelector(".progress");
  const bar = document.getElementById("progress");
  const texts = form.dataset;
  let running = null;

  drop.classList.add("ready");
  drop.querySelector(".drop-words").hidden = false;

  const busy = (on) => {
    form.setAttribute("aria-busy", String(on));
    button.disabled = on;
    bar.hidden = !on;
    if (!on) words.textContent = "";
  };

  // A mistake noticed here looks like one noticed by the server.
  const mistake = (message, field) => {
    const box = document.createElement("div");
    box.className = "mistakes";
    box.setAttribute("role", "alert");
    box.tabIndex = -1;
    const title = document.createElement("h2");
    title.textContent = texts.mistake;
    const line = document.createElement("p");
    const link = document.createElement("a");
    link.href = "#" + field;
    link.textContent = message;
    line.append(link);
    box.append(title, line);
    answer.replaceChildren(box);
    settle();
  };

  // Gives the answer the focus; one that came in place is also brought into view.
  const settle = (scroll = true) => {
    for (const wrong of form.querySelectorAll(".wrong")) wrong.classList.remove("wrong");
    for (const old of form.querySelectorAll(".field-error")) old.remove();
    id.removeAttribute("aria-invalid");
    id.setAttribute("aria-describedby", "id-hint");
    file.setAttribute("aria-describedby", "file-hint");
    const box = answer.querySelector(".mistakes");
    if (box) {
      const link = box.querySelector("a");
      const field = document.getElementById(link.hash.slice(1));
      if (field) {
        const way = field.closest(".way");
        way.classList.add("wrong");
        const note = document.createElement("p");
        note.className = "field-error";
        note.id = field.id + "-error";
        note.textContent = link.textContent;
        (field === file ? drop : field).before(note);
        field.setAttribute("aria-describedby", field.getAttribute("aria-describedby") + " " + note.id);
        if (field === id) field.setAttribute("aria-invalid", "true");
        link.addEventListener("click", (event) => { event.preventDefault(); field.focus(); });
      }
      box.focus({ preventScroll: !scroll });
      if (scroll) box.scrollIntoView({ block: "start" });
      return;
    }
    const heading = answer.querySelector("[data-focus]");
    if (!heading) return;
    for (const print of answer.querySelectorAll("[data-print]")) {
      print.hidden = false;
      print.addEventListener("click", () => window.print());
    }
    aging();
    heading.focus({ preventScroll: true });
    if (scroll) answer.scrollIntoView({ block: "start" });
  };

  // How old the answer is, counted from its arrival: the two clocks may disagree, their difference does not.
  const arrived = new WeakMap();
  const aging = () => {
    const line = answer.querySelector("[data-as-of]");
    if (!line) return;
    if (!arrived.has(line)) arrived.set(line, performance.now());
    const seconds = Math.floor((performance.now() - arrived.get(line)) / 1000);
    const t = line.dataset;
    const age = seconds < 5 ? t.now : seconds < 60 ? `${seconds} ${t.seconds}` : `${Math.floor(seconds / 60)} ${t.minutes}`;
    line.querySelector(".age").textContent = ` · ${age}`;
    const stale = line.querySelector(".stale");
    if (seconds >= 300 && stale.hidden) {
      stale.textContent = t.stale;
      stale.hidden = false;
      line.classList.add("is-stale");
    }
  };
  setInterval(aging, 1000);

  const send = (data) => {
    if (running) running.abort();
    const request = new XMLHttpRequest();
    running = request;
    busy(true);
    bar.value = 0;
    words.textContent = texts.sending;
    request.open("POST", "/verify?part=verdict");
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable || event.total === 0) return;
      const percent = Math.round((event.loaded / event.total) * 100);
      bar.value = percent;
      words.textContent = percent < 100 ? `${texts.sending} ${percent} %` : texts.judging;
    });
    request.upload.addEventListener("load", () => { bar.removeAttribute("value"); words.textContent = texts.judging; });
    request.addEventListener("load", () => {
      running = null;
      busy(false);
      const part = new DOMParser().parseFromString(request.responseText, "text/html");
      const found = part.querySelector("article.verdict, .mistakes");
      if (!found || part.querySelector("main")) { mistake(texts.broken, "file"); return; }
      answer.replaceChildren(document.adoptNode(found));
      if (found.matches("article")) form.querySelector(".ask-again").textContent = texts.again;
      settle();
    });
    const failed = () => { running = null; busy(false); mistake(texts.broken, "file"); };
    request.addEventListener("error", failed);
    request.addEventListener("timeout", failed);
    request.timeout = 120000;
    request.send(data);
  };

  const ask = () => {
    const chosen = file.files[0];
    if (!chosen && !id.value.trim()) { mistake(texts.nothing, "file"); return; }
    if (chosen && chosen.size > Number(texts.limit)) { mistake(texts.tooLarge, "file"); return; }
    send(new FormData(form));
  };

  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  file.addEventListener("change", () => { if (file.files.length) { id.value = ""; ask(); } });
  id.addEventListener("input", () => { if (id.value) file.value = ""; });

  let depth = 0;
  const over = (on) => drop.classList.toggle("over", on);
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    window.addEventListener(name, (event) => {
      if (!event.dataTransfer || !Array.from(event.dataTransfer.types).includes("Files")) return;
      event.preventDefault();
      if (name === "dragenter") depth += 1;
      if (name === "dragleave") depth -= 1;
      if (name === "drop") depth = 0;
      over(depth > 0);
      if (name !== "drop") return;
      if (event.dataTransfer.files.length !== 1) { mistake(texts.several, "file"); return; }
      file.files = event.dataTransfer.files;
      id.value = "";
      ask();
    });
  }

  const byFragment = () => {
    let fragment = location.hash.slice(1);
    try { fragment = decodeURIComponent(fragment); } catch { return; }
    if (!fragment.startsWith("1.2.156.")) return;
    file.value = "";
    id.value = fragment;
    ask();
  };
  window.addEventListener("hashchange", byFragment);
  if (answer.querySelector("[data-focus]")) settle(false);
  byFragment();
})();
