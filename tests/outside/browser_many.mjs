// Receipts and many licenses at once, in Chromium: a clerk takes a receipt of a verification and has it verified again, a list of
// numbers comes back as a table and as a file, and a pile of files is judged with progress. By keyboard where a keyboard does it.
//
//     browser_many.mjs
//
// Each state is looked at 360 and 1280 pixels wide by axe-core; screenshots lie in .setup/screens.

import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { Api, choose, chromium, FLAGS, ledger, look, newPage, SCREENS, serve, stop, SUBMISSIONS, tabTo, verdictOn, CHROMIUM } from "./browsing.mjs";
import { BINARY, ROOT } from "./tools.mjs";

/** Issues three licenses, revokes one, and writes the files that are judged. */
async function prepare(api, folder) {
  const lines = readdirSync(SUBMISSIONS).sort().flatMap((name) => readFileSync(path.join(SUBMISSIONS, name), "utf8").trim().split("\n"));
  const ids = [];
  for (const line of lines.slice(0, 3)) ids.push((await api.issue(line)).license_id);
  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  await api.send(`/api/v1/licenses/${ids[1]}/standing`, JSON.stringify({ state: "revoked", kind: "withdrawn", since: today, ground: "示例依据" }));
  const files = {};
  for (const [at, name] of ["genuine", "revoked", "third"].entries()) {
    files[name] = path.join(folder, `${name}.pdf`);
    writeFileSync(files[name], await api.file(ids[at], "pdf"));
  }
  files.note = path.join(folder, "=note.txt");
  writeFileSync(files.note, "nothing of the kind\n");
  files.altered = path.join(folder, "altered, once.pdf");
  const altered = readFileSync(files.genuine);
  altered[Math.floor(altered.length / 3)] ^= 1;
  writeFileSync(files.altered, altered);
  return { ids, files, folder };
}

async function downloaded(page, act, folder) {
  const [download] = await Promise.all([page.waitForEvent("download"), act()]);
  const file = path.join(folder, download.suggestedFilename());
  await download.saveAs(file);
  return file;
}

async function receipts(browser, url, things) {
  const page = await newPage(browser, url, { acceptDownloads: true });
  for (const [form, label] of [["pdf", "下载核验回执（PDF）"], ["json", "回执数据（JSON）"]]) {
    await ledger.attempt(`a receipt as ${form} says what the page said`, async () => {
      await page.goto(`${url}/verify`);
      await choose(page, things.files.genuine);
      await verdictOn(page).getByRole("heading", { level: 2 }).first().waitFor();
      const headline = await verdictOn(page).locator(".headline").innerText();
      await tabTo(page, `[data-receipt] button[value=${form}]`);
      const file = await downloaded(page, () => page.keyboard.press("Enter"), things.folder);
      assert.match(path.basename(file), new RegExp(`^receipt-\\d{4}[0-9A-Z]{12}\\.${form}$`));
      const done = execFileSync(BINARY, ["verify", file, "--of", things.files.genuine, "--json"], { cwd: ROOT });
      const said = JSON.parse(done).receipt;
      assert.equal(said.headline.zh, headline);
      assert.equal(await verdictOn(page).count(), 1, "the answer is still there");
      await choose(page, file);
      await page.locator("article.verdict[data-case=receipt]").waitFor();
      await verdictOn(page).getByText(said.number, { exact: true }).waitFor();
      assert(!page.url().includes("ticket"), page.url());
    });
    await look(page, `receipt-${form}`);
  }
  await ledger.attempt("a receipt can be had of what was refused, too", async () => {
    await page.goto(`${url}/verify`);
    await choose(page, things.files.altered);
    await page.locator("article.verdict[data-case=altered]").waitFor();
    const file = await downloaded(page, () => page.getByRole("button", { name: "回执数据（JSON）" }).click(), things.folder);
    const done = execFileSync(BINARY, ["verify", file, "--of", things.files.altered, "--json"], { cwd: ROOT });
    assert.equal(JSON.parse(done).receipt.verdict, "invalid");
  });
  await page.context().close();
}

async function list(browser, url, things) {
  const page = await newPage(browser, url, { acceptDownloads: true });
  await ledger.attempt("many: the way leads from the page of one", async () => {
    await page.goto(`${url}/verify`);
    await page.getByRole("link", { name: "批量核验" }).click();
    await page.getByRole("heading", { level: 1, name: "批量核验" }).waitFor();
  });
  await look(page, "many-empty");
  await ledger.attempt("many: a list comes back with what speaks against a license first", async () => {
    await page.getByLabel("粘贴名单").fill(`${things.ids[0]}\n${things.ids[1]}\n1.2.156.3005.2.nothing\n${things.ids[2]}`);
    await tabTo(page, "#numbers button[type=submit]");
    await page.keyboard.press("Enter");
    await page.locator("#result").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.id), "result-words");
    const rows = await page.locator("tr[data-row]").allInnerTexts();
    assert.equal(rows.length, 4);
    assert(rows[0].includes(things.ids[1]) && rows[0].includes("不可采信"), rows[0]);
    assert(rows[1].includes("须人工查看") && rows[2].includes("库中有效"), rows.join("\n"));
    assert.deepEqual(await page.locator("#result .totals strong").allInnerTexts(), ["1", "1", "2"]);
  });
  await look(page, "many-list");
  await ledger.attempt("many: the file of results has every row", async () => {
    const file = await downloaded(page, () => page.getByRole("button", { name: "下载结果" }).first().click(), things.folder);
    const text = readFileSync(file, "utf8");
    assert(text.startsWith("\ufeffline,input,outcome,"));
    assert.equal(text.trim().split("\n").length, 5);
  });
  await ledger.attempt("many: a list that is none says so at its field", async () => {
    await page.goto(`${url}/verify/batch`);
    await page.getByRole("button", { name: "核验名单" }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("粘贴名单").getAttribute("aria-invalid"), "true");
  });
  await look(page, "many-mistake");
  await page.context().close();
}

