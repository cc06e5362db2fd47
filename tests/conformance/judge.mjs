// The JavaScript verifier as a process that answers many questions, for the tests.
//
// Each question is a line of JSON, {"op": …, "size": N, …}, and N bytes; each answer a line of JSON.
// `--without-ed25519` takes Ed25519 out of WebCrypto before the verifier is loaded, `--lax-ed25519`
// puts one in its place that accepts whatever has the right length.

import { Readable } from "node:stream";

const { subtle } = globalThis.crypto;
const replaced = (verify) => ({
  digest: (...given) => subtle.digest(...given),
  importKey: verify ? async () => ({}) : async () => { throw new DOMException("no", "NotSupportedError"); },
  verify,
});
if (process.argv.includes("--without-ed25519")) {
  Object.defineProperty(globalThis, "crypto", { value: { subtle: replaced() } });
} else if (process.argv.includes("--lax-ed25519")) {
  const lax = async (_, __, signature) => signature.length === 64;
  Object.defineProperty(globalThis, "crypto", { value: { subtle: replaced(lax) } });
}
const braid = await import("../../verifier/braid_verifier/js/braid-verifier.mjs");

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));

async function* steps(payload, step) {
  for (let at = 0; at < payload.length; at += step) yield payload.slice(at, at + step);
}

const OPERATIONS = {
  verify: ({ step, ...options }, payload) =>
    braid.verify(step ? Readable.from(steps(payload, step)) : payload, options),
  json: (_, payload) => braid.faultOfJson(payload),
  header: (_, payload) => braid.parseHeader(payload).fault?.[0] ?? null,
  signature: ({ key, signature, framed }, payload) =>
    braid.checkSignature(bytes(key), bytes(signature), framed ? payload : braid.signedBytes("node", payload)),
  statements: async (_, payload) => {
    try {
      await braid.verify(new Uint8Array(), { statements: [payload] });
      return null;
    } catch (fault) {
      if (!(fault instanceof RangeError)) throw fault;
      return fault.message;
    }
  },
  pae: ({ purpose }, payload) => hex(braid.signedBytes(purpose, payload)),
  commitment: ({ salt, content, attrs }) =>
    Buffer.from(braid.commitment(...[salt, content, attrs].map(bytes))).toString("base64url"),
  tree: ({ signatures }) => {
    const tree = new braid.Tree();
    for (const signature of signatures) tree.add(bytes(signature));
    return Buffer.from(tree.head()).toString("base64url");
  },
  sha256: ({ cuts }, payload) => {
    const parts = [...cuts, payload.length].map((cut, i) => payload.subarray(i ? cuts[i - 1] : 0, cut));
    return hex(braid.sha256(...parts));
  },
};

/** Take exactly as many bytes as asked for from stdin; null at its end. */
const input = process.stdin[Symbol.asyncIterator]();
let held = Buffer.alloc(0);
async function take(enough) {
  const pieces = [held];
  for (let size; (size = enough(pieces)) < 0; ) {
    const { done, value } = await input.next();
    if (done) return null;
    pieces.push(value);
  }
  const all = Buffer.concat(pieces), size = enough([all]);
  held = all.subarray(size);
  return all.subarray(0, size);
}
const line = (pieces) => {
  let before = 0;
  for (const piece of pieces) {
    const at = piece.indexOf(0x0a);
    if (at >= 0) return before + at + 1;
    before += piece.length;
  }
  return -1;
};
const exactly = (size) => (pieces) =>
  pieces.reduce((sum, piece) => sum + piece.length, 0) >= size ? size : -1;

for (let asked; (asked = await take(line)) !== null; ) {
  const { op, size, ...options } = JSON.parse(asked.toString());
  const payload = new Uint8Array(await take(exactly(size)));
  let answer;
  try {
    answer = await OPERATIONS[op](options, payload);
  } catch (fault) {
    answer = { threw: String(fault?.stack ?? fault) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
