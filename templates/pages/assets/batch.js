// Many files at once: sent one by one to the door of single verifications, with progress, a way to stop, and a file of results
// as the command line writes it. Without this file the list of numbers still works.
"use strict";
(() => {
  const box = document.getElementById("many");
  document.querySelector("[data-focus]")?.focus();
  if (!box) return;
  box.hidden = false;
  const texts = box.dataset;
  const said = document.getElementById("said");
  const files = document.getElementById("files");
  const running = box.querySelector("[data-running]");
  const progress = running.querySelector(".progress");
  const bar = running.querySelector("progress");
  const body = running.querySelector("tbody");
  const stop = running.querySelector("[data-stop]");
  const download = running.querySelector("[data-download]");
  const COLUMNS = ["line", "input", "outcome", "form", "verdict", "integrity", "authenticity", "standing", "standing_state",
    "standing_as_of", "headline_zh", "headline_en", "finding", "license_id", "judged_at", "error"];
  const RANK = { bad: 0, wait: 1, ok: 2 };
  const TRIES = 8;
  let rows = [];
  let halt = null;

  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

  /** What a verdict comes to for a clerk. A print or a copy has to be looked at. */
  const tone = (verdict) => {
    if (verdict.verdict === "invalid" || verdict.verdict === "unsigned" || verdict.standing === "failed") return "bad";
    const print = ["qr", "picture", "receipt"].includes(verdict.form);
    return verdict.verdict === "valid" && verdict.standing === "passed" && !print ? "ok" : "wait";
  };

  const judged = (file, verdict) => {
    const open = (outcome) => verdict.findings.find((finding) => finding.outcome === outcome);
    const worst = open("failed") ?? open("could_not_be_made");
    const row = { ...verdict, line: "", input: file.name, outcome: "judged", error: "", finding: worst?.code ?? "",
      headline_zh: verdict.headline.zh, headline_en: verdict.headline.en, license_id: verdict.license?.id ?? "" };
    const kind = tone(verdict);
    return { kind, words: texts[kind], told: row[`headline_${texts.lang}`], row };
  };

  const unreadable = (file, error) =>
    ({ kind: "wait", words: texts.failed, told: error, row: { input: file.name, outcome: "unreadable", error } });

  const ask = async (file) => {
    if (file.size > Number(texts.limit)) return unreadable(file, texts.large);
    const data = new FormData();
    data.append("file", file, file.name);
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      let answer;
      try {
        answer = await fetch("/api/v1/verifications", { method: "POST", body: data, signal: halt.signal, credentials: "omit" });
      } catch {
        if (halt.signal.aborted) return null;
        return unreadable(file, texts.unreachable);
      }
      if (answer.status === 503) {
        progress.textContent = texts.busy;
        await pause(1_000 * Math.min(Number(answer.headers.get("Retry-After")) || 1, 30));
        continue;
      }
      const sent = await answer.json().catch(() => null);
      if (answer.ok && sent) return judged(file, sent);
      return unreadable(file, `${texts.refused} (${sent?.code ?? answer.status})`);
    }
    return unreadable(file, texts.busy);
  };

  const draw = ({ kind, words, told, row }) => {
    const line = document.getElementById(`row-${kind}`).content.firstElementChild.cloneNode(true);
    const [name, , text] = line.children;
    name.textContent = row.input;
    line.querySelector("strong").textContent = words;
    text.textContent = told;
    line.dataset.rank = RANK[kind];
    // What speaks against a license stands first.
    const after = Array.from(body.children).find((other) => Number(other.dataset.rank) > RANK[kind]);
    body.insertBefore(line, after ?? null);
    const count = running.querySelector(`[data-count="${kind}"]`);
    count.textContent = Number(count.textContent) + 1;
  };

  const start = async (chosen) => {
    if (!chosen.length || halt) return;
    halt = new AbortController();
    rows = [];
    body.replaceChildren();
    for (const count of running.querySelectorAll("[data-count]")) count.textContent = "0";
    running.hidden = false;
    stop.hidden = false;
    download.hidden = true;
    bar.max = chosen.length;
    running.querySelector("[data-heading]").focus();
    for (const [index, file] of chosen.entries()) {
      bar.value = index;
      progress.textContent = `${texts.of} ${index} / ${chosen.length}`;
      const result = await ask(file);
      if (!result || halt.signal.aborted) break;
      rows.push(result.row);
      draw(result);
    }
    const stopped = halt.signal.aborted;
    halt = null;
    bar.value = rows.length;
    progress.textContent = `${stopped ? texts.stopped : texts.done}: ${rows.length} / ${chosen.length}`;
    said.textContent = progress.textContent;
    stop.hidden = true;
    download.hidden = rows.length === 0;
    if (!download.hidden) download.focus();
    files.value = "";
  };

  /** A cell that no spreadsheet takes for a formula, in quotation marks where it needs them. */
  const cell = (value) => {
    let text = String(value ?? "");
    if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  download.addEventListener("click", () => {
    const lines = [COLUMNS.join(","), ...rows.map((row) => COLUMNS.map((name) => cell(row[name])).join(","))];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", lines.join("\n"), "\n"], { type: "text/csv" }));
    link.download = "verdicts.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
  stop.addEventListener("click", () => halt?.abort());
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") halt?.abort(); });
  files.addEventListener("change", () => start(Array.from(files.files)));

  /** Every file of what was dropped, those of folders included. */
  const within = async (entry) => {
    if (entry.isFile) return [await new Promise((done, fail) => { entry.file(done, fail); })];
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((done, fail) => { reader.readEntries(done, fail); });
      if (!some.length) return found;
      for (const inner of some) found.push(...await within(inner));
    }
  };
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", async (event) => {
    event.preventDefault();
    const entries = Array.from(event.dataTransfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const dropped = Array.from(event.dataTransfer.files);
    const all = entries.length ? (await Promise.all(entries.map(within))).flat() : dropped;
    start(all);
  });
})();
