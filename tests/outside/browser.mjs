// The pages as people meet them, in Chromium.
//
//     browser.mjs
//
// Issues over HTTP, verifies by choosing, dropping and typing, with and without a script, with the keyboard alone;
// revokes; holds and downloads. Each page is looked at 360 and 1280 pixels wide by axe-core, and must neither scroll
// sideways nor speak to anybody but its own server. Screenshots lie in .setup/screens.
//
// Pages are found by what people see and hear: roles, labels and words, Chinese first.

import { strict as assert } from "node:assert";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import {
  Api, askById, choose, chromium, CHROMIUM, dropFiles, FLAGS, ledger, look, newPage, SCREENS, serve, sha256, shows, stop, SUBMISSIONS,
  tabTo, verdictOn,
} from "./browsing.mjs";
import { ROOT } from "./tools.mjs";

// ---- The stories.

async function verifying(browser, url, api, files) {
  const page = await newPage(browser, url);
  await page.goto(`${url}/`);
  await look(page, "home");
  await page.getByRole("link", { name: "立即核验" }).click();
  await page.getByRole("heading", { name: "核验证照", level: 1 }).waitFor();
  await look(page, "verify");

  const genuine = await api.verdict(readFileSync(files.pdf));
  ledger.check(genuine.verdict === "valid" && genuine.standing === "passed", "a sealed PDF of ours is valid and in force", JSON.stringify(genuine).slice(0, 600));
  await ledger.attempt("a PDF chosen from the file chooser", async () => {
    await choose(page, files.pdf);
    await shows(page, genuine);
    assert.equal(await page.evaluate(() => document.activeElement?.closest("article") !== null), true, "the focus is not at the verdict");
  });
  await look(page, "verify-valid");

  await ledger.attempt("a PDF dropped onto the page", async () => {
    await page.goto(`${url}/verify`);
    await dropFiles(page, page.getByRole("main"), [files.pdf]);
    await shows(page, genuine);
  });
  await ledger.attempt("two files dropped at once are answered with words", async () => {
    await page.goto(`${url}/verify`);
    await dropFiles(page, page.getByRole("main"), [files.pdf, files.tampered]);
    await page.getByRole("alert").waitFor();
    assert.equal(await verdictOn(page).count(), 0);
  });
  await ledger.attempt("an e-certificate chosen from the file chooser", async () => {
    await page.goto(`${url}/verify`);
    await choose(page, files.ecert);
    await shows(page, await api.verdict(readFileSync(files.ecert)));
  });

  const tampered = await api.verdict(readFileSync(files.tampered));
  ledger.check(tampered.verdict === "invalid" && tampered.integrity === "failed", "an altered PDF is invalid", JSON.stringify(tampered).slice(0, 600));
  await ledger.attempt("an altered PDF dropped onto the page", async () => {
    await page.goto(`${url}/verify`);
    await dropFiles(page, page.getByRole("main"), [files.tampered]);
    await shows(page, tampered);
  });
  await look(page, "verify-altered");

  await ledger.attempt("a file that is no license", async () => {
    await page.goto(`${url}/verify`);
    await choose(page, files.foreign);
    const foreign = await api.verdict(readFileSync(files.foreign));
    assert.notEqual(foreign.verdict, "valid");
    await shows(page, foreign);
  });
  await look(page, "verify-foreign");

  await ledger.attempt("a license id typed", async () => {
    await page.goto(`${url}/verify`);
    await askById(page, files.id);
    await shows(page, await api.verdictOf(files.id));
  });
  await look(page, "verify-id");
  await ledger.attempt("the address in the square", async () => {
    await page.goto("about:blank");
    await page.goto(`${url}/verify#${files.id}`);
    await shows(page, await api.verdictOf(files.id));
  });
  await ledger.attempt("a license id with a slip is explained, and the way back to it is one key", async () => {
    await page.goto(`${url}/verify`);
    const last = files.id.at(-1);
    await askById(page, files.id.slice(0, -1) + (last === "A" ? "B" : "A"));
    const alert = page.getByRole("alert");
    await alert.getByText("校验位不符").waitFor();
    assert.equal(await alert.evaluate((box) => box === document.activeElement), true, "the focus is not at the alert");
    await alert.getByRole("link").click();
    assert.equal(await page.getByLabel("输入或粘贴标识").evaluate((field) => field === document.activeElement), true, "the link does not lead to the field");
  });
  await look(page, "verify-slip");
  await ledger.attempt("nothing asked is explained", async () => {
    await page.goto(`${url}/verify`);
    await page.getByRole("button", { name: "核验", exact: true }).click();
    await page.getByRole("alert").waitFor();
  });

  await ledger.attempt("in English", async () => {
    await page.goto(`${url}/verify`);
    await page.getByRole("link", { name: "English" }).click();
    await page.getByRole("heading", { name: "Verify a license", level: 1 }).waitFor();
    const asked = page.waitForEvent("filechooser");
    await page.getByLabel("A file", { exact: true }).click();
    await (await asked).setFiles(files.pdf);
    await shows(page, genuine, "en");
  });
  await look(page, "verify-valid-en");
  await page.context().close();
}

