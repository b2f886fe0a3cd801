
// Keeps what the verify page is made of, so that it opens where there is no network and says so. It keeps the page as it
// is before anything was asked, its styles and scripts: never an answer, nothing that was sent, nothing of whoever is
// signed in. The two constants above are written by the server; when anything kept changes they change, and with them
// this file, which is how the browser learns that there is a new version.
"use strict";
const NAME = `zhengku-verify-${VERSION}`;
const PATIENCE_MS = 10_000;
const LANGUAGE = "/verify/shell/language";

const keep = async () => {
  const cache = await caches.open(NAME);
  // Without cookies, so that what is kept is the same for everybody.
  await cache.addAll(SHELL.map((address) => new Request(address, { credentials: "omit", cache: "no-cache" })));
};

const dropOthers = async () => {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("zhengku-verify-") && name !== NAME).map((name) => caches.delete(name)));
};

/** The kept page, in the language the page was last read in. */
const kept = async () => {
  const cache = await caches.open(NAME);
  const language = await (await cache.match(LANGUAGE))?.text();
  return (await cache.match(`/verify/shell?lang=${language === "en" ? "en" : "zh"}`)) ?? Response.error();
};

/** The page from the service; where that is not to be had, the kept one. */
const open = async (request) => {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), PATIENCE_MS);
  try {
    const response = await fetch(request, { signal: late.signal });
    const isOurs = response.headers.has("X-Request-Id");
    return !isOurs && [502, 503, 504].includes(response.status) ? await kept() : response;
  } catch {
    return kept();
  } finally {
    clearTimeout(timer);
  }
};

const fromCache = async (request, address) => (await (await caches.open(NAME)).match(address)) ?? fetch(request);

self.addEventListener("install", (event) => { event.waitUntil(keep().then(() => self.skipWaiting())); });
self.addEventListener("activate", (event) => { event.waitUntil(dropOthers().then(() => self.clients.claim())); });
self.addEventListener("message", (event) => {
  const language = event.data?.language;
  if (language !== "zh" && language !== "en") return;
  event.waitUntil(caches.open(NAME).then((cache) => cache.put(LANGUAGE, new Response(language))));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (url.pathname === "/verify") event.respondWith(open(request));
    return;
  }
  const address = url.pathname + url.search;
  if (SHELL.includes(address)) event.respondWith(fromCache(request, address));
});
