// Scanning a square with the camera. Where the browser reads squares, what it read is asked about, in a body; elsewhere
// frames go to the service one by one until a square is found in one, and the page says so. The camera runs from the
// press of a button until a square is read, the end of a minute, or the next press, and never without being seen.
"use strict";
(() => {
  const form = document.getElementById("ask");
  const answer = document.getElementById("answer");
  const way = document.getElementById("scan");
  if (!form || !answer || !way) return;
  const start = document.getElementById("scan-start");
  const said = document.getElementById("said");
  const READ_MS = 250;
  const LIMIT_MS = 60_000;
  const FRAME_MS = 1_200;
  const WIDEST = 1_920;
  // What runs now: { stream, video, begun }.
  let scan = null;

  const prepared = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);
  const show = (panel) => {
    answer.replaceChildren(panel);
    panel.querySelector("[data-focus]").focus({ preventScroll: true });
    panel.scrollIntoView({ block: "start" });
  };

  const stop = () => {
    if (!scan) return;
    for (const track of scan.stream.getTracks()) track.stop();
    scan.video.srcObject = null;
    scan = null;
    start.disabled = false;
  };

  /** Says why there is no scanning, and which other ways there are. */
  const giveUp = (why) => {
    stop();
    start.disabled = false;
    const panel = prepared("no-camera");
    for (const words of panel.querySelectorAll("[data-why]")) if (words.dataset.why !== why) words.remove();
    panel.querySelector("[data-pick]").addEventListener("click", () => document.getElementById("file").click());
    panel.querySelector("[data-type]").addEventListener("click", () => document.getElementById("license_id").focus());
    show(panel);
    said.textContent = panel.querySelector("[data-why]").textContent;
  };

  const reason = (error) => {
    if (["NotAllowedError", "SecurityError"].includes(error.name)) return "refused";
    if (["NotReadableError", "AbortError"].includes(error.name)) return "taken";
    return "none";
  };

  const detector = async () => {
    try {
      const known = await window.BarcodeDetector.getSupportedFormats();
      return known.includes("qr_code") ? new window.BarcodeDetector({ formats: ["qr_code"] }) : null;
    } catch {
      return null;
    }
  };

  const frame = (video) => new Promise((resolve) => {
    const scale = Math.min(1, WIDEST / video.videoWidth);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => resolve(blob && new File([blob], "frame.jpg", { type: "image/jpeg" })), "image/jpeg", 0.9);
  });

  const ready = (video) => video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth > 0;

  /** Looks once; true where a square was read. */
  const read = async (it, reader) => {
    const [code] = await reader.detect(it.video);
    if (!code?.rawValue || scan !== it) return false;
    const file = await frame(it.video);
    stop();
    form.dispatchEvent(new CustomEvent("question", { detail: { file: null, text: code.rawValue, picture: file } }));
    return true;
  };

  /** Has the service look at a frame; true where it found a square. Nothing is shown of a frame without one. */
  const send = async (it) => {
    const file = await frame(it.video);
    if (!file || scan !== it) return false;
    const data = new FormData();
    data.append("file", file, file.name);
    const answered = await fetch("/verify?part=verdict", { method: "POST", body: data, signal: AbortSignal.timeout(10_000) });
    const text = await answered.text();
    if (!answered.ok || scan !== it || !text.includes("data-square")) return false;
    stop();
    form.dispatchEvent(new CustomEvent("answered", { detail: { text, question: { file, text: "", picture: file } } }));
    return true;
  };

  const look = async (it, reader) => {
    if (scan !== it) return;
    if (performance.now() - it.begun > LIMIT_MS) { giveUp("unread"); return; }
    try {
      if (ready(it.video) && (reader ? await read(it, reader) : await send(it))) return;
    } catch { /* A frame that could not be read or sent is followed by the next one. */ }
    setTimeout(() => look(it, reader), reader ? READ_MS : FRAME_MS);
  };

  const begin = async () => {
    if (!window.isSecureContext) { giveUp("insecure"); return; }
    if (!navigator.mediaDevices?.getUserMedia) { giveUp("none"); return; }
    const reader = await detector();
    form.dispatchEvent(new CustomEvent("asking"));
    start.disabled = true;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } } });
    } catch (error) {
      giveUp(reason(error));
      return;
    }
    const panel = prepared("camera");
    panel.querySelector(reader ? "[data-sent]" : "[data-kept]").remove();
    const video = panel.querySelector("video");
    video.srcObject = stream;
    const it = { stream, video, begun: performance.now() };
    scan = it;
    stream.getVideoTracks()[0]?.addEventListener("ended", () => { if (scan === it) giveUp("taken"); });
    panel.querySelector("[data-stop]").addEventListener("click", () => { stop(); answer.replaceChildren(); start.focus(); });
    show(panel);
    await video.play().catch(() => { /* It plays by itself where the browser wants it so. */ });
    look(it, reader);
  };

  start.addEventListener("click", begin);
  for (const name of ["asking", "cleared"]) form.addEventListener(name, stop);
  window.addEventListener("pagehide", stop);
  way.hidden = false;
})();
