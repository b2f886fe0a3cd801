// A day at the counter, in Chromium: a clerk verifies one license after another with the keyboard alone, and meets
// everything that can come over the counter or happen to a network.
//
//     browser_clerk.mjs
//
// Each state is looked at 360 and 1280 pixels wide by axe-core; screenshots lie in .setup/screens. No request may
// have a license id or what a square says in its address or in what it says of where it comes from.

import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { Api, chromium, CHROMIUM, FLAGS, ledger, look, newPage, SCREENS, serve, stop, SUBMISSIONS, verdictOn } from "./browsing.mjs";
import { BINARY, ROOT } from "./tools.mjs";

const BOX = "#license_id";
const TAMPERED = path.join(ROOT, "fixtures/tampered");
const ROOT_OF_IDS = "1.2.156.3005.2.";

// ---- What comes over the counter.

/** An e-certificate with every value but the first few withheld. */
function withholding(ecert) {
  const [token, ...disclosures] = ecert.toString("utf8").trim().split("~").filter((part) => part);
  return Buffer.from(`${[token, ...disclosures.slice(0, 2)].join("~")}~`);
}

/** The revision of a PDF that others sealed, without what a trickster appended to it. */
function firstRevision(file) {
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf("%%EOF", bytes.lastIndexOf("%%EOF") - 1);
  return bytes.subarray(0, end + 6);
}

/** Issues what is needed and writes one file for each case. */
async function prepare(api, folder) {
  const lines = readdirSync(SUBMISSIONS).sort().flatMap((name) => readFileSync(path.join(SUBMISSIONS, name), "utf8").trim().split("\n"));
  const [genuine, revoked, suspended, replaced] = lines.slice(0, 4).map((line) => JSON.parse(line));
  const files = {};
  const write = (name, extension, bytes) => {
    files[name] = path.join(folder, `${name}.${extension}`);
    writeFileSync(files[name], bytes);
  };
  const issue = async (submission) => (await api.issue(JSON.stringify(submission))).license_id;
  const stand = (id, state) => api.send(`/api/v1/licenses/${id}/standing`, JSON.stringify(state));

  const id = await issue(genuine);
  const pdf = await api.file(id, "pdf");
  write("genuine", "pdf", pdf);
  write("withheld", "ecert.txt", withholding(await api.file(id, "ecert")));
  const altered = Buffer.from(pdf);
  altered[Math.floor(altered.length / 3)] ^= 1;
  write("tampered", "pdf", altered);
  const last_day = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
  const copy = await api.send(`/api/v1/licenses/${id}/copies`, JSON.stringify({ purpose: "办理企业贷款", recipient: "示例银行云台支行", last_day }));
  const fetched = await fetch(new URL(copy.href, api.url), { headers: { Authorization: "Bearer DEV-issuing-system" } });
  assert(fetched.ok, `fetching a copy: ${fetched.status}`);
  write("copy", "pdf", Buffer.from(await fetched.arrayBuffer()));

  const ended = await issue(revoked);
  write("revoked", "pdf", await api.file(ended, "pdf"));
  await stand(ended, { state: "revoked", kind: "withdrawn", since: "2026-11-22", ground: "行政处罚决定书〔2026〕7号" });
  const paused = await issue(suspended);
  write("suspended", "pdf", await api.file(paused, "pdf"));
  await stand(paused, { state: "suspended", since: "2026-11-22", ground: "暂扣决定书〔2026〕3号" });
  const first = await issue(replaced);
  write("replaced", "pdf", await api.file(first, "pdf"));
  const next = await issue({ ...replaced, replaces: first });

  write("foreign", "pdf", firstRevision(path.join(TAMPERED, "annotation.pdf")));
  write("unsigned", "pdf", readFileSync(path.join(TAMPERED, "no_range.pdf")));
  write("note", "txt", "这不是证照。\n");
  execFileSync("pdftoppm", ["-png", "-r", "200", "-singlefile", files.genuine, path.join(folder, "picture")]);
  files.picture = path.join(folder, "picture.png");
  return { id, next, files };
}

// ---- What a clerk does.

