// Scanning at the counter, in Chromium with a camera that sees what a file shows.
//
//     browser_camera.mjs
//
// A license is issued, its face drawn by pdftoppm, and held up to the camera. On this system the browser reads no squares, so
// frames go to the service, which the page must say; a reader that says what others would is put into the page for all else. No camera, no
// permission and no encryption are told in words, with the other two ways beside them.

import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { Api, chromium, CHROMIUM, FLAGS, ledger, look, newPage, SCREENS, serve, stop, SUBMISSIONS, verdictOn } from "./browsing.mjs";

/** The first page of a PDF as a JPEG of a size that a camera gives: both sides even. */
function drawn(pdf, folder, name) {
  const stem = path.join(folder, name);
  execFileSync("pdftoppm", ["-scale-to-x", "1920", "-scale-to-y", "1356", "-f", "1", "-l", "1", "-singlefile", "-jpeg", pdf, stem]);
  return `${stem}.jpg`;
}

/** What a camera that stands still before a picture records. */
function film(jpeg, folder, name) {
  const frame = readFileSync(jpeg);
  const file = path.join(folder, `${name}.mjpeg`);
  writeFileSync(file, Buffer.concat([frame, frame]));
  return file;
}

const launch = (...flags) => chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...flags] });
const camera = (film) => launch("--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${film}`);
/** A page whose browser reads squares: it reads `text` at the third look, or nothing ever. */
const open = async (browser, url, { text = null, ...options } = {}) => {
  const page = await newPage(browser, url, { serviceWorkers: "block", ...options });
  await page.addInitScript((words) => {
    let looks = 0;
    window.BarcodeDetector = class {
      static async getSupportedFormats() { return ["qr_code"]; }

      async detect() { looks += 1; return words && looks > 2 ? [{ rawValue: words }] : []; }
    };
  }, text);
  return page;
};
const begin = (page) => page.getByRole("button", { name: "打开摄像头" }).click();
const running = (page) => page.evaluate(() => document.querySelector(".finder video")?.srcObject?.getTracks().some((track) => track.readyState === "live") ?? false);

/** The words for why there is no scanning, with the other two ways. */
async function refused(opening, url, why, name) {
  await ledger.attempt(`no scanning: ${name}`, async () => {
    const page = await opening;
    await page.goto(`${url}/verify`);
    // On a page without encryption the browser tells that it does not heed a header.
    page.meant = /Cross-Origin-Opener-Policy/;
    page.amiss = [];
    await begin(page);
    const box = page.locator("[data-trouble=camera]");
    await box.getByText(why).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.matches("h2[data-focus]")), true, "the focus is not there");
    await look(page, `camera-${name}`);
    const chooser = page.waitForEvent("filechooser");
    await box.getByRole("button", { name: "选择文件", exact: true }).click();
    await chooser;
    await box.getByRole("button", { name: "输入电子证照标识" }).click();
    assert.equal(await page.evaluate(() => document.activeElement?.id), "license_id");
    await page.context().close();
  });
}

async function startAndStop(browser, url) {
  const page = await open(browser, url, { permissions: ["camera"] });
  await ledger.attempt("the camera runs from one press to the next, in sight", async () => {
    await page.goto(`${url}/verify`);
    await begin(page);
    await page.getByRole("heading", { name: "把二维码对准镜头" }).waitFor();
    await page.waitForFunction(() => document.querySelector(".finder video")?.videoWidth > 0);
    assert.equal(await running(page), true);
  });
  await look(page, "camera-running");
  await ledger.attempt("stopped, it is off and the focus is back at its button", async () => {
    const track = await page.evaluateHandle(() => document.querySelector(".finder video").srcObject.getTracks()[0]);
    await page.getByRole("button", { name: "停止摄像头" }).click();
    assert.equal(await track.evaluate((it) => it.readyState), "ended");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "scan-start");
    assert.equal(await page.locator("#answer > *").count(), 0);
  });
  await ledger.attempt("Escape stops it, too", async () => {
    await begin(page);
    await page.waitForFunction(() => document.querySelector(".finder video")?.videoWidth > 0);
    const track = await page.evaluateHandle(() => document.querySelector(".finder video").srcObject.getTracks()[0]);
    await page.keyboard.press("Escape");
    assert.equal(await track.evaluate((it) => it.readyState), "ended");
  });
  await page.context().close();
}

