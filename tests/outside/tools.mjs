// Where the packages of .setup/node are, for scripts that do not stand beside them; and the few words the judges
// written for Node share.

import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const BINARY = process.env.ZHENGKU_BIN ?? path.join(ROOT, "target/debug/zhengku");
export const PYTHON = path.join(ROOT, ".setup/venv/bin/python");

/** A package out of .setup/node. */
export const load = createRequire(path.join(ROOT, ".setup/node/package.json"));

/** Gives up where a tool is missing: a judge that is not there has not agreed. */
export function mustHave(...files) {
  const missing = [BINARY, ...files].filter((file) => !existsSync(file));
  if (missing.length > 0) {
    console.error(`missing: ${missing.join(", ")}; \`make setup\` and \`cargo build\` put them in place`);
    process.exit(2);
  }
}

/** Counts what held and names what did not. */
export class Ledger {
  passed = 0;
  failed = 0;

  /** Writes down one check. */
  check(holds, about, detail = "") {
    if (holds) {
      this.passed += 1;
    } else {
      this.failed += 1;
      console.error(`FAILED ${about}${detail ? `: ${detail}` : ""}`);
    }
    return Boolean(holds);
  }

  /** Runs one check; what it throws is its reason. */
  async attempt(about, check) {
    try {
      await check();
      this.passed += 1;
      return true;
    } catch (error) {
      this.check(false, about, String(error?.message ?? error).split("\n").slice(0, 12).join(" | "));
      return false;
    }
  }

  /** The last line, and how the process ends. */
  close() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed > 0 ? 1 : 0;
  }
}