/** A page at the counter: watches what it sends, and what it says to whoever listens. */
async function counter(browser, url, options = {}) {
  const page = await newPage(browser, url, { serviceWorkers: "block", ...options });
  page.sent = [];
  page.context().on("request", (request) => {
    page.sent.push([decodeURIComponent(request.url()), request.headers().referer ?? ""].join(" "));
  });
  await page.addInitScript(() => {
    window.told = [];
    document.addEventListener("DOMContentLoaded", () => {
      const said = document.getElementById("said");
      if (said) new MutationObserver(() => { if (said.textContent) window.told.push(said.textContent); }).observe(said, { childList: true, characterData: true, subtree: true });
    });
  });
  await page.goto(`${url}/verify`);
  return page;
}

const focusIs = (page, selector) => page.waitForFunction((wanted) => document.activeElement?.matches(wanted), selector, { timeout: 10_000 });
const told = (page) => page.evaluate(() => window.told.splice(0));

/** Presses a key until the element has the focus. */
async function reach(page, key, selector) {
  for (let stop = 0; stop < 40; stop += 1) {
    await page.keyboard.press(key);
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
  }
  throw new Error(`${selector} is not reached with ${key}`);
}

/** Chooses a file with the keyboard: from the box one goes back to the file, opens the chooser and takes it. */
async function chooseByKey(page, file) {
  if (!(await page.evaluate((box) => document.activeElement?.matches(box), BOX))) await reach(page, "Tab", BOX);
  await reach(page, "Shift+Tab", "#file");
  const chooser = page.waitForEvent("filechooser");
  const opened = chooser.then(() => true, () => false);
  // On a busy machine the first press may come before the browser takes it for the wish of a person.
  for (let tries = 0; tries < 5; tries += 1) {
    await page.keyboard.press("Space");
    if (await Promise.race([opened, page.waitForTimeout(2_000).then(() => false)])) break;
  }
  await (await chooser).setFiles(file);
}

/** A verdict of this case stands on the page, has the focus and was told once. */
async function verdictIs(page, word) {
  await focusIs(page, "#verdict-words");
  const verdict = verdictOn(page);
  assert.equal(await verdict.count(), 1, "not one verdict");
  assert.equal(await verdict.getAttribute("data-case"), word);
  const badge = await verdict.getByRole("heading", { level: 2 }).innerText();
  const heard = await told(page);
  assert.equal(heard.filter((one) => one.startsWith(badge)).length, 1, `told ${heard.length} times: ${heard.join(" / ")}`);
  assert(await verdict.locator(".verdict-head svg").count() === 1, "no icon");
  assert((await page.title()).startsWith(badge), "the title does not say it");
  return verdict;
}

/** Clears the screen for the next person with one key. */
async function another(page) {
  await page.keyboard.press("Escape");
  await focusIs(page, BOX);
  assert.equal(await page.locator("#answer > *").count(), 0, "something of the last person is left");
  assert.equal(await page.inputValue(BOX), "");
  assert.equal(await page.evaluate(() => document.getElementById("file").files.length), 0);
  await told(page);
}

async function paste(page, text) {
  await page.evaluate((words) => navigator.clipboard.writeText(words), text);
  await page.keyboard.press("Control+V");
}

// ---- The stories.