async function withoutScript(browser, url, api, files) {
  const page = await newPage(browser, url, { javaScriptEnabled: false });
  await ledger.attempt("without JavaScript: a file", async () => {
    await page.goto(`${url}/verify`);
    await page.getByLabel("核验文件").setInputFiles(files.pdf);
    await page.getByRole("button", { name: "核验", exact: true }).click();
    await shows(page, await api.verdict(readFileSync(files.pdf)));
    await page.screenshot({ path: path.join(SCREENS, "verify-without-script.png"), fullPage: true });
  });
  await ledger.attempt("without JavaScript: an altered file", async () => {
    await page.goto(`${url}/verify`);
    await page.getByLabel("核验文件").setInputFiles(files.tampered);
    await page.getByRole("button", { name: "核验", exact: true }).click();
    await shows(page, await api.verdict(readFileSync(files.tampered)));
  });
  await ledger.attempt("without JavaScript: a license id", async () => {
    await page.goto(`${url}/verify`);
    await askById(page, files.id);
    await shows(page, await api.verdictOf(files.id));
  });
  await page.context().close();
}

async function byKeyboard(browser, url, api, files) {
  const page = await newPage(browser, url);
  await ledger.attempt("by keyboard alone: a license id", async () => {
    await page.goto(`${url}/verify`);
    await tabTo(page, "#license_id");
    await page.keyboard.type(files.id);
    await page.keyboard.press("Enter");
    await shows(page, await api.verdictOf(files.id));
    assert.equal(await page.evaluate(() => document.activeElement?.closest("article") !== null), true, "the focus is not at the verdict");
  });
  await ledger.attempt("by keyboard alone: a file", async () => {
    await page.goto(`${url}/verify`);
    await tabTo(page, "#file");
    const asked = page.waitForEvent("filechooser");
    const opened = asked.then(() => true, () => false);
    // On a busy machine the first press may come before the browser takes it for the wish of a person.
    for (let tries = 0; tries < 5; tries += 1) {
      await page.keyboard.press("Space");
      if (await Promise.race([opened, page.waitForTimeout(2_000).then(() => false)])) break;
    }
    await (await asked).setFiles(files.pdf);
    await shows(page, await api.verdict(readFileSync(files.pdf)));
    await tabTo(page, "summary");
    await page.keyboard.press("Enter");
    await page.getByText("seal.bytes", { exact: true }).waitFor();
  });
  await ledger.attempt("by keyboard alone: past the head of the page", async () => {
    await page.goto(`${url}/verify`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.closest("main") !== null), true, "the first link does not lead past the head");
  });
  await page.context().close();
}

async function download(page, name, expected) {
  const started = page.waitForEvent("download");
  await page.getByRole("link", { name }).click();
  const file = await (await started).path();
  const bytes = readFileSync(file);
  assert.equal(sha256(bytes), expected.sha256, "not the bytes that were sealed");
  assert.equal(bytes.length, expected.size_bytes);
  return bytes;
}

