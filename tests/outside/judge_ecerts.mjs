// Every e-certificate of the fixtures before an SD-JWT library that we did not write (@sd-jwt, npm).
//
//     judge_ecerts.mjs [--out DIR]
//
// The library verifies signature and disclosures with the key of the certificate in `x5c`; Node's own X509Certificate
// follows the chain to the root of keys-dev. What is disclosed must be what was submitted. One altered disclosure,
// one altered signature and one foreign chain must each be turned down. Without --out the program makes the files first.

import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign, verify, X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { BINARY, Ledger, load, mustHave, PYTHON, ROOT } from "./tools.mjs";

mustHave(PYTHON, path.join(ROOT, ".setup/node/node_modules/@sd-jwt/sd-jwt-vc"));
const { SDJwtVcInstance } = load("@sd-jwt/sd-jwt-vc");
const { digest, generateSalt } = load("@sd-jwt/crypto-nodejs");

// What a seal may be made with; anything else is refused, whatever the header says.
const ALGORITHMS = {
  ES256: { key: "ec", dsaEncoding: "ieee-p1363" },
  RS256: { key: "rsa" },
};
// The members of the payload that the content digest is made over (docs/ecert.md).
const CONTENT = ["_sd", "_sd_alg", "edition", "issued_on", "issuing_authority", "issuing_authority_name", "license_id",
  "license_type", "license_type_name", "valid_from", "valid_to", "version"];

const fromBase64Url = (text) => Buffer.from(text, "base64url");
const json = (text) => JSON.parse(fromBase64Url(text).toString("utf8"));

function roots() {
  const found = [];
  const folder = path.join(ROOT, "keys-dev");
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!name.endsWith(".pem")) continue;
    const text = readFileSync(path.join(folder, name), "utf8");
    for (const pem of text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []) {
      const certificate = new X509Certificate(pem);
      if (certificate.ca && certificate.checkIssued(certificate)) found.push(certificate);
    }
  }
  assert(found.length > 0, `no root certificate in ${folder}`);
  return found;
}

/** The leaf of `x5c`, once its chain has been followed to one of our roots. */
function leafOf(header, anchors, now) {
  assert(Array.isArray(header.x5c) && header.x5c.length > 0, "no x5c");
  const chain = header.x5c.map((der) => new X509Certificate(Buffer.from(der, "base64")));
  const anchor = anchors.find((root) => chain.at(-1).checkIssued(root));
  assert(anchor, "the chain does not lead to a root of keys-dev");
  assert(chain.every((certificate) => certificate.fingerprint256 !== anchor.fingerprint256), "the root stands in x5c");
  [...chain, anchor].forEach((certificate, index, all) => {
    const issuer = all[index + 1] ?? certificate;
    assert(certificate.checkIssued(issuer), `certificate ${index} was not issued by the next`);
    assert(certificate.verify(issuer.publicKey), `the signature of certificate ${index} does not hold`);
    assert(new Date(certificate.validFrom) <= now && now <= new Date(certificate.validTo), `certificate ${index} is out of its time`);
    assert.equal(certificate.ca, index > 0, `certificate ${index}: authority or not`);
  });
  return chain[0];
}

/** The library, with the key of this file's own certificate. */
function libraryFor(header, leaf) {
  const algorithm = ALGORITHMS[header.alg];
  assert(algorithm, `alg is ${header.alg}`);
  assert.equal(leaf.publicKey.asymmetricKeyType, algorithm.key, "alg and key disagree");
  const verifier = async (data, signature) =>
    verify("sha256", Buffer.from(data), { key: leaf.publicKey, dsaEncoding: algorithm.dsaEncoding }, fromBase64Url(signature));
  return new SDJwtVcInstance({ hasher: digest, hashAlg: "sha-256", saltGenerator: generateSalt, verifier });
}

/** What the library believes of a file, or the reason why it does not. */
async function believed(compact, anchors, now) {
  const header = json(compact.split(".", 1)[0]);
  const leaf = leafOf(header, anchors, now);
  const library = libraryFor(header, leaf);
  const { payload } = await library.verify(compact);
  return { header, leaf, payload, signed: json(compact.split("~", 1)[0].split(".")[1]) };
}

function altered(compact, index) {
  const parts = compact.split("~");
  const [salt, name, value] = json(parts[index]);
  const other = typeof value === "string" ? `${value}x` : [value];
  parts[index] = Buffer.from(JSON.stringify([salt, name, other])).toString("base64url");
  return { compact: parts.join("~"), name, other };
}