async function day(browser, url, things) {
  const page = await counter(browser, url, { permissions: ["clipboard-read", "clipboard-write"] });
  await look(page, "clerk-box");
  await page.focus(BOX);
  const brought = [
    ["genuine", "in_force"], ["tampered", "altered"], ["revoked", "revoked"], ["withheld", "in_force"], ["copy", "copy"],
    ["foreign", "foreign"], ["suspended", "suspended"], ["unsigned", "unsigned"], ["note", "undecided"], ["picture", "square"],
  ];
  for (const [name, word] of brought) {
    await ledger.attempt(`the clerk's day: ${name}`, async () => {
      await chooseByKey(page, things.files[name]);
      const verdict = await verdictIs(page, word);
      if (word === "altered") {
        assert.equal(await verdict.locator("dl.facts").first().locator("dt").filter({ hasText: "颁发机构" }).count(), 0, "an altered file is shown as true");
        assert(!(await verdict.innerText()).includes(ROOT_OF_IDS), "an altered file's id is shown");
      }
      const groups = await verdict.locator("[data-group]").evaluateAll((all) => all.map((one) => [one.className, one.open]));
      const failing = groups.filter(([name]) => /\b(bad|bar)\b/.test(name)).length;
      assert(groups.slice(0, failing).every(([name, open]) => /\b(bad|bar)\b/.test(name) && open), "what failed is not first and open");
      assert(groups.every(([name, open]) => !/\bok\b/.test(name) || !open), "what passed is not folded");
    });
    await look(page, `clerk-${name}`);
    await ledger.attempt(`the clerk's day: after ${name}`, () => another(page));
  }

  await ledger.attempt("the clerk's day: a number pasted anywhere", async () => {
    await page.evaluate(() => document.activeElement?.blur());
    await paste(page, `  ${things.id}\n`);
    await focusIs(page, BOX);
    assert.equal(await page.inputValue(BOX), things.id);
    await page.keyboard.press("Enter");
    await verdictIs(page, "in_force");
  });
  await look(page, "clerk-number");
  await ledger.attempt("the clerk's day: a number with a slip", async () => {
    await another(page);
    const end = things.id.at(-1);
    await page.keyboard.type(things.id.slice(0, -1) + (end === "A" ? "B" : "A"));
    await page.keyboard.press("Enter");
    const alert = page.getByRole("alert");
    await alert.getByText("校验位不符").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await focusIs(page, BOX);
    assert((await page.inputValue(BOX)).startsWith(ROOT_OF_IDS), "what was typed is gone");
  });
  await look(page, "clerk-slip");
  await ledger.attempt("the clerk's day: nothing asked is told at its field", async () => {
    await another(page);
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await another(page);
  });
  await ledger.attempt("the clerk's day: from a replaced version to the one in its place", async () => {
    await chooseByKey(page, things.files.replaced);
    await verdictIs(page, "replaced");
  });
  await look(page, "clerk-replaced");
  await ledger.attempt("the clerk's day: the version in its place", async () => {
    await reach(page, "Tab", ".ask-this button");
    await page.keyboard.press("Enter");
    const verdict = await verdictIs(page, "in_force");
    await verdict.getByText(things.next, { exact: true }).waitFor();
    await another(page);
  });
  await ledger.attempt("the clerk's day: the button does what the key does", async () => {
    await chooseByKey(page, things.files.genuine);
    await verdictIs(page, "in_force");
    await reach(page, "Tab", "[data-another]");
    await page.keyboard.press("Enter");
    await focusIs(page, BOX);
    assert.equal(await page.locator("#answer > *").count(), 0);
  });
  await ledger.attempt("what a square's address says behind # goes in a body, and out of the address", async () => {
    await page.goto("about:blank");
    await page.goto(`${url}/verify#${things.id}`);
    await verdictIs(page, "in_force");
    assert(!page.url().includes(ROOT_OF_IDS), page.url());
  });
  await ledger.attempt("no request has a license id in its address or in where it comes from", () => {
    assert(page.sent.length > 20);
    // The fragment of the address that was opened is the browser's own and is never sent.
    const leaking = page.sent.map((one) => one.replace(/#\S*/, "")).filter((one) => one.includes(ROOT_OF_IDS));
    assert.deepEqual(leaking, []);
  });
  await page.context().close();
}

async function growingOld(browser, url, things) {
  const page = await newPage(browser, url, { serviceWorkers: "block" });
  await page.clock.install();
  await page.goto(`${url}/verify`);
  await ledger.attempt("an answer grows old in sight, and is asked for again with one key", async () => {
    await page.fill(BOX, things.id);
    await page.keyboard.press("Enter");
    await page.getByText("刚刚").waitFor();
    await page.clock.runFor(12_000);
    await page.getByText("12 秒前").waitFor();
    assert.equal(await page.getByRole("button", { name: "再查一次" }).isVisible(), false);
    await page.clock.runFor(300_000);
    await page.locator("#answer").getByText("此结果已超过 5 分钟").waitFor();
  });
  await look(page, "clerk-stale");
  await ledger.attempt("asked again, it is fresh", async () => {
    await page.getByRole("button", { name: "再查一次" }).click();
    await page.getByText("刚刚").waitFor();
    assert.equal(await page.locator("#answer").getByText("此结果已超过 5 分钟").isVisible(), false);
  });
  await page.context().close();
}

async function slow(browser, url, things) {
  const page = await counter(browser, url);
  let answering = "late";
  await page.route("**/verify?part=verdict", async (route) => {
    if (answering === "never") return;
    if (answering === "busy") { await route.fulfill({ status: 503, headers: { "Retry-After": "2", "X-Request-Id": "b".repeat(32) }, contentType: "text/html", body: "<main></main>" }); return; }
    if (answering === "fault") { await route.fulfill({ status: 500, headers: { "X-Request-Id": "f".repeat(32) }, contentType: "text/html", body: "<main></main>" }); return; }
    if (answering === "late") await page.waitForTimeout(5_000);
    await route.continue().catch(() => { /* The page may have given up meanwhile. */ });
  });
  // The browser logs every answer with 5xx and every request that was given up.
  page.meant = /status of (422|50[03])|ERR_(FAILED|ABORTED)/;
  const ask = async () => {
    await page.fill(BOX, things.id);
    await page.keyboard.press("Enter");
  };
  await ledger.attempt("slow: after three seconds it says so and can be cancelled", async () => {
    await ask();
    await page.locator("#answer").getByText("比平常慢").waitFor({ timeout: 4_500 });
    assert((await told(page)).some((one) => one.includes("比平常慢")));
  });
  await look(page, "clerk-slow");
  await ledger.attempt("slow: the answer comes all the same", () => verdictIs(page, "in_force"));
  await ledger.attempt("slow: cancelled, what was entered is kept", async () => {
    await ask();
    await page.getByRole("button", { name: "取消" }).click({ timeout: 4_500 });
    await focusIs(page, BOX);
    assert.equal(await page.inputValue(BOX), things.id);
    assert.equal(await page.locator("#answer > *").count(), 0);
  });
  answering = "busy";
  await ledger.attempt("busy: told apart, with the seconds to wait", async () => {
    await ask();
    await page.getByRole("heading", { name: "核验服务繁忙" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "重试" }).isDisabled(), true);
    answering = "now";
    await page.getByRole("button", { name: "重试" }).click({ timeout: 6_000 });
    await verdictIs(page, "in_force");
  });
  answering = "busy";
  await ask();
  await page.getByRole("heading", { name: "核验服务繁忙" }).waitFor();
  await look(page, "clerk-busy");
  answering = "fault";
  await ledger.attempt("a fault of ours: told apart, with its number", async () => {
    await ask();
    await page.getByRole("heading", { name: "核验服务出错" }).waitFor();
    await page.getByText("f".repeat(32)).waitFor();
  });
  await look(page, "clerk-fault");
  answering = "never";
  await ledger.attempt("no answer: after twenty seconds nothing is known, and what was entered is kept", async () => {
    await page.clock.install();
    await ask();
    await page.getByRole("heading", { name: "正在核验" }).waitFor();
    await page.clock.runFor(20_500);
    await page.getByRole("heading", { name: "连不上核验服务" }).waitFor();
    await page.locator("#answer").getByText("不能说它有效，也不能说它无效").waitFor();
    assert.equal(await page.inputValue(BOX), things.id);
    answering = "now";
    await page.getByRole("button", { name: "重试" }).click();
    await verdictIs(page, "in_force");
  });
  ledger.check(page.amiss.length === 0, "slow: the page behaves", page.amiss.join("; "));
  await page.context().close();
}

async function gone(browser, folder) {
  const server = await serve(path.join(folder, "gone"));
  const page = await newPage(browser, server.url);
  page.meant = /ERR_(CONNECTION_REFUSED|INTERNET_DISCONNECTED|FAILED)/;
  await ledger.attempt("gone: the page is kept by the browser", async () => {
    await page.goto(`${server.url}/verify`);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    const kept = await page.evaluate(async () => {
      const all = [];
      for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) all.push(new URL(request.url).pathname);
      return all.sort();
    });
    assert(kept.every((one) => one.startsWith("/assets/") || one.startsWith("/verify/shell")), kept.join(", "));
    assert(kept.length >= 7, kept.join(", "));
  });
  await ledger.attempt("gone: offline is said at once, and so is its end", async () => {
    await page.context().setOffline(true);
    await page.getByRole("heading", { name: "没有网络" }).waitFor({ timeout: 3_000 });
    await page.context().setOffline(false);
    await page.getByRole("heading", { name: "没有网络" }).waitFor({ state: "hidden", timeout: 5_000 });
  });
  await ledger.attempt("gone: a question keeps what was entered and says that nothing is known", async () => {
    await stop(server);
    await page.fill(BOX, `${ROOT_OF_IDS}11990000MD0000008F001.11990000MD0000008F.20260001.001.R`);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "连不上核验服务" }).waitFor();
    assert((await page.inputValue(BOX)).startsWith(ROOT_OF_IDS));
  });
  await look(page, "clerk-unreachable");
  await ledger.attempt("gone: the page opens all the same and says so", async () => {
    await page.goto(`${server.url}/verify`);
    await page.getByRole("heading", { name: "没有网络，或连不上核验服务" }).waitFor();
    await page.getByText("zhengku verify FILE --pack city.zkpack --trust root.pem").first().waitFor();
  });
  await look(page, "clerk-shell");
  await page.context().close();
}