/** A holder has a copy made for one purpose: a mistake is told, what was filled in is checked, the file is a genuine copy. */
async function copying(page, url, api, id) {
  const purpose = "办理企业贷款";
  await ledger.attempt("a copy without a purpose is refused at its field", async () => {
    await page.goto(`${url}/my/${id}`);
    await page.getByRole("link", { name: "制作加注件" }).click();
    await page.getByRole("heading", { name: "制作加注件", level: 1 }).waitFor();
    await page.getByLabel("用途").fill(" ");
    await page.getByLabel("接收方").fill("示例银行云台支行");
    await page.getByLabel("有效期截止日").fill(new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10));
    await page.getByRole("button", { name: "下一步：核对" }).click();
    await page.getByRole("alert").getByRole("link", { name: "用途：请填写" }).waitFor();
    assert.equal(await page.getByLabel("接收方").inputValue(), "示例银行云台支行");
  });
  await look(page, "my-copy-mistake");
  await ledger.attempt("a copy is filled in, checked and made", async () => {
    await page.getByLabel("用途").fill(purpose);
    await page.getByRole("button", { name: "下一步：核对" }).click();
    await page.getByText(purpose, { exact: true }).waitFor();
  });
  await look(page, "my-copy-check");
  await ledger.attempt("the copy is a genuine one, for its purpose alone", async () => {
    await page.getByRole("button", { name: "制作加注件" }).click();
    await page.getByRole("heading", { name: "加注件已制作" }).waitFor();
    const started = page.waitForEvent("download");
    await page.getByRole("link", { name: /下载加注件/ }).click();
    const verdict = await api.verdict(readFileSync(await (await started).path()));
    assert.equal(verdict.verdict, "valid_copy");
    assert.equal(verdict.standing, "passed");
    assert.deepEqual([verdict.copy.purpose, verdict.copy.maker], [purpose, "holder"]);
  });
  await look(page, "my-copy-done");
}

async function holding(browser, url, api, holder, held, foreign) {
  const page = await newPage(browser, url);
  await ledger.attempt("who is not signed in is led to the sign-in", async () => {
    await page.goto(`${url}/my`);
    await page.getByRole("heading", { name: "登录", level: 1 }).waitFor();
  });
  await look(page, "sign-in");
  await ledger.attempt("a holder signs in and sees what is theirs", async () => {
    await page.getByRole("radio", { name: holder.name }).check();
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.getByRole("heading", { name: "我的证照", level: 1 }).waitFor();
    const list = page.getByRole("main").getByRole("listitem");
    assert.equal(await list.count(), held.length, "number of licenses");
    for (const { submission } of held) await page.getByText(submission.license_number, { exact: true }).first().waitFor();
  });
  await look(page, "my");

  for (const { submission, answer } of held.slice(0, 3)) {
    await ledger.attempt(`a holder opens and downloads ${answer.license_id}`, async () => {
      await page.goto(`${url}/my`);
      await page.getByRole("listitem").filter({ hasText: submission.license_number }).getByRole("link").first().click();
      const face = page.getByRole("article");
      await face.getByText(answer.license_id, { exact: true }).waitFor();
      const text = await face.innerText();
      for (const one of submission.holders) assert(text.includes(one.name), "a holder's name is not on the page");
      for (const value of Object.values(submission.face)) {
        if (typeof value === "string" && !/^\d{4}-\d\d-\d\d/.test(value)) {
          assert(text.replace(/\s/g, "").includes(value.replace(/\s/g, "")), "a face value is not on the page");
        }
      }
      const forms = Object.fromEntries(answer.forms.map((form) => [form.form, form]));
      const pdf = await download(page, /下载 PDF/, forms.pdf);
      await download(page, /下载电子证照数据/, forms.ecert);
      const verdict = await api.verdict(pdf);
      assert.equal(verdict.verdict, "valid");
    });
  }
  await look(page, "my-license");
  await copying(page, url, api, held[0].answer.license_id);

  await ledger.attempt("what others hold does not exist", async () => {
    const answer = await page.goto(`${url}/my/${foreign.answer.license_id}`);
    assert.equal(answer.status(), 404);
    assert(!(await page.getByRole("main").innerText()).includes(foreign.submission.holders[0].name));
  });
  await look(page, "not-found");
  await ledger.attempt("signed out, nothing is seen any more", async () => {
    await page.goto(`${url}/my`);
    await page.getByRole("button", { name: "退出登录" }).click();
    await page.goto(`${url}/my/${held[0].answer.license_id}`);
    assert(!(await page.getByRole("main").innerText()).includes(held[0].submission.license_number));
  });
  await page.context().close();
}

