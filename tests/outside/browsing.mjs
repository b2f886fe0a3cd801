// What the stories told in a browser share: the program and its API, pages that tell of what they should not do, and
// ways to act and look as people do.

import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";

import { BINARY, Ledger, load, mustHave, ROOT } from "./tools.mjs";

export const CHROMIUM = "/usr/bin/chromium";
// Headless, and without the connections a browser of its own accord makes to its maker.
export const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const WIDTHS = { 360: 740, 1280: 900 };
const TOKEN = "DEV-issuing-system";
export const SCREENS = path.join(ROOT, ".setup/screens");
export const SUBMISSIONS = path.join(ROOT, "fixtures/submissions/good");

mustHave(CHROMIUM, path.join(ROOT, ".setup/node/node_modules/axe-core"));
export const { chromium } = load("playwright-core");
const AXE = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");

export const ledger = new Ledger();
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// ---- The program.

async function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** `zhengku serve` on an empty vault. */
export async function serve(folder, ...options) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(BINARY, ["serve", "--data-dir", path.join(folder, "data"), "--listen", url.slice(7), ...options], { cwd: ROOT });
  let said = "";
  child.stderr.on("data", (part) => { said += part; });
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the server did not start: ${said}`)), 60_000);
    child.stdout.on("data", (part) => {
      said += part;
      if (said.includes("listening on ")) { clearTimeout(late); resolve(); }
    });
    child.on("exit", (code) => { clearTimeout(late); reject(new Error(`the server left with ${code}: ${said}`)); });
  });
  return { child, url, said: () => said };
}

/** Ends a server, and waits until it has. */
export async function stop(server) {
  server.child.removeAllListeners("exit");
  if (server.child.exitCode !== null) return;
  const gone = new Promise((resolve) => server.child.once("exit", resolve));
  server.child.kill("SIGTERM");
  const late = setTimeout(() => server.child.kill("SIGKILL"), 20_000);
  await gone;
  clearTimeout(late);
}

/** The API of the program, as an issuing system or a relying system calls it. */
export class Api {
  constructor(url) { this.url = url; this.acts = 0; }

  async send(at, body, type = "application/json") {
    this.acts += 1;
    const headers = { "Content-Type": type, Authorization: `Bearer ${TOKEN}`, "Idempotency-Key": `browser/${this.acts}` };
    const answer = await fetch(this.url + at, { method: "POST", headers, body });
    const text = await answer.text();
    assert(answer.ok, `POST ${at}: ${answer.status} ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }

  issue(line) { return this.send("/api/v1/licenses", line); }

  verdict(bytes, type = "application/octet-stream") { return this.send("/api/v1/verifications", bytes, type); }

  verdictOf(id) { return this.send("/api/v1/verifications", JSON.stringify({ license_id: id })); }

  async file(id, form) {
    const answer = await fetch(`${this.url}/api/v1/licenses/${id}/files/${form}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
    assert(answer.ok, `fetching ${form} of ${id}: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  }
}

// ---- Looking at pages.

/** A page that tells of everything it should not do. */
export async function newPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "zh-CN", acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.amiss = [];
  // A page that answers 404 or 422 on purpose is logged by the browser as a resource that failed.
  page.meant = /status of 4(04|22)/;
  page.on("pageerror", (error) => page.amiss.push(`script: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !page.meant.test(message.text())) page.amiss.push(`console: ${message.text()}`);
  });
  context.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob|about):/.test(request.url())) page.amiss.push(`asked ${request.url()}`);
  });
  return page;
}

/** axe-core, the width and a screenshot, at both widths. */
export async function look(page, name) {
  for (const [width, height] of Object.entries(WIDTHS)) {
    await page.setViewportSize({ width: Number(width), height });
    await page.screenshot({ path: path.join(SCREENS, `${name}-${width}.png`), fullPage: true });
    await ledger.attempt(`${name} at ${width}: axe`, async () => {
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      const told = violations.map((v) => `${v.id} (${v.impact}): ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(", ")}`);
      assert.equal(violations.length, 0, told.join(" | "));
    });
    await ledger.attempt(`${name} at ${width}: no sideways scrolling`, async () => {
      const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert(content <= window, `${content} pixels of content`);
    });
  }
  await ledger.attempt(`${name}: title, language and one main heading`, async () => {
    assert((await page.title()).length > 3);
    assert.match(await page.getAttribute("html", "lang"), /^(zh-CN|en)$/);
    assert.equal(await page.getByRole("main").count(), 1);
    assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
  });
  ledger.check(page.amiss.length === 0, `${name}: the page behaves`, page.amiss.splice(0).join("; "));
}

export const verdictOn = (page) => page.getByRole("article");

/** The verdict that stands on the page is the one the API gives. */
export async function shows(page, expected, tongue = "zh") {
  const verdict = verdictOn(page);
  await verdict.getByText(expected.headline[tongue], { exact: true }).first().waitFor();
  assert.equal(await verdict.count(), 1, "more than one verdict");
  const text = await verdict.innerText();
  assert(text.includes(expected.next_step[tongue]), "no next step");
  if (expected.integrity === "failed") {
    const registry = readFileSync(path.join(ROOT, "templates/authorities.toml"), "utf8");
    for (const [, name] of registry.matchAll(/^name = "(.+)"$/gm)) assert(!text.includes(name), `it names ${name}, out of a file that was altered`);
  }
  return text;
}

/** Drags files from outside the browser onto an element, as from a file manager. */
export async function dropFiles(page, target, files) {
  const box = await target.boundingBox();
  const session = await page.context().newCDPSession(page);
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2, data: { items: [], files, dragOperationsMask: 1 } };
  for (const type of ["dragEnter", "dragOver", "drop"]) await session.send("Input.dispatchDragEvent", { type, ...at });
  await session.detach();
}

export async function choose(page, file) {
  const asked = page.waitForEvent("filechooser");
  await page.getByLabel("核验文件").click();
  await (await asked).setFiles(file);
}

export async function askById(page, id) {
  await page.getByLabel("输入或粘贴标识").fill(id);
  await page.getByRole("button", { name: "核验", exact: true }).click();
}

/** Tabs until the element has the focus; every stop on the way must show where it is. */
export async function tabTo(page, selector, limit = 40) {
  for (let stop = 0; stop < limit; stop += 1) {
    await page.keyboard.press("Tab");
    const state = await page.evaluate((wanted) => {
      const element = document.activeElement;
      if (!element || element === document.body) return { nowhere: true };
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      const ring = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
      return { here: element.matches(wanted), seen: ring && box.width > 0 && box.height > 0, what: element.outerHTML.slice(0, 90) };
    }, selector);
    if (state.nowhere) continue;
    assert(state.seen, `the focus cannot be seen on ${state.what}`);
    if (state.here) return;
  }
  throw new Error(`${selector} is not reached with Tab`);
}