/** What other servers would say of the same file: one that does not trust us, one that does not have the license. */
async function elsewhere(browser, folder, things) {
  const keys = path.join(folder, "other-keys");
  execFileSync(BINARY, ["dev-keys", "--out", keys], { cwd: ROOT });
  const config = path.join(folder, "other.toml");
  writeFileSync(config, `mode = "development"\ntemplates_dir = "${ROOT}/templates"\nseals_dir = "${keys}/seals"\ntrust = ["${keys}"]\ndevelopment_holders = "${ROOT}/fixtures/holders.json"\n`);
  for (const [word, options] of [["not_in_vault", []], ["untrusted", ["--config", config]]]) {
    const server = await serve(path.join(folder, word), ...options);
    await ledger.attempt(`elsewhere: ${word}`, async () => {
      const page = await counter(browser, server.url);
      await page.focus(BOX);
      await chooseByKey(page, things.files.genuine);
      await verdictIs(page, word);
      await look(page, `clerk-${word}`);
      await page.context().close();
    });
    await stop(server);
  }
}

/** A clerk who may see the vault's data sees them beside the document. */
async function sideBySide(browser, url, things) {
  const page = await counter(browser, url);
  await ledger.attempt("side by side: nobody else gets the table", async () => {
    await page.fill(BOX, things.id);
    await page.keyboard.press("Enter");
    await verdictIs(page, "in_force");
    assert.equal(await page.getByRole("table").count(), 0);
  });
  await ledger.attempt("side by side: the document beside the vault's data", async () => {
    await page.goto(`${url}/sign-in`);
    await page.getByRole("button", { name: "以用证人员登录" }).click();
    await page.goto(`${url}/verify`);
    await page.focus(BOX);
    await chooseByKey(page, things.files.withheld);
    const verdict = await verdictIs(page, "in_force");
    const table = verdict.getByRole("table");
    assert((await table.getByRole("row").count()) > 4);
    assert((await table.getByText("一致", { exact: true }).count()) >= 1, "nothing is the same");
    assert((await table.getByText("未出示", { exact: true }).count()) >= 1, "nothing is withheld");
  });
  await look(page, "clerk-side-by-side");
  await ledger.attempt("side by side: for a number the vault stands alone", async () => {
    await another(page);
    await page.keyboard.type(things.id);
    await page.keyboard.press("Enter");
    const verdict = await verdictIs(page, "in_force");
    await verdict.getByText("请与手中的纸面逐项对照").waitFor();
    assert.equal(await verdict.getByRole("columnheader", { name: "手中的文件" }).count(), 0);
  });
  await look(page, "clerk-vault-alone");
  await page.context().close();
}

