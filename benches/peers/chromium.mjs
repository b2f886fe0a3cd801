// Headless Chromium prints the page, one browser and one tab for all: documents per second of the processor time of
// all its processes.
//
//   node chromium.mjs PAGES.json        [{html}, …]

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/.setup/node/`);
const { chromium } = require("playwright-core");
const SECONDS = 5;
const TICKS = 100;

const pages = JSON.parse(readFileSync(process.argv[2], "utf8"));
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });

/** Processor seconds of this process's descendants. */
function spent() {
    const children = new Map();
    const ticks = new Map();
    for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        try {
            const fields = readFileSync(`/proc/${id}/stat`, "utf8").split(")").at(-1).trim().split(/\s+/);
            const parent = Number(fields[1]);
            children.set(parent, [...(children.get(parent) ?? []), Number(id)]);
            ticks.set(Number(id), Number(fields[11]) + Number(fields[12]));
        } catch {
            // A process that ended between the two looks has no say.
        }
    }
    let sum = 0;
    const queue = [...(children.get(process.pid) ?? [])];
    while (queue.length > 0) {
        const id = queue.pop();
        sum += ticks.get(id) ?? 0;
        queue.push(...(children.get(id) ?? []));
    }
    return sum / TICKS;
}

const tab = await browser.newPage();
let size = 0;
async function print(count) {
    await tab.setContent(pages[count % pages.length].html);
    size = (await tab.pdf({ format: "A4", tagged: true })).length;
}
for (let count = 0; count < 5; count += 1) await print(count);
const began = spent();
let done = 0;
while (spent() - began < SECONDS) {
    await print(done);
    done += 1;
}
console.log(`${(done / (spent() - began)).toFixed(2)} ${size}`);
await browser.close();