/** A browser that reads squares itself. */
async function ownReader(browser, url, id) {
  const page = await open(browser, url, { text: `${url}/verify#${id}`, permissions: ["camera"] });
  const sent = [];
  page.on("request", (request) => { if (request.method() === "POST") sent.push(request); });
  await ledger.attempt("a browser that reads squares asks once, in a body", async () => {
    await page.goto(`${url}/verify`);
    await begin(page);
    await verdictOn(page).getByRole("heading", { level: 2 }).first().waitFor();
    assert.equal(await verdictOn(page).getAttribute("data-case"), "in_force");
    assert.equal(sent.length, 1);
    assert(!sent[0].url().includes(id) && sent[0].postDataBuffer().toString("utf8").includes(id));
    assert.equal(await running(page), false);
  });
  await ledger.attempt("the frame it was read from is shown beside the verdict", async () => {
    await page.locator(".picture canvas").waitFor();
  });
  await look(page, "camera-own-reader");
  await page.context().close();
}

/** A browser that reads none: the service does. */
async function byService(browser, url, id) {
  const page = await newPage(browser, url, { serviceWorkers: "block", permissions: ["camera"] });
  await ledger.attempt("a browser that reads no squares has the service look at frames, and says so", async () => {
    await page.goto(`${url}/verify`);
    await begin(page);
    await page.getByText("画面会送到核验服务识别").waitFor();
    assert.equal(await page.getByText("画面不离开本机").count(), 0);
    await page.locator("article.verdict[data-square]").waitFor();
    assert.equal(await verdictOn(page).getAttribute("data-case"), "square");
    await verdictOn(page).getByText(id, { exact: true }).first().waitFor();
    assert.equal(await running(page), false);
    await page.locator(".picture canvas").waitFor();
  });
  await look(page, "camera-by-service");
  await page.context().close();
}

/** And what it sees holds no square: nothing is shown of a frame. */
async function nothingByService(browser, url) {
  const page = await newPage(browser, url, { serviceWorkers: "block", permissions: ["camera"] });
  let frames = 0;
  page.on("request", (request) => { if (request.method() === "POST") frames += 1; });
  await ledger.attempt("frames without a square show nothing, and the camera goes on", async () => {
    await page.goto(`${url}/verify`);
    await begin(page);
    for (let wait = 0; wait < 100 && frames < 2; wait += 1) await page.waitForTimeout(100);
    assert(frames >= 2, `${frames} frames`);
    assert.equal(await verdictOn(page).count(), 0);
    assert.equal(await running(page), true);
    await page.keyboard.press("Escape");
    assert.equal(await running(page), false);
  });
  await page.context().close();
}

async function unread(browser, url) {
  const page = await open(browser, url, { permissions: ["camera"] });
  await page.clock.install();
  await ledger.attempt("after a minute without a square the camera is stopped and says so", async () => {
    await page.goto(`${url}/verify`);
    await begin(page);
    await page.waitForFunction(() => document.querySelector(".finder video")?.videoWidth > 0);
    const track = await page.evaluateHandle(() => document.querySelector(".finder video").srcObject.getTracks()[0]);
    for (let second = 0; second < 62; second += 1) await page.clock.runFor(1_000);
    await page.locator("#answer").getByText("一分钟内没有认出二维码").waitFor();
    assert.equal(await track.evaluate((it) => it.readyState), "ended");
  });
  await look(page, "camera-unread");
  await page.context().close();
}

async function main() {
  mkdirSync(SCREENS, { recursive: true });
  const folder = mkdtempSync(path.join(tmpdir(), "zhengku-camera-"));
  const browsers = [];
  const another = async (starting) => { const browser = await starting; browsers.push(browser); return browser; };
  let server;
  try {
    server = await serve(folder);
    const { url } = server;
    const api = new Api(url);
    const [name] = readdirSync(SUBMISSIONS).sort();
    const { license_id: id } = await api.issue(readFileSync(path.join(SUBMISSIONS, name), "utf8").split("\n")[0]);
    const pdf = path.join(folder, "license.pdf");
    writeFileSync(pdf, await api.file(id, "pdf"));
    const face = drawn(pdf, folder, "face");

    const seeing = await another(camera(film(face, folder, "face")));
    await startAndStop(seeing, url);
    await ownReader(seeing, url, id);
    await refused(open(seeing, url), url, "浏览器没有允许", "refused");

    await byService(seeing, url, id);
    const blind = await another(launch("--host-resolver-rules=MAP counter.example 127.0.0.1"));
    const plain = url.replace("127.0.0.1", "counter.example");
    await refused(open(blind, plain), plain, "只允许在加密连接", "insecure");
    const none = await another(launch("--use-fake-device-for-media-stream=device-count=0", "--use-fake-ui-for-media-stream"));
    await refused(open(none, url), url, "没有可用的摄像头", "none");
    const nothing = await another(launch("--use-fake-device-for-media-stream"));
    await unread(nothing, url);
    await nothingByService(nothing, url);
  } finally {
    for (const browser of browsers) await browser.close();
    if (server) await stop(server);
    rmSync(folder, { recursive: true, force: true });
  }
  ledger.close();
}

await main();