/** The looks of a screen that people change: dark, with the system's colors, in large letters, on paper, in English. */
async function otherEyes(browser, url, things) {
  const looks = {
    dark: { colorScheme: "dark" }, forced: { forcedColors: "active" }, still: { reducedMotion: "reduce" },
  };
  for (const [name, options] of Object.entries(looks)) {
    const page = await counter(browser, url, options);
    for (const [file, word] of [["genuine", "in_force"], ["revoked", "revoked"], ["tampered", "altered"]]) {
      await ledger.attempt(`other eyes: ${name}, ${file}`, async () => {
        await page.focus(BOX);
        await chooseByKey(page, things.files[file]);
        await verdictIs(page, word);
        await look(page, `clerk-${name}-${file}`);
        await another(page);
      });
    }
    await page.context().close();
  }
  await ledger.attempt("other eyes: letters of twice the size", async () => {
    const page = await counter(browser, url);
    await page.evaluate(() => { const sheet = new CSSStyleSheet(); sheet.replaceSync("html { font-size: 200% }"); document.adoptedStyleSheets = [sheet]; });
    await page.focus(BOX);
    await chooseByKey(page, things.files.genuine);
    await verdictIs(page, "in_force");
    await look(page, "clerk-large");
    await page.context().close();
  });
  await ledger.attempt("other eyes: on paper", async () => {
    const page = await counter(browser, url);
    await page.focus(BOX);
    await chooseByKey(page, things.files.revoked);
    await verdictIs(page, "revoked");
    assert.equal(await page.getByText("不是核验凭证").isVisible(), false);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.getByText("不是核验凭证").isVisible(), true, "the print does not say that it is no receipt");
    assert.equal(await page.locator("#ask").isVisible(), false);
    await page.screenshot({ path: path.join(SCREENS, "clerk-print.png"), fullPage: true });
    await page.context().close();
  });
  await ledger.attempt("other eyes: in English", async () => {
    const page = await counter(browser, `${url}`);
    await page.goto(`${url}/verify?lang=en`);
    await page.focus(BOX);
    await chooseByKey(page, things.files.suspended);
    await verdictIs(page, "suspended");
    assert(!/[\u4e00-\u9fff]/.test(await page.locator(".verdict-head h2").innerText()));
    await look(page, "clerk-english");
    await page.context().close();
  });
}