async function judge(row, anchors, now) {
  const compact = readFileSync(row.ecert, "utf8");
  const { header, payload, signed } = await believed(compact, anchors, now);
  const { submission } = row;

  assert.equal(header.typ, "dc+sd-jwt");
  assert.equal(signed._sd_alg, "sha-256");
  assert.equal(compact.split("~").length - 2, Object.keys(row.disclosed).length, "number of disclosures");
  assert.equal(signed._sd.length, Object.keys(row.disclosed).length, "number of digests");
  for (const [name, value] of Object.entries(row.disclosed)) {
    assert(!(name in signed), `${name} stands in the open`);
    assert.deepEqual(payload[name], value, `${name} is not what was submitted`);
  }
  const open = {
    vct: `urn:zhengku:license-type:${submission.type}`,
    license_id: row.license_id,
    license_type: submission.type,
    license_type_name: row.type_name,
    issuing_authority: submission.authority,
    issuing_authority_name: row.authority_name,
    issued_on: submission.issued_on,
    valid_from: submission.valid_from ?? submission.issued_on,
    version: row.license_id.split(".").at(-2),
    ...(submission.valid_to ? { valid_to: submission.valid_to } : {}),
  };
  for (const [name, value] of Object.entries(open)) assert.deepEqual(signed[name], value, name);
  if (!submission.valid_to) assert(!("valid_to" in signed), "an end where there is none");
  assert(signed.standing?.uri?.endsWith(`/verify#${row.license_id}`), "no standing reference");

  // RFC 8785 for what stands here: members sorted, texts as JSON.stringify writes them, small whole numbers.
  const canonical = JSON.stringify(Object.fromEntries(CONTENT.filter((name) => name in signed).map((name) => [name, signed[name]])));
  const contentDigest = createHash("sha256").update(canonical).digest("hex");
  assert.equal(signed.content_digest, contentDigest, "content digest");
  assert(readFileSync(row.pdf).includes(contentDigest), "the PDF does not carry the content digest");

  for (let index = 1; index <= Object.keys(row.disclosed).length; index += 1) {
    const trick = altered(compact, index);
    const seen = await believed(trick.compact, anchors, now).catch(() => null);
    assert(seen === null || JSON.stringify(seen.payload[trick.name]) !== JSON.stringify(trick.other),
      `an altered ${trick.name} was believed`);
  }
  return header.alg;
}

/** Tricks on one file, each of which must be turned down for the reason given. */
async function tricks(ledger, row, anchors, now) {
  const compact = readFileSync(row.ecert, "utf8");
  const [jwt, ...disclosures] = compact.split("~");
  const [header, payload, signature] = jwt.split(".");
  const claims = json(payload);

  const bytes = fromBase64Url(signature);
  bytes[10] ^= 1;
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const foreign = `${Buffer.from(JSON.stringify({ ...json(header), alg: "ES256" })).toString("base64url")}.${payload}`;
  const foreignSignature = sign("sha256", Buffer.from(foreign), { key: privateKey, dsaEncoding: "ieee-p1363" });
  const longer = Buffer.from(JSON.stringify({ ...claims, license_id: `${claims.license_id}0` })).toString("base64url");
  const unsigned = Buffer.from(JSON.stringify({ ...json(header), alg: "none" })).toString("base64url");
  const forged = {
    "one bit of the signature": [`${header}.${payload}.${bytes.toString("base64url")}`, /signature|verify/i],
    "another license id": [`${header}.${longer}.${signature}`, /signature|verify/i],
    "signed with another key": [`${foreign}.${foreignSignature.toString("base64url")}`, /signature|verify|alg and key/i],
    "not signed": [`${unsigned}.${payload}.`, /alg is none/],
  };
  for (const [trick, [token, reason]] of Object.entries(forged)) {
    await ledger.attempt(`${row.license_id}: ${trick}`, () =>
      assert.rejects(believed([token, ...disclosures].join("~"), anchors, now), reason));
  }
}

async function main() {
  const ledger = new Ledger();
  const index = process.argv.indexOf("--out");
  const folder = index > 0 ? null : mkdtempSync(path.join(tmpdir(), "zhengku-ecerts-"));
  try {
    const out = index > 0 ? process.argv[index + 1] : path.join(folder, "out");
    if (folder) {
      execFileSync(BINARY, ["demo", "--exit", "--data-dir", path.join(folder, "data"), "--out", out], { cwd: ROOT, stdio: "ignore" });
    }
    const rows = execFileSync(PYTHON, [path.join(ROOT, "tests/outside/face_values.py"), out], { encoding: "utf8", maxBuffer: 1 << 28 })
      .trim().split("\n").map((line) => JSON.parse(line));
    const anchors = roots();
    const now = new Date();
    const algorithms = new Map();
    for (const row of rows) {
      await ledger.attempt(path.basename(row.ecert), async () => {
        const algorithm = await judge(row, anchors, now);
        if (!algorithms.has(algorithm)) algorithms.set(algorithm, row);
      });
    }
    // An authority that seals with RSA signs its e-certificates with a companion key on P-256.
    const used = [...algorithms.keys()].join(" and ");
    ledger.check(used === "ES256", `the e-certificates are signed with ${used} instead of ES256 alone`);
    for (const row of algorithms.values()) await tricks(ledger, row, anchors, now);
    console.log(`${rows.length} e-certificates, signed with ${used}`);
  } finally {
    if (folder) rmSync(folder, { recursive: true, force: true });
  }
  ledger.close();
}

await main();