async function revoking(browser, url, api, license, files) {
  const page = await newPage(browser, url);
  await ledger.attempt("a revoked license stays genuine and must not be accepted", async () => {
    await api.send(`/api/v1/licenses/${license.license_id}/standing`,
      JSON.stringify({ state: "revoked", kind: "withdrawn", since: "2026-11-22", ground: "行政处罚决定书〔2026〕7号" }));
    const revoked = await api.verdict(readFileSync(files.pdf));
    assert.deepEqual([revoked.verdict, revoked.integrity, revoked.authenticity, revoked.standing, revoked.standing_state],
      ["valid", "passed", "passed", "failed", "revoked"]);
    await page.goto(`${url}/verify`);
    await choose(page, files.pdf);
    assert.match(await shows(page, revoked), /吊销/);
  });
  await look(page, "verify-revoked");
  await page.context().close();
}

async function readingTheApi(browser, url) {
  const page = await newPage(browser, url);
  await ledger.attempt("the description of the API is read by people and programs", async () => {
    await page.goto(`${url}/api/docs`);
    await page.getByText("/api/v1/licenses", { exact: true }).first().waitFor();
    const description = await (await fetch(`${url}/api/openapi.json`)).json();
    assert.match(description.openapi, /^3\.1/);
    for (const at of ["/api/v1/licenses", "/api/v1/verifications"]) assert(description.paths[at]?.post, `${at} is not described`);
  });
  await look(page, "api-docs");
  await page.context().close();
}

async function main() {
  rmSync(SCREENS, { recursive: true, force: true });
  mkdirSync(SCREENS, { recursive: true });
  const folder = mkdtempSync(path.join(tmpdir(), "zhengku-browser-"));
  let server;
  let browser;
  try {
    server = await serve(folder);
    const api = new Api(server.url);
    const [holder] = JSON.parse(readFileSync(path.join(ROOT, "fixtures/holders.json"), "utf8"));
    const lines = readdirSync(SUBMISSIONS).sort().flatMap((name) => readFileSync(path.join(SUBMISSIONS, name), "utf8").trim().split("\n"));
    const issue = async (line) => ({ submission: JSON.parse(line), answer: await api.issue(line) });
    const theirs = lines.filter((line) => JSON.parse(line).holders.some((one) => one.code === holder.code));
    const held = [];
    for (const line of theirs) held.push(await issue(line));
    const foreign = await issue(lines.find((line) => !theirs.includes(line)));
    ledger.check(held.length > 1, "the first invented holder holds several licenses");

    const { license_id: id } = foreign.answer;
    const files = { id, pdf: path.join(folder, `${id}.pdf`), ecert: path.join(folder, `${id}.ecert.txt`), tampered: path.join(folder, "altered.pdf"), foreign: path.join(folder, "note.txt") };
    const pdf = await api.file(id, "pdf");
    writeFileSync(files.pdf, pdf);
    writeFileSync(files.ecert, await api.file(id, "ecert"));
    const altered = Buffer.from(pdf);
    altered[Math.floor(altered.length / 3)] ^= 1;
    writeFileSync(files.tampered, altered);
    writeFileSync(files.foreign, "这不是证照。\n");

    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    const stories = { verifying, withoutScript, byKeyboard };
    for (const [name, story] of Object.entries(stories)) {
      await ledger.attempt(name, () => story(browser, server.url, api, files));
    }
    await ledger.attempt("holding", () => holding(browser, server.url, api, holder, held, foreign));
    await ledger.attempt("readingTheApi", () => readingTheApi(browser, server.url));
    await ledger.attempt("revoking", () => revoking(browser, server.url, api, foreign.answer, files));

    await ledger.attempt("no personal data in what the server said", () => {
      for (const { submission } of [...held, foreign]) {
        for (const one of submission.holders) {
          assert(!server.said().includes(one.name), "a holder's name");
          assert(!server.said().includes(one.code), "a holder's code");
        }
      }
    });
    console.log(`${readdirSync(SCREENS).length} screenshots in ${path.relative(ROOT, SCREENS)}`);
  } finally {
    await browser?.close();
    if (server) await stop(server);
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  }
  ledger.close();
}

await main();