async function withoutScript(browser, url, things) {
  const page = await newPage(browser, url, { javaScriptEnabled: false });
  await ledger.attempt("without JavaScript: from a replaced version to the one in its place", async () => {
    await page.goto(`${url}/verify`);
    await page.getByLabel("核验文件").setInputFiles(things.files.replaced);
    await page.getByRole("button", { name: "核验", exact: true }).click();
    await verdictOn(page).getByRole("button", { name: "查看替代它的版本" }).click();
    await verdictOn(page).getByText(things.next, { exact: true }).waitFor();
    assert.equal(await page.getByRole("button", { name: "打印核验结果" }).isVisible(), false, "a button that cannot work");
    await verdictOn(page).getByRole("link", { name: "再核验一份" }).click();
    assert.equal(await verdictOn(page).count(), 0);
    await page.screenshot({ path: path.join(SCREENS, "clerk-without-script.png"), fullPage: true });
  });
  await page.context().close();
}

async function main() {
  mkdirSync(SCREENS, { recursive: true });
  const folder = mkdtempSync(path.join(tmpdir(), "zhengku-clerk-"));
  let server;
  let browser;
  try {
    server = await serve(folder);
    const things = await prepare(new Api(server.url), folder);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    const stories = { day, growingOld, slow, sideBySide, otherEyes, withoutScript };
    for (const [name, story] of Object.entries(stories)) {
      await ledger.attempt(name, () => story(browser, server.url, things));
    }
    await ledger.attempt("gone", () => gone(browser, folder));
    await ledger.attempt("elsewhere", () => elsewhere(browser, folder, things));
  } finally {
    await browser?.close();
    if (server) await stop(server);
    rmSync(folder, { recursive: true, force: true });
  }
  ledger.close();
}

await main();