async function pile(browser, url, things) {
  const page = await newPage(browser, url, { acceptDownloads: true });
  const { genuine, revoked, third, note, altered } = things.files;
  await ledger.attempt("a pile of files is judged one by one, the bad ones first", async () => {
    await page.goto(`${url}/verify/batch`);
    await page.getByLabel("选择文件").setInputFiles([genuine, revoked, third, note, altered]);
    await page.getByText("全部核验完毕: 5 / 5").first().waitFor();
    const rows = await page.locator("#many tbody tr").allInnerTexts();
    assert.equal(rows.length, 5);
    assert(rows.slice(0, 2).every((row) => row.includes("不可采信")), rows.join("\n"));
    assert(rows[2].includes("须人工查看") && rows[2].includes("note.txt"), rows[2]);
    assert(rows.slice(3).every((row) => row.includes("文件真实，证照有效")), rows.join("\n"));
    assert.deepEqual(await page.locator("#many .totals strong").allInnerTexts(), ["2", "1", "2"]);
  });
  await look(page, "many-files");
  await ledger.attempt("its file of results is that of the command line", async () => {
    const file = await downloaded(page, () => page.keyboard.press("Enter"), things.folder);
    const mine = readFileSync(file, "utf8").split("\n");
    const folder = path.join(things.folder, "pile");
    mkdirSync(folder);
    for (const one of [genuine, revoked, third, note, altered]) writeFileSync(path.join(folder, path.basename(one)), readFileSync(one));
    const result = path.join(things.folder, "cli.csv");
    try { execFileSync(BINARY, ["verify", folder, "--result", result], { cwd: ROOT, stdio: "ignore" }); } catch { /* some are refused */ }
    const theirs = readFileSync(result, "utf8").split("\n");
    assert.equal(mine[0].replace("\ufeff", ""), theirs[0].replace("\ufeff", ""), "other columns");
    assert(mine.some((row) => row.includes("'=note.txt")), "a formula in a cell");
    assert(mine.some((row) => row.includes('"altered, once.pdf"')), "a comma in a cell");
    assert.equal(mine.filter((row) => row).length, 6);
  });
  await ledger.attempt("what is under way can be stopped, and says how far it came", async () => {
    let held = 0;
    await page.route("**/api/v1/verifications", async (route) => { held += 1; if (held > 1) return; await route.continue(); });
    await page.getByLabel("选择文件").setInputFiles([genuine, third, revoked]);
    await page.locator("#many tbody tr").first().waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("已停止，其余没有核验: 1 / 3").first().waitFor();
    await page.unroute("**/api/v1/verifications");
  });
  await ledger.attempt("a busy service is waited for", async () => {
    let asked = 0;
    page.meant = /status of (4(04|22)|503)/;
    await page.route("**/api/v1/verifications", async (route) => {
      asked += 1;
      if (asked === 1) await route.fulfill({ status: 503, headers: { "Retry-After": "1" }, json: { code: "service.busy" } });
      else await route.continue();
    });
    await page.getByLabel("选择文件").setInputFiles([genuine]);
    await page.getByText("全部核验完毕: 1 / 1").first().waitFor();
    assert.equal(asked, 2);
    await page.unroute("**/api/v1/verifications");
  });
  await ledger.attempt("in English", async () => {
    await page.goto(`${url}/verify/batch?lang=en`);
    await page.getByLabel("Choose files").setInputFiles([altered]);
    await page.getByText("All are verified: 1 / 1").first().waitFor();
    assert(!/[\u4e00-\u9fff]/.test(await page.locator("#many tbody tr").innerText()));
  });
  await look(page, "many-english");
  await page.context().close();
}

async function withoutScript(browser, url, things) {
  const page = await newPage(browser, url, { javaScriptEnabled: false, acceptDownloads: true });
  await ledger.attempt("without JavaScript a list and a receipt work all the same", async () => {
    await page.goto(`${url}/verify/batch`);
    assert.equal(await page.locator("#many").isVisible(), false, "a way that cannot work");
    const listed = path.join(things.folder, "list.csv");
    writeFileSync(listed, `证照标识\n${things.ids[0]}\n`);
    await page.getByLabel("或选择名单文件").setInputFiles(listed);
    await page.getByRole("button", { name: "核验名单" }).click();
    assert.equal(await page.locator("tr[data-row]").count(), 1);
    await page.goto(`${url}/verify`);
    await page.getByLabel("核验文件").setInputFiles(things.files.genuine);
    await page.getByRole("button", { name: "核验", exact: true }).click();
    const file = await downloaded(page, () => page.getByRole("button", { name: "下载核验回执（PDF）" }).click(), things.folder);
    execFileSync(BINARY, ["verify", file, "--of", things.files.genuine], { cwd: ROOT });
  });
  await page.context().close();
}

async function main() {
  mkdirSync(SCREENS, { recursive: true });
  const folder = mkdtempSync(path.join(tmpdir(), "zhengku-many-"));
  let server;
  let browser;
  try {
    server = await serve(folder);
    const things = await prepare(new Api(server.url), folder);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    for (const [name, story] of Object.entries({ receipts, list, pile, withoutScript })) {
      await ledger.attempt(name, () => story(browser, server.url, things));
    }
  } finally {
    await browser?.close();
    if (server) await stop(server);
    rmSync(folder, { recursive: true, force: true });
  }
  ledger.close();
}

await main();
