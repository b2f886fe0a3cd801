// Says at once when the network or the service is gone, and has the browser keep the page so that it opens without them.
"use strict";
(() => {
  const notice = document.getElementById("network");
  const said = document.getElementById("said");
  if (!notice || !said) return;
  const CHECK_MS = 15_000;

  const gone = (isGone) => {
    if (notice.hidden !== isGone) return;
    notice.hidden = !isGone;
    said.textContent = isGone ? notice.querySelector("h2").textContent : notice.dataset.back;
  };
  const check = async () => {
    if (!navigator.onLine) { gone(true); return; }
    try {
      const answer = await fetch("/health/live", { cache: "no-store" });
      gone(!answer.ok);
    } catch {
      gone(true);
    }
  };

  window.addEventListener("offline", () => gone(true));
  window.addEventListener("online", check);
  setInterval(() => { if (!notice.hidden) check(); }, CHECK_MS);
  const retry = notice.querySelector("[data-retry]");
  retry.hidden = false;
  retry.addEventListener("click", check);
  if (!navigator.onLine) gone(true);

  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("/verify-worker.js", { scope: "/verify" }).catch(() => { /* Without it the page only does not open offline. */ });
  navigator.serviceWorker.ready.then((registration) => {
    registration.active.postMessage({ language: document.documentElement.lang === "en" ? "en" : "zh" });
  });
})();
