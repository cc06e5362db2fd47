// Verifies Braid transcripts, offline, in a browser or in Node 20 and later.
//
// One module without dependencies, written from braid/SPEC.md alone; "SPEC" below is that page.
// It shares no code with the Python verifier beside it, so that the two can contradict each other.
//
//     import { verify } from "./braid-verifier.mjs";
//     const report = await verify(file, { roots: [KEY] });   // file: bytes, Blob or stream
//     // or { roots: [KEY], logs: [VKEY], witnesses: [VKEY], quorum: 1, require: ["witnessed"] }
//     if (report.result === "verified") …
//
// The report is a plain object, as report.schema.json describes it. What is wrong with a file is the
// report's answer; only misuse of the API throws, and what the source of the bytes throws.

// ---------------------------------------------------------------------------------------------
// Limits (SPEC §12) and codes (SPEC §7)

const MIB = 1024 * 1024;
export const LIMITS = Object.freeze({
  transcript: 1024 * MIB,
  nodes: 1_000_000,
  illShaped: 10_000,
  header: 16 * 1024,
  prev: 64,
  about: 16,
  link: 8,
  media: 64,
  content: 32 * MIB,
  string: 64 * MIB,
  value: 128 * MIB,
  values: 100_000,
  members: 100_000,
  number: 1_000,
  documentDepth: 32,
  contentDepth: 256,
  findings: 10_000,
  statements: MIB,
  proofs: Object.freeze({ log: 64, rotation: 64, revocation: 64, rfc3161: 16 }),
  timestamp: 65_536,
  logProof: 128 * 1024,
  noteSignatures: 64,
});
const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

/** The check classes of SPEC §7.1 by number, each with its codes in the order of that table. */
const CLASSES = [
  [],
  ["E_LIMIT"],
  ["E_UTF8", "E_JSON", "E_DUPKEY", "E_DEPTH", "E_VERSION", "E_EMPTY"],
  ["E_ENC"],
  ["E_KEY", "E_CERT", "E_SIG_FORM", "E_CERT_SIG", "E_BRAID", "E_CERT_TIME", "E_POP"],
  ["E_SIG_FORM", "E_SIG"],
  ["E_HDR", "E_SEAL", "E_ABOUT", "E_LIMIT", "E_PREV"],
  ["E_BRAID"],
  ["E_DUP", "E_SEQ", "E_GENESIS"],
  ["E_PREV", "E_ABOUT"],
  ["E_COMMIT", "E_ATTRS", "E_MEDIA", "E_ERASED", "E_CERT_TIME"],
  ["E_CALL", "E_CONTEXT", "E_COMMIT"],
  ["E_PAIR"],
  ["E_SEAL"],
  ["E_PROOF"],
  ["E_REVOKED"],
];
const LIMIT = 1, READING = 2, ENCODING = 3, SIGNER = 4, SIGNATURE = 5, HEADER = 6, BRAID = 7;
const ORDER = 8, PREVIOUS = 9, CONTENT = 10, CALL = 11, PAIRING = 12, SEAL = 13;
const PROOF = 14, REVOCATION = 15, WARNING = 16, NOTE = 17;

/** History codes that accuse nobody (SPEC §8.4); every other one is a warning. */
const HISTORY_NOTES = new Set([
  "continued", "elided", "truncated", "compacted", "copied", "variant", "forked", "prefill",
  "foreign_before", "result_cleared", "result_shortened", "billing_changed", "clock_changed", "tool_added",
  "tool_removed", "tools_reordered", "aside",
]);

const CLAIMS = [
  "signed", "signer", "context", "history", "sealed", "closed", "logged", "witnessed", "timestamped", "erased",
];
const REQUIRABLE = [...CLAIMS.slice(1, -1), "unerased"];
const EXIT_CODES = { verified: 0, failed: 1, unreadable: 2, unmet: 3 };

/** What stops the reading of a text: a finding about the whole of it. */
class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// ---------------------------------------------------------------------------------------------
// Bytes and their text forms (SPEC §2.1)

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const SEXTET = new Int8Array(256).fill(-1);
for (let i = 0; i < 64; i++) SEXTET[ALPHABET.charCodeAt(i)] = i;

const KEY_TEXT = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]";
const SIGNATURE_TEXT = "[A-Za-z0-9_-]{85}[AQgw]";
const TIME_TEXT = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";
const IS_KEY = new RegExp(`^${KEY_TEXT}$`);
const IS_SIGNATURE = new RegExp(`^${SIGNATURE_TEXT}$`);

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decode canonical unpadded base64url from ASCII bytes; null for anything else. */
function decodeBase64url(text) {
  const length = text.length, rest = length % 4;
  if (rest === 1) return null;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let out = 0, held = 0, bits = 0;
  for (let i = 0; i < length; i++) {
    const value = SEXTET[text[i]];
    if (value < 0) return null;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[out++] = held >> bits;
    }
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : null;
}

function encodeBase64url(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const three = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += ALPHABET[three >> 18] + ALPHABET[(three >> 12) & 63];
    if (left > 1) text += ALPHABET[(three >> 6) & 63];
    if (left > 2) text += ALPHABET[three & 63];
  }
  return text;
}

/** Bytes of a text form that was already matched against its pattern. */
const decodeText = (text) => decodeBase64url(utf8.encode(text));

function equal(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Length of the UTF-8 character at `at`: 0 where it is none, -1 where `end` cuts it off. */
function characterLength(bytes, at, end) {
  const first = bytes[at];
  if (first < 0x80) return 1;
  let length, low = 0x80, high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) length = 2;
  else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first === 0xe0) low = 0xa0;
    if (first === 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first === 0xf0) low = 0x90;
    if (first === 0xf4) high = 0x8f;
  } else return 0;
  for (let i = 1; i < length; i++) {
    if (at + i >= end) return -1;
    const next = bytes[at + i];
    if (next < (i === 1 ? low : 0x80) || next > (i === 1 ? high : 0xbf)) return 0;
  }
  return length;
}

function isUtf8(bytes) {
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at, bytes.length);
    if (length <= 0) return false;
    at += length;
  }
  return true;
}

/** True for a moment that exists, of a text of the form of SPEC §2.1.3. */
function isMoment(time) {
  const [year, month, day, hour, minute, second] = time.split(/\D/).map(Number);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days[month - 1]) return false;
  return hour < 24 && minute < 60 && second < 60;
}

// ---------------------------------------------------------------------------------------------
// SHA-256 (FIPS 180-4). WebCrypto's is asynchronous; most of what is hashed here is so short that
// the detour would cost more than the hash, and chains and trees need one hash after another.

const ROUND = new Int32Array(64), START = new Int32Array(8);
{
  // The first 32 bits of the fractional parts of cube and square roots of primes.
  const isPrime = (n) => {
    for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
    return true;
  };
  const fraction = (x) => Math.floor((x - Math.floor(x)) * 2 ** 32) | 0;
  for (let n = 2, count = 0; count < 64; n++) {
    if (!isPrime(n)) continue;
    if (count < 8) START[count] = fraction(Math.sqrt(n));
    ROUND[count++] = fraction(Math.cbrt(n));
  }
}
const words = new Int32Array(64);

function compress(state, bytes, at) {
  const w = words;
  for (let i = 0; i < 16; i++, at += 4) {
    w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15], y = w[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3];
  let e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0;
    d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/** SHA-256 of the parts, one after another. */
export function sha256(...parts) {
  const state = START.slice(), block = new Uint8Array(128);
  let held = 0, total = 0;
  for (const part of parts) {
    total += part.length;
    let at = 0;
    if (held > 0) {
      at = Math.min(64 - held, part.length);
      block.set(part.subarray(0, at), held);
      held += at;
      if (held < 64) continue;
      compress(state, block, 0);
      held = 0;
    }
    for (; at + 64 <= part.length; at += 64) compress(state, part, at);
    block.set(part.subarray(at), 0);
    held = part.length - at;
  }
  block[held] = 0x80;
  block.fill(0, held + 1);
  const size = held < 56 ? 64 : 128;
  const view = new DataView(block.buffer);
  view.setUint32(size - 8, Math.floor(total / 2 ** 29));
  view.setUint32(size - 4, (total * 8) >>> 0);
  compress(state, block, 0);
  if (size === 128) compress(state, block, 64);
  const digest = new Uint8Array(32), out = new DataView(digest.buffer);
  for (let i = 0; i < 8; i++) out.setInt32(i * 4, state[i]);
  return digest;
}

function u64(number) {
  const bytes = new Uint8Array(8), view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(number / 2 ** 32));
  view.setUint32(4, number >>> 0);
  return bytes;
}

// ---------------------------------------------------------------------------------------------
// Ed25519-strict (SPEC §2.3)

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (x) => ((x % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  for (let square = base; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);
const IDENTITY = [0n, 1n, 1n, 0n];

/** Add points in extended coordinates [X, Y, Z, T]; the formula is complete. */
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = ((y1 - x1) * (y2 - x2)) % P, b = ((y1 + x1) * (y2 + x2)) % P;
  const c = (2n * t1 * D * t2) % P, d = (2n * z1 * z2) % P;
  const e = b - a, f = d - c, g = d + c, h = b + a;
  return [(e * f) % P, (g * h) % P, (f * g) % P, (e * h) % P];
}

/** Give a·A + b·B. */
function combine(a, pointA, b, pointB) {
  const both = add(pointA, pointB);
  let sum = IDENTITY;
  for (let bit = 252n; bit >= 0n; bit--) {
    sum = add(sum, sum);
    const which = ((a >> bit) & 1n) | (((b >> bit) & 1n) << 1n);
    if (which) sum = add(sum, which === 1n ? pointA : which === 2n ? pointB : both);
  }
  return sum;
}

function fromLittleEndian(bytes) {
  let number = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) number = (number << 8n) | BigInt(bytes[i]);
  return number;
}

/** The point that 32 bytes with a canonical y encode, or null. */
function decodePoint(bytes) {
  const y = fromLittleEndian(bytes) & (2n ** 255n - 1n), sign = BigInt(bytes[31] >> 7);
  const u = mod(y * y - 1n), v = mod(D * y * y + 1n);
  let x = (u * power(v, 3n) * power((u * power(v, 7n)) % P, (P - 5n) / 8n)) % P;
  const vxx = (v * x * x) % P;
  if (vxx !== u) {
    if (vxx !== mod(-u)) return null;
    x = (x * ROOT_OF_MINUS_1) % P;
  }
  if (x === 0n && sign === 1n) return null;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, (x * y) % P];
}

function encodePoint([x, y, z]) {
  const inverse = power(mod(z), P - 2n);
  let number = mod(y * inverse) | ((mod(x * inverse) & 1n) << 255n);
  const bytes = new Uint8Array(32);
  for (let i = 0; i < 32; i++, number >>= 8n) bytes[i] = Number(number & 255n);
  return bytes;
}

const BASE_POINT = decodePoint(new Uint8Array(32).fill(0x66, 1).fill(0x58, 0, 1));
const L_BYTES = new Uint8Array(32);
for (let i = 0, rest = L; i < 32; i++, rest >>= 8n) L_BYTES[i] = Number(rest & 255n);

// The y coordinates of the eight points of small order: 1, -1, 0, and two of order 8, whose y²
// is a root of d·y⁴ + 2·y² - 1 (where x² = -y², so that doubling gives y = 0).
const SMALL_ORDER = (() => {
  const squareRoot = (n) => {
    const root = power(n, (P + 3n) / 8n);
    const fixed = (root * root) % P === n ? root : (root * ROOT_OF_MINUS_1) % P;
    return (fixed * fixed) % P === n ? fixed : null;
  };
  const found = new Set([0n, 1n, P - 1n]);
  const discriminant = squareRoot(mod(1n + D));
  for (const root of [discriminant, P - discriminant]) {
    const y = squareRoot(mod((root - 1n) * power(D, P - 2n)));
    if (y !== null) found.add(y).add(P - y);
  }
  return [...found].map((y) => encodePoint([0n, y, 1n, 0n]));
})();

/** Say whether the y of a key or of R is canonical and of no point of small order (§2.3.2). */
function isStrictY(bytes) {
  const top = bytes[31] & 0x7f;
  if (top === 0x7f && bytes[0] >= 0xed) {
    let i = 30;
    while (i > 0 && bytes[i] === 0xff) i--;
    if (i === 0) return false;
  }
  return !SMALL_ORDER.some((y) => {
    if (y[31] !== top) return false;
    for (let i = 0; i < 31; i++) if (y[i] !== bytes[i]) return false;
    return true;
  });
}

/** Check the form of a 64-byte signature before any library sees it (SPEC §2.3.2). */
function isStrictSignature(signature) {
  let i = 31;
  while (i >= 0 && signature[32 + i] === L_BYTES[i]) i--;
  if (i < 0 || signature[32 + i] > L_BYTES[i]) return false;
  return isStrictY(signature);
}

// The check of a key takes a millisecond or two, and whoever checks many files meets one root again and again.
const checkedKeys = new Map();

/** Check a braid's or root's key; gives null, or what is wrong with it (SPEC §2.3.2, §2.3.3). */
function faultOfKey(key) {
  const text = encodeBase64url(key);
  if (!checkedKeys.has(text)) {
    if (checkedKeys.size >= 100) checkedKeys.clear();
    checkedKeys.set(text, findFaultOfKey(key));
  }
  return checkedKeys.get(text);
}

function findFaultOfKey(key) {
  if (!isStrictY(key)) return "not canonical, or a point of small order";
  const point = decodePoint(key);
  if (point === null) return "no point of the curve";
  const [x, y, z] = combine(L, point, 0n, IDENTITY);
  if (mod(x) !== 0n || mod(y) !== mod(z)) return "not in the subgroup of prime order";
  return null;
}

const ED25519 = { name: "Ed25519" };

function subtleCrypto() {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) throw new Error("WebCrypto is not available: open the page over https or from a file");
  return subtle;
}

/** The equation of SPEC §2.3.4 with BigInt, for where WebCrypto has no Ed25519: slow, but the same. */
async function satisfiesEquation(key, signature, message) {
  const hashed = new Uint8Array(64 + message.length);
  hashed.set(signature.subarray(0, 32));
  hashed.set(key, 32);
  hashed.set(message, 64);
  const digest = new Uint8Array(await subtleCrypto().digest("SHA-512", hashed));
  const [x, y, z, t] = decodePoint(key);
  const s = fromLittleEndian(signature.subarray(32)), k = fromLittleEndian(digest) % L;
  const point = combine(s, BASE_POINT, k, [P - x, y, z, P - t]);
  return equal(encodePoint(point), signature.subarray(0, 32));
}

const hex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
// One signature that fits, and one that fits with the cofactor only: a library that takes the
// second does not decide by §2.3.4. Both are of tests/vectors/ed25519_strict.json.
const TRIAL = {
  key: hex("58d46dd01e9f0547408b7771f8e9367645053e126be3eaafad228fc41d977247"),
  message: utf8.encode("DSSEv1 34 application/vnd.braid.node.v1+json 2 {}"),
  good: hex("32ed741ce31ed72452c23d6e4772ef6198238d4d8f01b464d88be130ffbeb2c1ab3eab2f07df194f1e8f83744f7e02d4ecdd7102565eff9ae6a9ee749e876502"),
  cofactorOnly: hex("6c9e76b06a26d26a686a619dbed559518d9f28796b725236389816896a108bf62a4dd95ee88aea72cd354c925e2a1baf3f8cd43a586a96db072a0f404c73a00f"),
};
let trial = null;

/** Say whether WebCrypto's Ed25519 is there and decides as SPEC §2.3.4 does. */
function webCryptoDecides() {
  trial ??= (async () => {
    const subtle = subtleCrypto();
    try {
      const key = await subtle.importKey("raw", TRIAL.key, ED25519, false, ["verify"]);
      const good = await subtle.verify(ED25519, key, TRIAL.good, TRIAL.message);
      return good && !(await subtle.verify(ED25519, key, TRIAL.cofactorOnly, TRIAL.message));
    } catch {
      return false;
    }
  })();
  return trial;
}

/** Give a function (signature, message) → promise of boolean, for a key that faultOfKey let pass. */
async function verifierOf(key) {
  if (!(await webCryptoDecides())) {
    return (signature, message) => satisfiesEquation(key, signature, message);
  }
  const subtle = subtleCrypto();
  const imported = await subtle.importKey("raw", key, ED25519, false, ["verify"]);
  return (signature, message) => subtle.verify(ED25519, imported, signature, message);
}

/** Judge one signature under one key as a transcript would: the code it fails with, or null. */
export async function checkSignature(key, signature, message) {
  if (faultOfKey(key) !== null) return "E_KEY";
  if (!isStrictSignature(signature)) return "E_SIG_FORM";
  return (await (await verifierOf(key))(signature, message)) ? null : "E_SIG";
}

/** The bytes that are signed (SPEC §2.2). */
export function signedBytes(purpose, payload) {
  const type = `application/vnd.braid.${purpose}.v1+json`;
  const frame = utf8.encode(`DSSEv1 ${type.length} ${type} ${payload.length} `);
  const bytes = new Uint8Array(frame.length + payload.length);
  bytes.set(frame);
  bytes.set(payload, frame.length);
  return bytes;
}

// ---------------------------------------------------------------------------------------------
// Strict JSON (SPEC §2.5): a reader that is pulled. It builds nothing it was not asked for, so
// that a hostile value costs no more memory than its bytes and the names of its objects.

/** Thrown where the bytes end before the value does and more may come. */
const MORE = Symbol("more");

const PLAIN = new Uint8Array(256); // bytes of a string that stand for themselves
for (let byte = 0x20; byte < 0x80; byte++) PLAIN[byte] = byte === 0x22 || byte === 0x5c ? 0 : 1;
const ESCAPED = new Uint8Array(256); // what an escaped letter stands for
for (let i = 0; i < 8; i++) ESCAPED["\"\\/bfnrt".charCodeAt(i)] = "\"\\/\b\f\n\r\t".charCodeAt(i);
const HEX_DIGIT = new Int8Array(256).fill(-1);
for (let i = 0; i < 22; i++) HEX_DIGIT["0123456789abcdefABCDEF".charCodeAt(i)] = i < 16 ? i : i - 6;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const IN_NUMBER = new Set([..."0123456789+-.eE"].map((c) => c.charCodeAt(0)));

/** Write a character's UTF-8 at `at`; give where it ends. */
function writeUtf8(out, at, point) {
  if (point < 0x80) out[at++] = point;
  else if (point < 0x800) {
    out[at++] = 0xc0 | (point >> 6);
    out[at++] = 0x80 | (point & 63);
  } else {
    if (point < 0x10000) out[at++] = 0xe0 | (point >> 12);
    else {
      out[at++] = 0xf0 | (point >> 18);
      out[at++] = 0x80 | ((point >> 12) & 63);
    }
    out[at++] = 0x80 | ((point >> 6) & 63);
    out[at++] = 0x80 | (point & 63);
  }
  return at;
}

class Json {
  /** Read bytes[at..end]; `last` says that nothing comes after `end`. */
  constructor(bytes, at, end, { last = true, depth, string = Infinity, values = Infinity, oneLine = false }) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.last = last;
    this.room = depth;
    this.depth = depth;
    this.longest = string;
    this.values = values;
    this.oneLine = oneLine;
  }

  /** The next byte that is no white space; it is not taken. */
  peek() {
    for (; this.at < this.end; this.at++) {
      const byte = this.bytes[this.at];
      if ((byte === 0x0a || byte === 0x0d) && this.oneLine) this.fail("expected no line end inside a value");
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
    }
    return this.cut();
  }

  cut() {
    if (!this.last) throw MORE;
    throw new Refusal("E_JSON", "the text ends inside a value");
  }

  /** Refuse what stands here: bytes that are no UTF-8 are called so, others E_JSON. */
  fail(message) {
    if (this.at >= this.end) this.cut();
    const length = characterLength(this.bytes, this.at, this.end);
    if (length < 0 && !this.last) throw MORE;
    if (length <= 0) throw new Refusal("E_UTF8", "bytes that are not UTF-8");
    throw new Refusal("E_JSON", message);
  }

  expect(byte, what) {
    if (this.peek() !== byte) this.fail(`expected ${what}`);
    this.at++;
  }

  count() {
    if (--this.values < 0) throw new Refusal("E_LIMIT", "too many values in one value");
  }

  enter() {
    if (--this.room < 0) throw new Refusal("E_DEPTH", `nested deeper than ${this.depth}`);
    this.at++;
  }

  /** Read the string here: calls nothing, gives [start, end of its inside, has escapes]. */
  span() {
    const { bytes, end } = this, start = this.at + 1;
    let at = start, escapes = false;
    for (;;) {
      while (at < end && PLAIN[bytes[at]]) at++;
      if (at - start + 2 > this.longest) throw new Refusal("E_LIMIT", "a string is too long");
      this.at = at;
      if (at >= end) this.cut();
      const byte = bytes[at];
      if (byte === 0x22) break;
      if (byte === 0x5c) {
        escapes = true;
        at = this.escape(at);
      } else if (byte < 0x20) this.fail("expected no control character in a string");
      else {
        const length = characterLength(bytes, at, end);
        if (length === 0) throw new Refusal("E_UTF8", "bytes that are not UTF-8");
        if (length < 0) {
          if (!this.last) throw MORE;
          throw new Refusal("E_UTF8", "a character is cut off");
        }
        at += length;
      }
    }
    this.at = at + 1;
    return [start, at, escapes];
  }

  /** The UTF-16 code unit that the four digits at `at` name. */
  unit(at) {
    let unit = 0;
    for (this.at = at; this.at < at + 4; this.at++) {
      if (this.at >= this.end) this.cut();
      const digit = HEX_DIGIT[this.bytes[this.at]];
      if (digit < 0) this.fail("expected four hexadecimal digits");
      unit = unit * 16 + digit;
    }
    return unit;
  }

  /** Check the escape at `at`; give where it ends. */
  escape(at) {
    this.at = at + 1;
    if (this.at >= this.end) this.cut();
    const letter = this.bytes[at + 1];
    if (letter !== 0x75) {
      if (!ESCAPED[letter]) this.fail("expected an escape that JSON knows");
      return at + 2;
    }
    const first = this.unit(at + 2);
    if (first < 0xd800 || first > 0xdfff) return at + 6;
    if (first > 0xdbff) throw new Refusal("E_JSON", "a lone surrogate");
    for (const [offset, byte] of [[6, 0x5c], [7, 0x75]]) {
      this.at = at + offset;
      if (this.at >= this.end) this.cut();
      if (this.bytes[this.at] !== byte) throw new Refusal("E_JSON", "a lone surrogate");
    }
    const second = this.unit(at + 8);
    if (second < 0xdc00 || second > 0xdfff) throw new Refusal("E_JSON", "a lone surrogate");
    return at + 12;
  }

  /** Read the string here as the bytes of its UTF-8. */
  string() {
    this.count();
    return this.inside();
  }

  inside() {
    const [start, end, escapes] = this.span();
    if (!escapes) return this.bytes.subarray(start, end);
    const { bytes } = this, after = this.at, out = new Uint8Array(end - start);
    let size = 0;
    for (let at = start; at < end; ) {
      const byte = bytes[at];
      if (byte !== 0x5c) {
        out[size++] = byte;
        at++;
      } else if (bytes[at + 1] !== 0x75) {
        out[size++] = ESCAPED[bytes[at + 1]];
        at += 2;
      } else {
        let point = this.unit(at + 2);
        at += 6;
        if (point >= 0xd800 && point <= 0xdfff) {
          point = 0x10000 + ((point - 0xd800) << 10) + (this.unit(at + 2) - 0xdc00);
          at += 6;
        }
        size = writeUtf8(out, size, point);
      }
    }
    this.at = after;
    return out.subarray(0, size);
  }

  /** Read the number here as its text. */
  number() {
    this.count();
    const start = this.at;
    while (this.at < this.end && IN_NUMBER.has(this.bytes[this.at])) {
      if (++this.at - start > LIMITS.number) throw new Refusal("E_JSON", "a number is too long");
    }
    if (this.at === this.end && !this.last) throw MORE;
    const text = String.fromCharCode(...this.bytes.subarray(start, this.at));
    if (!NUMBER.test(text)) throw new Refusal("E_JSON", "expected a number");
    if (!Number.isFinite(Number(text))) throw new Refusal("E_JSON", "a number beyond a double");
    return text;
  }

  literal() {
    this.count();
    for (const [word, value] of [["null", null], ["true", true], ["false", false]]) {
      if (this.bytes[this.at] !== word.charCodeAt(0)) continue;
      for (let i = 0; i < word.length; i++, this.at++) {
        if (this.at >= this.end) this.cut();
        if (this.bytes[this.at] !== word.charCodeAt(i)) this.fail("expected a value");
      }
      return value;
    }
    return this.fail("expected a value");
  }

  /** Read the array here; `element` is called at each of its values and must read it. */
  array(element) {
    this.count();
    this.enter();
    if (this.peek() !== 0x5d) {
      for (;;) {
        element();
        const byte = this.peek();
        if (byte === 0x5d) break;
        if (byte !== 0x2c) this.fail("expected , or ]");
        this.at++;
        this.peek();
      }
    }
    this.at++;
    this.room++;
  }

  /** Read the object here; `member` is called at each value with its name and must read it. */
  object(member) {
    this.count();
    this.enter();
    const names = new Set();
    if (this.peek() !== 0x7d) {
      for (;;) {
        if (this.peek() !== 0x22) this.fail("expected a name");
        const name = strictUtf8.decode(this.inside());
        if (names.has(name)) throw new Refusal("E_DUPKEY", "a name stands twice in one object");
        names.add(name);
        this.expect(0x3a, ":");
        this.peek();
        member(name);
        const byte = this.peek();
        if (byte === 0x7d) break;
        if (byte !== 0x2c) this.fail("expected , or }");
        this.at++;
      }
    }
    this.at++;
    this.room++;
  }

  /** Read the value here and keep nothing of it. */
  skip() {
    const byte = this.peek();
    if (byte === 0x22) {
      this.count();
      this.span();
    } else if (byte === 0x7b) this.object(() => this.skip());
    else if (byte === 0x5b) this.array(() => this.skip());
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) this.number();
    else this.literal();
  }

  /** Require that nothing but white space is left. */
  finish() {
    for (; this.at < this.end; this.at++) {
      const byte = this.bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        this.fail("expected nothing after the value");
      }
    }
  }
}

// Readers of values with a shape. Each reads the value at hand, whatever it is, and gives BAD
// where it is not what was asked for; only what is no JSON throws.
const BAD = Symbol("bad");

const reads = {
  bytes: (json) => (json.peek() === 0x22 ? json.string() : (json.skip(), BAD)),
  text(json) {
    const bytes = reads.bytes(json);
    return bytes === BAD ? BAD : strictUtf8.decode(bytes);
  },
  any: (json) => (json.skip(), undefined),
  true: (json) => (json.peek() === 0x74 ? json.literal() : (json.skip(), BAD)),
  /** An integer of a content: 0 to 2^53 - 1, plain digits. */
  integer(json, least = 0) {
    const byte = json.peek();
    if (byte < 0x30 || byte > 0x39) return json.skip(), BAD;
    const text = json.number();
    const value = /^[0-9]+$/.test(text) ? Number(text) : NaN;
    return value >= least && value <= MAX_INTEGER ? value : BAD;
  },
  matching: (pattern) => (json) => {
    const text = reads.text(json);
    return text !== BAD && pattern.test(text) ? text : BAD;
  },
  nullOr: (read) => (json) => (json.peek() === 0x6e ? json.literal() : read(json)),
  list: (read) => (json) => {
    if (json.peek() !== 0x5b) return json.skip(), BAD;
    let found = [];
    json.array(() => {
      const value = read(json);
      if (value === BAD) found = BAD;
      if (found !== BAD) found.push(value);
    });
    return found;
  },
  /** An object with exactly these members, and perhaps the optional ones. */
  exactly: (members, optional = {}) => (json) => {
    if (json.peek() !== 0x7b) return json.skip(), BAD;
    const found = {};
    let bad = false, needed = Object.keys(members).length;
    json.object((name) => {
      const wanted = Object.hasOwn(members, name);
      if (!wanted && !Object.hasOwn(optional, name)) {
        bad = true;
        json.skip();
        return;
      }
      const value = (wanted ? members : optional)[name](json);
      if (value === BAD) bad = true;
      found[name] = value;
      if (wanted) needed--;
    });
    return bad || needed > 0 ? BAD : found;
  },
};

/** Read all of a content or attrs; gives BAD also where it is no strict JSON. */
function readWhole(bytes, read) {
  const json = new Json(bytes, 0, bytes.length, { depth: LIMITS.contentDepth });
  try {
    json.peek();
    const value = read(json);
    json.finish();
    return value;
  } catch (fault) {
    if (fault instanceof Refusal) return BAD;
    throw fault;
  }
}

/** Say which code a text is refused with as attrs or content would be, or null. */
export function faultOfJson(bytes) {
  const json = new Json(bytes, 0, bytes.length, { depth: LIMITS.contentDepth });
  try {
    if (hasMark(json)) return "E_UTF8";
    json.skip();
    json.finish();
    return null;
  } catch (fault) {
    if (fault instanceof Refusal) return fault.code;
    throw fault;
  }
}

// ---------------------------------------------------------------------------------------------
// A transcript as a stream (SPEC §10)

async function* chunksOf(source) {
  if (source instanceof ArrayBuffer) yield new Uint8Array(source);
  else if (source instanceof Uint8Array) yield source;
  else if (typeof source?.stream === "function") yield* chunksOf(source.stream());
  else if (typeof source?.[Symbol.asyncIterator] === "function") yield* source;
  else if (typeof source?.getReader === "function") {
    const reader = source.getReader(); // browsers whose streams cannot be iterated
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
  } else throw new TypeError("source: expected bytes, a Blob or a stream of bytes");
}

/** The bytes of a source, of which as much is held as one value needs. */
class Input {
  constructor(source, onProgress) {
    this.chunks = chunksOf(source);
    this.onProgress = onProgress;
    this.bytes = new Uint8Array(0);
    this.at = 0;
    this.end = 0;
    this.last = false;
    this.total = 0;
    this.lineEnded = false; // whether a line end was read, between tokens or inside a value
    this.oneLine = false;
  }

  async more() {
    const { done, value } = await this.chunks.next();
    if (done) {
      this.last = true;
      return;
    }
    if (!(value instanceof Uint8Array)) throw new TypeError("source: expected chunks of bytes");
    this.total += value.length;
    if (this.total > LIMITS.transcript) throw new Refusal("E_LIMIT", "longer than 1 GiB");
    this.onProgress?.(this.total);
    const left = this.end - this.at;
    if (left === 0) {
      this.bytes = value;
      this.at = 0;
      this.end = value.length;
      this.grown = false;
      return;
    }
    if (!this.grown || this.end + value.length > this.bytes.length) {
      // Views of the old bytes may still be in use, so they are never written over.
      const bytes = new Uint8Array(2 * (left + value.length));
      bytes.set(this.bytes.subarray(this.at, this.end));
      this.bytes = bytes;
      this.at = 0;
      this.end = left;
      this.grown = true;
    }
    this.bytes.set(value, this.end);
    this.end += value.length;
  }

  close() {
    return this.chunks.return();
  }

  /** The next byte, which is not taken; -1 at the end. */
  async byte() {
    while (this.at === this.end && !this.last) await this.more();
    return this.at < this.end ? this.bytes[this.at] : -1;
  }

  /** The next byte that is no white space, which is not taken; -1 at the end. */
  async token() {
    for (;;) {
      for (; this.at < this.end; this.at++) {
        const byte = this.bytes[this.at];
        if (byte === 0x0a || byte === 0x0d) this.lineEnded = true;
        else if (byte !== 0x20 && byte !== 0x09) return byte;
      }
      if (this.last) return -1;
      await this.more();
    }
  }

  /** Read one value whole by `read`, which is begun again when bytes are missing. */
  async value(read) {
    for (let tried = 0; ; ) {
      const held = this.end - this.at;
      // To begin again only when twice as much is there keeps the reading linear.
      if (held >= 2 * tried || held > LIMITS.value || this.last) {
        const json = new Json(this.bytes, this.at, this.end, {
          last: this.last,
          depth: LIMITS.documentDepth - this.depth,
          string: LIMITS.string,
          values: LIMITS.values,
          oneLine: this.oneLine,
        });
        try {
          const value = read(json);
          if (json.at - this.at > LIMITS.value) throw new Refusal("E_LIMIT", "a value is too long");
          if (!this.oneLine && !this.lineEnded) {
            const read = this.bytes.subarray(this.at, json.at);
            this.lineEnded = read.includes(0x0a) || read.includes(0x0d);
          }
          this.at = json.at;
          return value;
        } catch (fault) {
          if (fault !== MORE) throw fault;
          if (held > LIMITS.value) throw new Refusal("E_LIMIT", "a value is too long");
          tried = held;
        }
      }
      await this.more();
    }
  }

  /** Refuse what stands here. */
  fail(message) {
    return this.value((json) => json.fail(message));
  }
}

const FORMAT = "braid-transcript/1";
const NODE_MEMBERS = new Set(["h", "s", "salt", "attrs", "text", "b64", "bsalt"]);

/** Read an element of nodes: its string members, `bad` for another shape; or a line of proofs. */
function readNode(json) {
  const start = json.at;
  if (json.peek() !== 0x7b) {
    json.skip();
    return { bad: true, size: json.at - start };
  }
  const node = { bad: false };
  let others = 0;
  json.object((name) => {
    if (NODE_MEMBERS.has(name) && json.peek() === 0x22) {
      node[name] = json.string();
      others++;
    } else if (name === "proofs" && json.oneLine) {
      node.proofs = readProofs(json);
    } else {
      json.skip();
      node.bad = true;
      others++;
    }
  });
  if (node.proofs !== undefined && others > 0) {
    node.bad = true;
    delete node.proofs;
  }
  const words = [node.salt, node.attrs, node.text ?? node.b64];
  const present = words.filter((word) => word !== undefined).length;
  if (!node.h || !node.s || present % 3 !== 0 || (node.text && node.b64)) node.bad = true;
  node.size = json.at - start;
  return node;
}

/** Read proofs: of each its string members by name, and in `others` how many it has beside them; or BAD. */
function readProofs(json) {
  if (json.peek() !== 0x5b) return json.skip(), BAD;
  const proofs = [];
  let bad = false;
  json.array(() => {
    const proof = readProof(json);
    if (proof.type === undefined) bad = true;
    proofs.push(proof);
  });
  return bad ? BAD : proofs;
}

function readProof(json) {
  const proof = { others: 0 };
  if (json.peek() !== 0x7b) json.skip();
  else {
    json.object((name) => {
      if (PROOF_MEMBERS.has(name) && json.peek() === 0x22) proof[name] = json.string();
      else {
        json.skip();
        proof.others++;
      }
    });
  }
  return proof;
}

const PROOF_MEMBERS = new Set(["type", "h", "s", "pop", "of", "proof", "response"]);

/** Say whether a proof has, beside its type, these string members and no other. */
function hasExactly({ others, type, ...members }, ...names) {
  return others === 0 && Object.keys(members).length === names.length && names.every((name) => name in members);
}

const readCertificate = reads.exactly({ h: reads.bytes, s: reads.bytes, pop: reads.bytes });

/**
 * Read a transcript and hand its parts to `judge` in their order: head(members), then node(node) for
 * each, proofs(list) and strangeMember() where they stand. Throws a Refusal for what is unreadable.
 */
async function readTranscript(input, judge) {
  input.depth = 0;
  const first = await input.byte();
  if (first >= 0 && (await input.value(hasMark))) throw new Refusal("E_UTF8", "a byte-order mark");
  const start = await input.token();
  if (start < 0) throw new Refusal("E_EMPTY", "nothing stands in the file");
  if (start !== 0x7b) {
    await input.value((json) => json.skip());
    if ((await input.token()) >= 0) await input.fail("expected nothing after the value");
    throw new Refusal("E_VERSION", "expected an object");
  }
  const indented = first !== 0x7b;
  input.at++;
  input.depth = 1;
  const head = {}, names = new Set();
  let nodes = 0, listed = false;
  const begin = async () => {
    if (head.format !== FORMAT) throw new Refusal("E_VERSION", `expected format ${FORMAT}`);
    await judge.head(head);
  };
  const takeNode = async (node) => {
    if (nodes === LIMITS.nodes) throw new Refusal("E_LIMIT", "more than 1,000,000 nodes");
    const wait = judge.node(node, nodes++);
    if (wait) await wait;
    if (judge.illShaped > LIMITS.illShaped) throw new Refusal("E_LIMIT", "more than 10,000 entries are no node");
  };

  for (let more = (await input.token()) !== 0x7d; more; ) {
    if ((await input.token()) !== 0x22) await input.fail("expected a name");
    const name = strictUtf8.decode(await input.value((json) => json.string()));
    if (names.has(name)) throw new Refusal("E_DUPKEY", "a name stands twice in the transcript");
    if (names.add(name).size > LIMITS.members) throw new Refusal("E_LIMIT", "too many members");
    if ((await input.token()) !== 0x3a) await input.fail("expected :");
    input.at++;
    const byte = await input.token();
    if (name === "nodes") {
      await begin();
      listed = true;
      if (byte !== 0x5b) await input.value((json) => json.skip());
      else await readElements();
    } else if (name === "format" && !listed) {
      head.format = await input.value(reads.text);
      if (head.format !== FORMAT) throw new Refusal("E_VERSION", `expected format ${FORMAT}`);
    } else if (name === "braid" && !listed) head.braid = await input.value(reads.bytes);
    else if (name === "certificate" && !listed) {
      head.certificate = await input.value(readCertificate);
    } else if (name === "proofs") head.proofs = await input.value(readProofs);
    else {
      await input.value((json) => json.skip());
      head.strange = true;
    }
    const after = await input.token();
    if (after !== 0x2c && after !== 0x7d) await input.fail("expected , or }");
    if ((more = after === 0x2c)) {
      input.at++;
      if ((await input.token()) !== 0x22) await input.fail("expected a name");
    }
  }
  input.at++;
  input.depth = 0;
  if (!listed && !indented && !input.lineEnded && (await input.byte()) === 0x0a) {
    input.at++;
    await begin();
    await readLines();
  } else {
    if ((await input.token()) >= 0) await input.fail("expected nothing after the value");
    if (!listed) await begin();
    if (head.proofs !== undefined) judge.proofs(head.proofs);
  }
  if (head.strange) judge.strangeMember();
  if (nodes === 0) throw new Refusal("E_EMPTY", "no nodes");

  async function readElements() {
    input.at++;
    input.depth = 2;
    if ((await input.token()) !== 0x5d) {
      for (;;) {
        await takeNode(await input.value(readNode));
        const byte = await input.token();
        if (byte === 0x5d) break;
        if (byte !== 0x2c) await input.fail("expected , or ]");
        input.at++;
        await input.token();
      }
    }
    input.at++;
    input.depth = 1;
  }

  async function readLines() {
    if (head.proofs !== undefined) head.strange = true; // they stand on the last line alone
    input.oneLine = true;
    let ended = false;
    for (let byte; (byte = await input.byte()) >= 0; ) {
      if (ended) await input.fail("expected nothing after the line of proofs");
      if (byte <= 0x20) throw new Refusal("E_JSON", "a line begins with white space or is blank");
      const node = await input.value(readNode);
      const after = await input.byte();
      if (after < 0) throw new Refusal("E_JSON", "the last line is cut");
      if (after !== 0x0a) await input.fail("expected a line end after the value");
      input.at++;
      if ((ended = node.proofs !== undefined)) judge.proofs(node.proofs);
      else await takeNode(node);
    }
  }
}

function hasMark({ bytes, at, end, last }) {
  if (end - at < 3 && !last) throw MORE;
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
}

// ---------------------------------------------------------------------------------------------
// Headers and certificates (SPEC §3, §9.1): the grammar is regular, so one expression is the check.

const NODE = "node";
const BLOCKS = ["system", "tools", "prompt", "thinking", "text", "tool_use", "tool_result", "media", "other"];
const CLIENT = ["client"], EITHER = ["client", "provider"], PROXY = ["proxy"];
const ORIGINS = {
  system: CLIENT, tools: CLIENT, prompt: CLIENT, thinking: EITHER, text: EITHER, tool_use: EITHER,
  tool_result: EITHER, media: EITHER, other: EITHER, params: CLIENT, call: PROXY, end: PROXY,
  flag: PROXY, annotation: ["proxy", "monitor"], gap: PROXY, checkpoint: PROXY, seal: PROXY,
};
const KINDS = Object.keys(ORIGINS);
const MAY_BE_ABOUT = new Set(["call", "flag", "annotation"]);
const MAY_LINK = new Set(["call", "end", "annotation"]);

const listOf = (item) => `\\[${item}(?:,${item})*\\]`;
const quoted = (text) => `"${text}"`;
const INTEGER_TEXT = "0|[1-9][0-9]*";
const MEDIA_NAME = "[a-z0-9][a-z0-9!#$&^_.+-]*";
const LINK = `\\{"braid":"${KEY_TEXT}","node":"${SIGNATURE_TEXT}","rel":"(?:spawned|returned|audits|continues)"\\}`;
const HEADER_GRAMMAR = new RegExp(
  `^\\{(?:"about":(${listOf(quoted(SIGNATURE_TEXT))}),)?` +
    `"braid":"(${KEY_TEXT})","content":"(${KEY_TEXT})","kind":"(${KINDS.join("|")})",` +
    `(?:"link":(${listOf(LINK)}),)?"media":"(${MEDIA_NAME}/${MEDIA_NAME})",` +
    `"origin":"(client|provider|proxy|monitor)",` +
    `"prev":(\\[\\]|${listOf(quoted(SIGNATURE_TEXT))}),` +
    `(?:"seal":\\{"count":(${INTEGER_TEXT}),"tree":"(${KEY_TEXT})"\\},)?` +
    `"seq":(${INTEGER_TEXT}),"time":"(${TIME_TEXT})","v":1\\}$`,
);
const CERTIFICATE_GRAMMAR = new RegExp(
  `^\\{"braid":"(${KEY_TEXT})","issuer":"([!#-[\\]-~]{0,255})","nonce":"[A-Za-z0-9_-]{21}[AQgw]",` +
    `"not_after":"(${TIME_TEXT})","not_before":"(${TIME_TEXT})","policy":"(?:required|best_effort)",` +
    `"root":"(${KEY_TEXT})","v":1\\}$`,
);

const ROTATION_GRAMMAR = new RegExp(
  `^\\{"new":"(${KEY_TEXT})","old":"(${KEY_TEXT})","time":"(${TIME_TEXT})","v":1\\}$`,
);
const CLOSURE_GRAMMAR = new RegExp(
  `^\\{"braid":"(${KEY_TEXT})","count":([1-9][0-9]{0,15}),"reason":"(?:lost|restored)","root":"(${KEY_TEXT})",` +
    `"time":"(${TIME_TEXT})","tree":"(${KEY_TEXT})","v":1\\}$`,
);

/** The signatures of a list that matched the grammar; 89 characters each with quotes and comma. */
function signaturesOf(list) {
  const found = [];
  for (let at = 2; at < list.length; at += 89) found.push(list.slice(at, at + 86));
  return found;
}

const REVOCATION_GRAMMAR = new RegExp(
  `^\\{"by":"(${KEY_TEXT})","from":"(${TIME_TEXT})","key":"(${KEY_TEXT})","of":"(braid|root)",` +
    `"reason":"(lost|retired|stolen)","time":"(${TIME_TEXT})","v":1\\}$`,
);
const repeats = (list) => new Set(list).size !== list.length;

/** Parse a header (SPEC §3): its fields, or { fault: [code, message] } in the order of §3.6. */
export function parseHeader(bytes) {
  const fault = (code, message) => ({ fault: [code, message] });
  if (bytes.length > LIMITS.header) return fault("E_LIMIT", "header longer than 16 KiB");
  const match = HEADER_GRAMMAR.exec(strictUtf8.decode(bytes));
  if (match === null) return fault("E_HDR", "header not of the grammar");
  const [, about, braid, content, kind, link, media, origin, prev, count, tree, seq, time] = match;
  const header = {
    braid, content, kind, media, origin, time,
    prev: signaturesOf(prev),
    about: about === undefined ? [] : signaturesOf(about),
    links: link === undefined ? 0 : link.split('"rel":').length - 1,
    seq: Number(seq),
    seal: count === undefined ? null : { count: Number(count), tree },
  };
  const sealing = kind === "seal" || kind === "checkpoint";
  if (header.prev.length > LIMITS.prev) return fault("E_LIMIT", "prev: more than 64");
  if (repeats(header.prev)) return fault("E_PREV", "prev: a signature stands twice");
  if (media.length > LIMITS.media) return fault("E_LIMIT", "media: longer than 64");
  if (header.seq > MAX_INTEGER) return fault("E_HDR", "seq: above 2^53 - 1");
  if (!isMoment(time)) return fault("E_HDR", "time: no moment that exists");
  if (!ORIGINS[kind].includes(origin)) return fault("E_HDR", `origin: ${kind} does not come from ${origin}`);
  if (sealing !== (header.seal !== null)) {
    return fault("E_SEAL", sealing ? `seal: missing on ${kind}` : `seal: not allowed on ${kind}`);
  }
  if (sealing && header.seal.count > MAX_INTEGER) return fault("E_HDR", "seal.count: above 2^53 - 1");
  if (about !== undefined && !MAY_BE_ABOUT.has(kind)) return fault("E_ABOUT", `about: not allowed on ${kind}`);
  if (header.about.length > LIMITS.about) return fault("E_LIMIT", "about: more than 16");
  if (repeats(header.about)) return fault("E_ABOUT", "about: a signature stands twice");
  if (link !== undefined && !MAY_LINK.has(kind) && header.seq !== 0) {
    return fault("E_HDR", `link: not allowed on ${kind}`);
  }
  if (header.links > LIMITS.link) return fault("E_LIMIT", "link: more than 8");
  return header;
}

function parseCertificate(bytes) {
  const match = bytes.length <= LIMITS.header && CERTIFICATE_GRAMMAR.exec(strictUtf8.decode(bytes));
  if (!match) return null;
  const [, braid, issuer, notAfter, notBefore, root] = match;
  return isMoment(notAfter) && isMoment(notBefore) ? { braid, issuer, notAfter, notBefore, root } : null;
}

/** The commitment to a node's words (SPEC §5.1). */
export function commitment(salt, content, attrs) {
  return sha256(utf8.encode("braid/1 content\n"), salt, u64(content.length), content, u64(attrs.length), attrs);
}

/** RFC 6962 tree head over signatures that come one after another (SPEC §11.1). */
export class Tree {
  constructor() {
    this.count = 0;
    this.heads = []; // of the complete subtrees, the largest first
  }

  add(signature) {
    let head = sha256(Uint8Array.of(0), signature);
    for (let size = this.count++; size & 1; size >>= 1) {
      head = sha256(Uint8Array.of(1), this.heads.pop(), head);
    }
    this.heads.push(head);
  }

  head() {
    if (this.count === 0) return sha256();
    return this.heads.reduceRight((right, left) => sha256(Uint8Array.of(1), left, right));
  }
}

// ---------------------------------------------------------------------------------------------
// Transparency logs (SPEC §13)

const NAME_TEXT = "[!-*,-~]{1,255}";
const BASE64_TEXT = "[A-Za-z0-9+/]+={0,2}";
const VERIFIER_KEY = new RegExp(`^(${NAME_TEXT})\\+([0-9a-f]{8})\\+(${BASE64_TEXT})$`);
const NOTE_LINE = new RegExp(`^— (${NAME_TEXT}) (${BASE64_TEXT})$`);
const CHECKPOINT_TEXT = new RegExp(`^(${NAME_TEXT})\\n(0|[1-9][0-9]{0,15})\\n(${BASE64_TEXT})$`);
const LOG_PROOF = new RegExp(
  `^c2sp\\.org/tlog-proof@v1\\nindex (0|[1-9][0-9]{0,15})\\n((?:${BASE64_TEXT}\\n){0,53})\\n(.*)$`, "s",
);
const SIGNS_CHECKPOINTS = 1, COSIGNS = 4, ID_BYTES = 4, TIME_BYTES = 8;
const LAST_TIME = 253402300799;
const LF = Uint8Array.of(0x0a);

/** Decode padded base64 in its one spelling (RFC 4648 §4); null for anything else. */
function decodeBase64(text) {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return decodeText(text.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_"));
}

/** Parse `NAME+ID+BASE64`, a key of this type; null for anything else, unusable keys among it (§13.2.2). */
export function parseVerifierKey(text, type) {
  const [, name, id, base64] = VERIFIER_KEY.exec(text) ?? [];
  const bytes = name === undefined ? null : decodeBase64(base64);
  if (bytes === null || bytes.length !== 33 || bytes[0] !== type) return null;
  const known = sha256(utf8.encode(name), LF, bytes).subarray(0, ID_BYTES);
  const key = bytes.subarray(1);
  return equal(known, hex(id)) && faultOfKey(key) === null ? { text, name, id: known, key } : null;
}

const isOf = (line, key) => line.name === key.name && equal(line.id, key.id);

/** Read a checkpoint and the lines below it (§13.2); null for another form. */
function readCheckpoint(text) {
  const blank = text.lastIndexOf("\n\n");
  if (blank < 0 || !text.endsWith("\n") || /[\x00-\x09\x0b-\x1f]/.test(text)) return null;
  const [, origin, size, root64] = CHECKPOINT_TEXT.exec(text.slice(0, blank)) ?? [];
  const root = origin === undefined ? null : decodeBase64(root64);
  if (root === null || root.length !== 32 || Number(size) > MAX_INTEGER) return null;
  if (size === "0" && !equal(root, sha256())) return null;
  const lines = [];
  for (const line of text.slice(blank + 2, -1).split("\n")) {
    const [, name, base64] = NOTE_LINE.exec(line) ?? [];
    const value = name === undefined ? null : decodeBase64(base64);
    if (value === null || value.length <= ID_BYTES || lines.length === LIMITS.noteSignatures) return null;
    lines.push({ name, id: value.subarray(0, ID_BYTES), value: value.subarray(ID_BYTES) });
  }
  if (!lines.some((line) => line.name === origin)) return null;
  return { text: text.slice(0, blank + 1), origin, size: Number(size), root, lines };
}

/** Read a proof (§13.4.1) as { index, path, checkpoint }; null for another form. */
function readLogProof(bytes) {
  if (bytes.length > LIMITS.logProof) return null;
  const [, index, steps, rest] = LOG_PROOF.exec(strictUtf8.decode(bytes)) ?? [];
  const checkpoint = rest === undefined ? null : readCheckpoint(rest);
  if (checkpoint === null || Number(index) > MAX_INTEGER) return null;
  const path = steps.split("\n").slice(0, -1).map(decodeBase64);
  if (path.some((step) => step === null || step.length !== 32)) return null;
  return { index: Number(index), path, checkpoint };
}

/** Give the head to which a path leads, by PATH of RFC 6962 §2.1.1; null where it has not the length it must have. */
function headOfPath(leaf, index, size, path) {
  const stepIsLeft = []; // from the root down
  for (let at = index, count = size; count > 1; ) {
    let half = 1;
    while (half * 2 < count) half *= 2;
    stepIsLeft.push(at >= half);
    [at, count] = at >= half ? [at - half, count - half] : [at, half];
  }
  if (stepIsLeft.length !== path.length) return null;
  return path.reduce((head, step) => {
    const [left, right] = stepIsLeft.pop() ? [step, head] : [head, step];
    return sha256(Uint8Array.of(1), left, right);
  }, leaf);
}

/** Say whether 64 bytes are this key's signature of a message, in the strict form. */
async function isSignedBy(key, value, message) {
  return value.length === 64 && isStrictSignature(value) && (await verifierOf(key.key))(value, utf8.encode(message));
}

/** Give the time of a line that is of this witness; null where it does not verify (§13.3.1). */
async function timeOfCosignature(witness, { value }, text) {
  if (value.length !== TIME_BYTES + 64) return null;
  const view = new DataView(value.buffer, value.byteOffset);
  const time = view.getUint32(0) * 2 ** 32 + view.getUint32(4); // exact wherever it is in bounds
  if (time < 1 || time > LAST_TIME) return null;
  const sound = await isSignedBy(witness, value.subarray(TIME_BYTES), `cosignature/v1\ntime ${time}\n${text}`);
  return sound ? time : null;
}

/** The bytes of an entry (§13.1.1), hashed as a leaf. */
function leafOf(kind, ...fields) {
  return sha256(Uint8Array.of(0), utf8.encode(`braid/1 log ${kind}\n`), ...fields.flatMap((field) => [field, LF]));
}

// ---------------------------------------------------------------------------------------------
// Contents of calls and ends (SPEC §6)

const CONTEXT_LISTS = ["tools", "system", "messages"];
const CHAIN_STARTS = Object.fromEntries(
  CONTEXT_LISTS.map((list) => [list, encodeBase64url(sha256(utf8.encode(`braid/1 context ${list}`)))]),
);
const oneOf = (...texts) => reads.matching(new RegExp(`^(?:${texts.join("|")})$`));
const digest = reads.matching(IS_KEY);
const readBody = reads.exactly({ bytes: reads.integer, digest, salt: digest });
const named = reads.matching(IS_SIGNATURE);
const readSteps = reads.exactly({ from: digest, add: reads.list(named), to: digest });
const readContext = reads.exactly(
  { tools: readSteps, system: readSteps, messages: readSteps },
  { partial: reads.true },
);
const readHistory = reads.list(
  reads.exactly(
    { code: reads.matching(/^[a-z_]{1,40}$/) },
    { node: named, was: named, more: (json) => reads.integer(json, 1) },
  ),
);
/** What attrs say of other nodes (SPEC §5.6), and the type; the rest is skipped. */
const SPEAKING = {
  part: (json) => reads.integer(json, 1),
  parts: (json) => reads.integer(json, 1),
  variant_of: named,
  copy_of: reads.exactly({ braid: digest, node: named }),
  type: reads.text,
};

function readAttrs(json) {
  if (json.peek() !== 0x7b) return json.skip(), BAD;
  const said = {};
  json.object((name) => {
    if (Object.hasOwn(SPEAKING, name)) said[name] = SPEAKING[name](json);
    else json.skip();
  });
  return said;
}

const readCall = reads.exactly({
  upstream: reads.text,
  // What is wrong in a context is a finding of its own.
  context: (json) => ({ read: readContext(json) }),
  body: readBody,
  placement: reads.exactly({
    by: oneOf("new", "retry", "client", "session", "thread", "prefix", "evidence"),
  }),
  history: readHistory,
  id: reads.text,
});
const readEnd = reads.exactly({
  outcome: oneOf("complete", "error", "client_gone", "upstream_cut", "interrupted", "refused", "not_sent"),
  status: reads.nullOr(reads.integer),
  stop_reason: reads.nullOr(reads.text),
  usage: reads.any,
  request_id: reads.nullOr(reads.text),
  body: reads.nullOr(readBody),
});

// ---------------------------------------------------------------------------------------------
// Findings (SPEC §7.1, §7.3)

class Findings {
  constructor() {
    this.classes = new Map(); // class → findings
    this.listed = new Map(); // class → how many of them are about nodes
    this.failed = new Set(); // classes that have failures
    this.codes = new Set();
    this.omitted = 0;
  }

  add(check, code, message, node = null, signature = null) {
    const severity = check < WARNING ? "failure" : check === WARNING ? "warning" : "note";
    if (severity === "failure") this.failed.add(check);
    this.codes.add(code);
    if (!this.classes.has(check)) this.classes.set(check, []);
    const listed = this.listed.get(check) ?? 0;
    if (node !== null && listed === LIMITS.findings) {
      this.omitted++;
      return;
    }
    if (node !== null) this.listed.set(check, listed + 1);
    this.classes.get(check).push({ code, severity, check, node, signature, message });
  }

  /** Begin again at the first nodes: what comes now may stand before what was listed. */
  turnBack() {
    this.listed.clear();
  }

  /** All of them in the order of SPEC §7.1.2, of each class the first 10,000 about nodes. */
  sorted() {
    const all = [];
    for (const [check, list] of [...this.classes].sort(([a], [b]) => a - b)) {
      const codes = CLASSES[check] ?? [];
      const nodes = list.filter((finding) => finding.node !== null);
      nodes.sort((a, b) => a.node - b.node || codes.indexOf(a.code) - codes.indexOf(b.code));
      const whole = list.filter((finding) => finding.node === null);
      whole.sort((a, b) => codes.indexOf(a.code) - codes.indexOf(b.code));
      this.omitted += nodes.splice(LIMITS.findings).length;
      all.push(whole, nodes);
    }
    return all.flat();
  }
}

// ---------------------------------------------------------------------------------------------
// Verification (SPEC §7.1)

/** A list of integers that grows. */
class Integers {
  constructor(Type) {
    this.at = new Type(1024);
  }

  set(index, value) {
    if (index >= this.at.length) {
      const grown = new this.at.constructor(2 * this.at.length);
      grown.set(this.at);
      this.at = grown;
    }
    this.at[index] = value;
  }
}

// ---------------------------------------------------------------------------------------------
// Statements of roots (SPEC §9.3 to §9.5)

/** The 64 bytes of a statement's signature, null where it is not of the strict form or does not verify. */
async function statementSignature(keyText, purpose, payload, text) {
  const key = decodeText(keyText);
  const signature = IS_SIGNATURE.test(strictUtf8.decode(text)) ? decodeBase64url(text) : null;
  if (faultOfKey(key) !== null || signature === null || !isStrictSignature(signature)) return null;
  return (await (await verifierOf(key))(signature, signedBytes(purpose, payload))) ? signature : null;
}

/** Read a rotation by itself; what is wrong with it stands in `fault`. */
async function readRotation({ h, s, pop, others, ...rest }) {
  if (others > 0 || !h || !s || !pop || Object.keys(rest).length > 1) return { fault: "expected type, h, s and pop" };
  const fields = h.length <= LIMITS.header ? ROTATION_GRAMMAR.exec(strictUtf8.decode(h)) : null;
  if (fields === null || !isMoment(fields[3]) || fields[1] === fields[2]) return { fault: "h is not of the grammar" };
  const [, next, old, time] = fields;
  const signature = await statementSignature(old, "rotation", h, s);
  if (signature === null) return { fault: "s is not the old root's, of the strict form" };
  const possessed = new Uint8Array(h.length + 64);
  possessed.set(h);
  possessed.set(signature, h.length);
  if ((await statementSignature(next, "possession", possessed, pop)) === null) {
    return { fault: "pop is not the new root's, of the strict form" };
  }
  return { rotation: { old, next, time } };
}

/** Read a revocation by itself; what is wrong with it stands in `fault`. */
async function readRevocation({ h, s, others, ...rest }) {
  if (others > 0 || !h || !s || Object.keys(rest).length > 1) return { fault: "expected type, h and s" };
  const text = strictUtf8.decode(h);
  const fields = h.length <= LIMITS.header ? REVOCATION_GRAMMAR.exec(text) : null;
  if (fields === null) return { fault: "h is not of the grammar" };
  const [, by, since, key, of, reason, time] = fields;
  if (!isMoment(since) || !isMoment(time) || since > time) return { fault: "times that cannot be" };
  if (of === "braid" && reason === "retired") return { fault: "a braid key is not retired, but sealed" };
  if ((await statementSignature(by, "revocation", h, s)) === null) return { fault: "s is not by's, of the strict form" };
  return { revocation: { by, since, key, of, reason, text } };
}

/** Values under their keys, each key with all of its values in their order. */
function gathered(pairs) {
  const all = new Map();
  for (const [key, value] of pairs) {
    if (!all.has(key)) all.set(key, []);
    all.get(key).push(value);
  }
  return all;
}

/** Which roots rotations lead to and from: gone through once, for many questions. */
class Lineage {
  constructor(rotations) {
    this.after = gathered(rotations.map(({ old, next }) => [old, next]));
    this.before = gathered(rotations.map(({ old, next }) => [next, old]));
  }

  /** These roots, and all to which rotations lead from them (or, of those before, that lead to them). */
  heirs(roots, leads = this.after) {
    const found = new Set(), left = [...roots];
    while (left.length) {
      const root = left.pop();
      if (found.has(root)) continue;
      found.add(root);
      for (const next of leads.get(root) ?? []) left.push(next);
    }
    return found;
  }

  /** The roots that have a say over a key; `root` is the one that certified the braid (SPEC §9.4). */
  entitled(key, of, root) {
    if (of === "braid") return root === undefined ? new Set() : this.heirs([root]);
    return new Set([...this.heirs([key]), ...this.heirs([key], this.before)]);
  }
}

const heirsOf = (rotations, roots) => new Lineage(rotations).heirs(roots);

/** Read statements given apart from a file: texts or bytes, a statement a line. Throws RangeError. */
async function readStatements(given) {
  const apart = { rotations: [], revocations: [] };
  for (const [i, each] of given.entries()) {
    const bytes = typeof each === "string" ? utf8.encode(each) : each;
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`statements[${i}]: expected text or a Uint8Array`);
    if (bytes.length > LIMITS.statements) throw new RangeError(`statements[${i}]: too long`);
    let at = 0;
    for (let line = 1; at < bytes.length; line++) {
      const end = bytes.indexOf(0x0a, at);
      const until = end < 0 ? bytes.length : end;
      const fault = await addStatement(apart, bytes.subarray(at, until));
      if (fault) throw new RangeError(`statements[${i}], line ${line}: ${fault}`);
      at = until + 1;
    }
  }
  return apart;
}

async function addStatement(apart, bytes) {
  const json = new Json(bytes, 0, bytes.length, { depth: LIMITS.documentDepth });
  let proof;
  try {
    if (hasMark(json)) return "begins with a byte-order mark";
    proof = readProof(json);
    json.finish();
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw fault;
    return fault.message;
  }
  const type = proof.type && strictUtf8.decode(proof.type);
  if (type !== "rotation" && type !== "revocation") return "expected a rotation or a revocation";
  const { fault, rotation, revocation } = await (type === "rotation" ? readRotation : readRevocation)(proof);
  if (rotation) apart.rotations.push(rotation);
  if (revocation) apart.revocations.push(revocation);
  return fault;
}

// What is remembered of a node, as bits.
const NAMED = 1, ERASED = 2, ERASED_PARAMS = 4;
const UNKNOWN = Symbol("unknown");
// Who owns a node that no call owns, and one of which that cannot be known.
const NOBODY = -1, UNREAD = -2;
const PENDING_NODES = 256, PENDING_BYTES = 8 * MIB;

class Judge {
  constructor() {
    this.findings = new Findings();
    this.key = null; // { text, verify } once a usable key is known
    this.braid = null;
    this.proofList = [];
    this.closed = false; // by a closure that holds
    this.rotations = []; // [old, new, time] of each that still lends trust
    this.revoked = false; // the braid's key, or the root that certified it
    this.leaves = {}; // what of this braid can stand in a log → its leaf hash
    this.places = []; // where proofs say that it does
    this.certificate = null; // as parsed, once every check of it has passed
    this.hasCertificate = false;
    this.queue = [];
    this.queued = 0;
    this.counts = { nodes: 0, kinds: {}, calls: 0, outcomes: {}, pending: 0, erased: 0 };
    this.illShaped = 0;
    this.part = null; // what the node before says: which part it is, null for none, UNKNOWN
    this.continues = false; // whether the latest node is a later part
    this.complete = true; // whether every node could be read

    this.known = new Map(); // signature → position
    this.kinds = new Integers(Uint8Array); // index in KINDS plus 1; 0 where it could not be read
    this.bits = new Integers(Uint8Array);
    this.owners = new Integers(Int32Array); // position of the call that owns a node
    this.calls = new Map(); // position of an open call → what its end is held to
    this.chains = Object.fromEntries(
      CONTEXT_LISTS.map((list) => [list, new Map([[CHAIN_STARTS[list], false]])]),
    ); // value → whether a node behind it is erased
    this.chainsComplete = true;
    this.tails = 0;
    this.tree = new Tree();
    this.treeComplete = true;
    this.sealed = false;
    this.latest = "";
    this.partial = false;
    this.accused = false;
  }

  fail(check, code, message, node, signature) {
    this.findings.add(check, code, message, node, signature);
  }

  // --- the head: classes 3 and 4

  async head({ braid, certificate }) {
    let key = null;
    if (braid === undefined || braid === BAD) this.fail(READING, "E_JSON", "braid: expected a string");
    else {
      const text = braid.length === 43 ? decodeBase64url(braid) : null;
      if (text === null) this.fail(ENCODING, "E_ENC", "braid: expected 32 bytes in base64url");
      else {
        this.braid = encodeBase64url(text);
        const fault = faultOfKey(text);
        if (fault === null) key = text;
        else this.fail(SIGNER, "E_KEY", `braid: ${fault}`);
      }
    }
    if (key !== null) this.key = { verify: await verifierOf(key) };
    this.hasCertificate = certificate !== undefined;
    if (certificate === BAD) this.fail(READING, "E_JSON", "certificate: expected the strings h, s and pop");
    else if (certificate !== undefined && !this.findings.codes.has("E_KEY")) {
      const fault = await this.checkCertificate(certificate);
      if (fault) this.fail(...fault);
    }
  }

  /** Check a certificate in the order of SPEC §9.2; give its first fault. */
  async checkCertificate({ h, s, pop }) {
    const [signature, possession] = [s, pop].map((text) => (text.length === 86 ? decodeBase64url(text) : null));
    if (signature === null) return [ENCODING, "E_ENC", "certificate.s: expected 64 bytes in base64url"];
    if (possession === null) return [ENCODING, "E_ENC", "certificate.pop: expected 64 bytes in base64url"];
    const fields = parseCertificate(h);
    if (fields === null) return [SIGNER, "E_CERT", "certificate.h: not of the grammar"];
    const root = decodeText(fields.root), faultOfRoot = faultOfKey(root);
    if (faultOfRoot !== null) return [SIGNER, "E_KEY", `certificate.root: ${faultOfRoot}`];
    if (!isStrictSignature(signature)) {
      return [SIGNER, "E_SIG_FORM", "certificate.s: S not reduced, or R not canonical or of small order"];
    }
    if (!(await (await verifierOf(root))(signature, signedBytes("certificate", h)))) {
      return [SIGNER, "E_CERT_SIG", "certificate.s: not the root's signature of h"];
    }
    if (fields.braid !== this.braid) return [SIGNER, "E_BRAID", "certificate: names another braid"];
    if (fields.notBefore > fields.notAfter) return [SIGNER, "E_CERT_TIME", "certificate: ends before it begins"];
    if (!isStrictSignature(possession)) {
      return [SIGNER, "E_SIG_FORM", "certificate.pop: S not reduced, or R not canonical or of small order"];
    }
    const possessed = new Uint8Array(h.length + 64);
    possessed.set(h);
    possessed.set(signature, h.length);
    if (!(await this.key.verify(possession, signedBytes("possession", possessed)))) {
      return [SIGNER, "E_POP", "certificate.pop: not the braid key's signature of h and s"];
    }
    this.certificate = fields;
    this.leaves.certificate = leafOf("certificate", h, s, pop);
    return null;
  }

  strangeMember() {
    this.fail(READING, "E_JSON", "a member that has no place where it stands");
  }

  proofs(proofs) {
    if (proofs === BAD) this.fail(READING, "E_JSON", "proofs: expected a list of objects with a type");
    else this.proofList = proofs;
  }

  // --- class 14, once every node is judged

  async checkProofs(pins) {
    const root = this.certificate?.root, chain = [], revocations = [];
    const wrong = (i, type, fault) => this.fail(PROOF, "E_PROOF", `proofs[${i}]: ${type}: ${fault}`);
    const typed = [], seen = new Map();
    for (const [i, proof] of this.proofList.entries()) {
      const type = strictUtf8.decode(proof.type), count = (seen.get(type) ?? 0) + 1;
      seen.set(type, count);
      if (Object.hasOwn(LIMITS.proofs, type) && count > LIMITS.proofs[type]) {
        wrong(i, type, `more than ${LIMITS.proofs[type]} of this type`);
      } else typed.push([i, type, proof]);
    }
    // Who may sign the other proofs is said by the rotations, wherever these stand.
    for (const [i, type, proof] of typed) {
      if (type !== "rotation") continue;
      const { fault, rotation } = await readRotation(proof);
      if (fault) wrong(i, type, fault);
      else chain.push(rotation);
    }
    const keys = chain.length ? [chain[0].old, ...chain.map((each) => each.next)] : [];
    const follows = chain.every((each, i) => i === 0 || chain[i - 1].next === each.old);
    if (keys.length && (!follows || repeats(keys) || !keys.includes(root))) {
      this.fail(PROOF, "E_PROOF", "proofs: rotations that are no chain with the root in it, each key once");
      chain.length = keys.length = 0;
    }
    const lineage = new Lineage(chain), heirs = root ? lineage.heirs([root]) : new Set();
    let closure = null;
    for (const [i, type, proof] of typed) {
      if (type === "closure") {
        const { fault, ...read } = await this.readClosure(proof, heirs);
        if (fault) wrong(i, type, fault);
        else if (closure !== null) wrong(i, type, "expected one at most");
        else {
          closure = read;
          this.leaves.closure = leafOf("closure", proof.h, proof.s);
        }
      } else if (type === "revocation") {
        const { fault, revocation } = await readRevocation(proof);
        const known = fault ? null : revocation.of === "braid" ? [this.braid] : [root, ...keys];
        if (fault) wrong(i, type, fault);
        else if (!known.includes(revocation.key)) wrong(i, type, "of a key that is not of this file");
        else if (!root || !lineage.entitled(revocation.key, revocation.of, root).has(revocation.by)) wrong(i, type, "by a root without a say");
        else if (revocations.some(({ text }) => text === revocation.text)) wrong(i, type, "stands there twice");
        else revocations.push(revocation);
      } else if (type === "rfc3161") {
        const fault = this.faultOfTimestamp(proof);
        if (fault !== null) wrong(i, type, fault);
        else this.findings.add(NOTE, "N_PROOF", `proofs[${i}]: a timestamp, not checked`);
      } else if (type !== "rotation" && type !== "log") this.findings.add(NOTE, "N_PROOF", `proofs[${i}]: not checked`);
    }
    // A closure may stand behind the proof that it is logged.
    for (const [i, type, proof] of typed) {
      if (type !== "log") continue;
      const fault = await this.faultOfLogProof(proof, pins);
      if (fault !== null) wrong(i, type, fault);
      else if (this.places.at(-1).log === null) this.findings.add(NOTE, "N_LOG", `proofs[${i}]: of a log that is not pinned`);
    }
    if (this.findings.failed.has(PROOF)) {
      this.places = [];
      return { chain: [], revocations: [], closure: null, begun: Infinity, ended: Infinity };
    }
    if (chain.length) this.findings.add(NOTE, "N_ROTATED", "roots handed over, one after the other");
    const [begun, ended] = [["certificate"], ["seal", "closure"]].map((of) => this.seenBy(of, pins.quorum));
    return { chain, revocations, closure, begun, ended };
  }

  /** What is wrong with a timestamp's form (SPEC §11.8), null for nothing; what it says is not checked here. */
  faultOfTimestamp(proof) {
    if (!hasExactly(proof, "of", "response") || strictUtf8.decode(proof.of) !== "seal") return "expected the strings type, of (seal) and response";
    const response = decodeBase64url(proof.response);
    if (response === null || response.length === 0 || response.length > LIMITS.timestamp) return "response: expected base64url of 1 to 65,536 bytes";
    return this.leaves.seal ? null : "of a seal that is not there";
  }

  /** What is wrong with a proof of a log (SPEC §13.4), null for nothing; a sound one joins the places. */
  async faultOfLogProof(proof, { logs, witnesses }) {
    if (!hasExactly(proof, "of", "proof")) return "expected the strings type, of and proof";
    const of = strictUtf8.decode(proof.of);
    const leaf = Object.hasOwn(this.leaves, of) ? this.leaves[of] : null;
    if (leaf === null) return "of what the transcript has not, or what does not hold";
    const read = readLogProof(proof.proof);
    if (read === null) return "not of the form of SPEC §13.4";
    const { index, path, checkpoint } = read, { origin, size, root, text, lines } = checkpoint;
    if (index >= size) return "an index that is not below the size";
    const head = headOfPath(leaf, index, size, path);
    if (head === null) return "a path of another length than leads to the head";
    if (!equal(head, root)) return "the path does not lead to the checkpoint's head";
    let log = null;
    const named = logs.filter((key) => key.name === origin);
    for (const key of named) {
      for (const line of lines.filter((line) => isOf(line, key))) {
        if (!(await isSignedBy(key, line.value, text))) return "a line of the log's key does not verify";
        log ??= key.text;
      }
    }
    if (named.length && log === null) return "of a pinned log's origin, and not signed by its key";
    const seen = [];
    for (const key of witnesses) {
      const times = [];
      for (const line of lines.filter((line) => isOf(line, key))) {
        const time = await timeOfCosignature(key, line, text);
        if (time === null) return "a line of a witness's key does not verify";
        times.push(time);
      }
      if (times.length) seen.push({ key, time: Math.min(...times) });
    }
    for (const other of this.places.filter((other) => other.origin === origin)) {
      if (other.of === of) return "a second one in one log";
      if (other.size === size && !equal(other.root, root)) return "the log forked: two heads at one size";
      const certified = of === "certificate" ? index : other.of === "certificate" ? other.index : -1;
      if (certified >= (of === "certificate" ? other.index : index)) return "the certificate stands behind what it certifies";
    }
    seen.sort((a, b) => a.time - b.time);
    this.places.push({ of, origin, index, size, root, log, seen });
    return null;
  }

  /** The earliest time by which so many witnesses had seen one of these in a pinned log; Infinity for none. */
  seenBy(wanted, quorum) {
    let earliest = Infinity;
    for (const { of, log, seen } of this.places) {
      if (log === null || !wanted.includes(of)) continue;
      const first = new Map();
      for (const { key, time } of seen) {
        const name = encodeBase64url(key.key);
        if (!first.has(name)) first.set(name, time); // they come by time
      }
      const times = [...first.values()].sort((a, b) => a - b);
      if (times.length >= quorum) earliest = Math.min(earliest, times[quorum - 1]);
    }
    return earliest;
  }

  // --- class 15: whether the keys may still be believed

  checkStanding(proven, apart) {
    const root = this.certificate?.root;
    const rotations = [...proven.chain, ...apart.rotations];
    const counted = [...proven.revocations];
    // Who has a say is asked once a key, however many speak of it.
    const told = apart.revocations.filter(({ key, of }) => of === "root" || key === this.braid);
    const lineage = new Lineage(rotations);
    for (const saidOfIt of gathered(told.map((said) => [`${said.of} ${said.key}`, said])).values()) {
      const [{ key, of }] = saidOfIt, may = lineage.entitled(key, of, root);
      for (const said of saidOfIt) {
        if (may.has(said.by)) counted.push(said);
        else if (key === (of === "braid" ? this.braid : root)) {
          this.findings.add(NOTE, "N_REVOCATION", `of the ${of} key, by a root that has no say over it`);
        }
      }
    }
    // A thief writes what time he likes, so only a key that nobody else has leaves what is older, and
    // what witnesses had seen before the key was lost.
    const takes = ({ reason, since }, time, seen) =>
      !(seen * 1000 < Date.parse(since)) && (reason !== "retired" || time >= since);
    const known = gathered(counted.map((said) => [`${said.of} ${said.key}`, said]));
    const of = (key, kind) => known.get(`${kind} ${key}`) ?? [];
    const fate = (key, kind, time, seen = Infinity) => of(key, kind).find((said) => takes(said, time, seen));
    if (this.certificate !== null) {
      const keys = [
        [this.braid, "braid", "", proven.ended],
        [root, "root", this.certificate.notBefore, proven.begun],
      ];
      const said = fate(...keys[0]) ?? fate(...keys[1]);
      this.revoked = said !== undefined;
      for (const [key, kind, time, seen] of keys) {
        for (const one of of(key, kind).filter((one) => !takes(one, time, seen))) {
          this.findings.add(NOTE, "N_REVOCATION", `the ${kind} key was revoked, ${one.reason}, from ${one.since}: later`);
        }
      }
      if (said) this.fail(REVOCATION, "E_REVOKED", `the ${said.of} key was revoked: ${said.reason}, from ${said.since}`);
    }
    const { closure } = proven;
    this.rotations = rotations.filter(({ old, time }) => !fate(old, "root", time));
    this.closed = closure !== null && !fate(closure.root, "root", closure.time, proven.ended);
    if (this.closed) {
      // A root's thief could hand over to himself; not once witnesses had seen the closure.
      const led = rotations.filter(({ old, time }) => !fate(old, "root", time, proven.ended));
      this.closed = heirsOf(led, [root]).has(closure.root);
    }
  }

  /** Read a closure by one of these roots (SPEC §11.7); what is wrong with it stands in `fault`. */
  async readClosure(proof, roots) {
    if (!hasExactly(proof, "h", "s")) return { fault: "expected the strings type, h and s" };
    const { h, s } = proof;
    const fields = h.length <= LIMITS.header ? CLOSURE_GRAMMAR.exec(strictUtf8.decode(h)) : null;
    if (fields === null) return { fault: "h is not of the grammar" };
    const [, braid, count, root, time, tree] = fields;
    if (Number(count) > MAX_INTEGER || !isMoment(time)) return { fault: "h is not of the grammar" };
    if (!roots.has(root)) return { fault: "by another root than certified this braid, and no heir of it" };
    const signature = await statementSignature(root, "closure", h, s);
    if (signature === null) return { fault: "s is not the root's signature of h, of the strict form" };
    if (braid !== this.braid) return { fault: "names another braid" };
    if (this.sealed) return { fault: "of a braid that has a seal" };
    if (Number(count) !== this.counts.nodes) return { fault: `of ${count} nodes, and there are ${this.counts.nodes}` };
    if (this.treeComplete && tree !== encodeBase64url(this.tree.head())) return { fault: "tree is not the head over the nodes" };
    return { root, time };
  }

  // --- a node: classes 1 to 3, then its signature, several of which are under way at once

  node(node, position) {
    this.counts.nodes++;
    const item = { node, position, checked: null };
    const fault = this.faultOfShape(item);
    item.text = item.signature ? strictUtf8.decode(node.s) : null;
    if (fault) {
      this.illShaped++;
      this.fail(...fault, position, item.text);
    } else if (this.key !== null) {
      item.strict = isStrictSignature(item.signature);
      if (item.strict) {
        item.checked = this.key.verify(item.signature, signedBytes(NODE, node.h));
        item.checked.catch(() => {}); // it is awaited later, or not at all
      }
    }
    item.sound = !fault;
    this.queue.push(item);
    this.queued += node.size;
    return this.queue.length >= PENDING_NODES || this.queued >= PENDING_BYTES ? this.drain() : null;
  }

  async drain() {
    for (const item of this.queue) {
      const signed = item.checked !== null && (await item.checked);
      this.take(item, signed);
    }
    this.queue = [];
    this.queued = 0;
  }

  /** Check a node's members (SPEC §10.2) and decode them into the item; give the first fault. */
  faultOfShape(item) {
    const { node } = item;
    const decoded = (text, size) => (text.length === Math.ceil((size * 4) / 3) ? decodeBase64url(text) : null);
    item.signature = node.s ? decoded(node.s, 64) : null;
    if (node.bad) return [READING, "E_JSON", "expected the members of a node"];
    const { text, b64, attrs } = node;
    if (attrs) {
      const size = text ? text.length : Math.floor((b64.length * 3) / 4);
      if (size + attrs.length > LIMITS.content) return [LIMIT, "E_LIMIT", "content and attrs: more than 32 MiB"];
    }
    if (item.signature === null) return [ENCODING, "E_ENC", "s: expected 64 bytes in base64url"];
    if (attrs) {
      if ((item.salt = decoded(node.salt, 32)) === null) return [ENCODING, "E_ENC", "salt: expected 32 bytes in base64url"];
      if ((item.content = text ?? decodeBase64url(b64)) === null) return [ENCODING, "E_ENC", "b64: expected base64url"];
    }
    if (node.bsalt && (item.bsalt = decoded(node.bsalt, 32)) === null) {
      return [ENCODING, "E_ENC", "bsalt: expected 32 bytes in base64url"];
    }
    return null;
  }

  /** Take a node in its order: classes 5 to 13. */
  take(item, signed) {
    const { position, text } = item;
    const header = this.readHeader(item, signed);
    const repeated = text !== null && this.known.has(text);
    if (header === null) this.complete = false;
    else {
      if (repeated) this.fail(ORDER, "E_DUP", "s: stands twice", position, text);
      this.judge(item, header);
    }
    this.kinds.set(position, header === null ? 0 : KINDS.indexOf(header.kind) + 1);
    if (header === null) this.owners.set(position, UNREAD);
    if (this.sealed && header === null) this.fail(SEAL, "E_SEAL", "follows a seal", position, text);
    if (text === null) this.treeComplete = false;
    else {
      if (!repeated) this.known.set(text, position);
      this.tree.add(item.signature);
    }
    if (header === null) this.part = UNKNOWN;
    if (!this.sealed && header?.kind === "seal") {
      this.sealed = true;
      this.leaves.seal = leafOf("seal", item.node.h, item.node.s);
    }
  }

  /** Check the signature, then read the header (classes 5, 6 and bsalt by kind); null if that fails. */
  readHeader(item, signed) {
    const { node, position, text } = item;
    if (!item.sound || this.key === null) return null;
    if (!signed) {
      if (item.strict) this.fail(SIGNATURE, "E_SIG", "s: not the braid key's signature of h", position, text);
      else this.fail(SIGNATURE, "E_SIG_FORM", "s: S not reduced, or R not canonical or of small order", position, text);
      return null;
    }
    const header = parseHeader(node.h);
    if (header.fault) {
      this.fail(HEADER, ...header.fault, position, text);
      return null;
    }
    if (item.bsalt && header.kind !== "call" && header.kind !== "end") {
      this.fail(READING, "E_JSON", `bsalt: not allowed on ${header.kind}`, position, text);
    }
    return header;
  }

  judge(item, header) {
    const { position, text } = item;
    const fail = (check, code, message) => this.fail(check, code, message, position, text);
    const note = (code, message) => this.findings.add(NOTE, code, message, position, text);
    const { kind } = header;
    this.counts.kinds[kind] = (this.counts.kinds[kind] ?? 0) + 1;
    if (header.braid !== this.braid) fail(BRAID, "E_BRAID", "braid: names another one");
    if (header.seq !== position) fail(ORDER, "E_SEQ", `seq: expected ${position}, got ${header.seq}`);
    if ((header.prev.length === 0) !== (position === 0)) {
      fail(ORDER, "E_GENESIS", position ? "prev: empty after the genesis" : "prev: not empty at the genesis");
    }
    const before = header.prev.map((signature) => this.known.get(signature));
    if (before.includes(undefined)) fail(PREVIOUS, "E_PREV", "prev: not of an earlier node");
    if (header.about.some((signature) => !this.known.has(signature))) {
      fail(PREVIOUS, "E_ABOUT", "about: not of an earlier node");
    }
    if (header.time < this.latest) {
      this.findings.add(WARNING, "W_TIME", "time: before that of an earlier node", position, text);
    } else this.latest = header.time;
    if (header.links) note("N_LINK", "link: not checked");
    if (kind === "flag") note("N_FLAG", "a detector flagged a node");

    if (!item.content) this.part = UNKNOWN;
    this.continues = false;
    const intact = this.checkContent(item, header);
    let bits = 0;
    if (!item.content) {
      bits |= ERASED;
      this.counts.erased++;
      note("N_ERASED", "salt, content and attrs are erased");
    }
    const later = this.continues && this.bits.at[position - 1] & ERASED_PARAMS;
    if (kind === "params" && (bits & ERASED || later)) bits |= ERASED_PARAMS;
    this.bits.set(position, bits);

    this.checkSeal(item, header, before);
    for (const index of before) this.name(index);
    this.tails++;

    this.own(item, header, before);
    if (kind === "call") this.takeCall(item, header, before, intact);
    else if (kind === "end") this.takeEnd(item, header, before);
    else if (kind === "tool_result" && !before.slice(0, 2).some((index) => this.kindOf(index) === "tool_use")) {
      this.findings.add(WARNING, "W_PAIR", "prev: names no tool_use", position, text);
    }
  }

  kindOf(index) {
    return index === undefined ? undefined : KINDS[this.kinds.at[index] - 1];
  }

  /** Note that a later node names this one: it is no tail. */
  name(index) {
    if (index === undefined || this.bits.at[index] & NAMED) return;
    this.bits.at[index] |= NAMED;
    if (this.kinds.at[index]) this.tails--;
  }

  // --- class 10

  /** Check what a node says; false where that is erased or not what was committed to. */
  checkContent(item, header) {
    const { node, position, text, content } = item;
    const fail = (code, message) => this.fail(CONTENT, code, message, position, text);
    let intact = false;
    if (content) {
      intact = encodeBase64url(commitment(item.salt, content, node.attrs)) === header.content;
      if (!intact) fail("E_COMMIT", "content: salt, content and attrs are not those committed to");
      const said = readWhole(node.attrs, readAttrs);
      if (said === BAD) fail("E_ATTRS", "attrs: expected one strict JSON object");
      const fault = this.faultOfAttrs(header, intact && said !== BAD ? said : null, text);
      if (fault) fail("E_ATTRS", `attrs.${fault}`);
      if (header.media === "text/plain" && node.b64 && !isUtf8(content)) {
        fail("E_MEDIA", "content: text/plain that is not UTF-8");
      }
    } else if (["call", "end", "checkpoint", "seal"].includes(header.kind)) {
      fail("E_ERASED", `a ${header.kind} may not be erased`);
    }
    const { certificate } = this;
    if (certificate && (header.time < certificate.notBefore || header.time > certificate.notAfter)) {
      fail("E_CERT_TIME", "time: outside the certificate's bounds");
    }
    return intact;
  }

  /** Check what attrs say of other nodes (SPEC §5.6); null where they cannot be relied on. */
  faultOfAttrs(header, said, text) {
    const { part: before } = this, { kind, origin } = header;
    this.part = said === null ? UNKNOWN : null;
    if (said === null) return null;
    const unfinished = before !== null && before !== UNKNOWN && before.number < before.count;
    if (said.part !== undefined || said.parts !== undefined) {
      const { part: number, parts: count } = said;
      if (!(typeof number === "number" && typeof count === "number" && number <= count)) {
        this.part = UNKNOWN;
        return "part: expected two integers, part from 1 to parts";
      }
      this.part = { number, count, kind, origin, text };
      this.continues = number > 1;
      if (unfinished) {
        const next = number === before.number + 1 && count === before.count;
        const alike = kind === before.kind || (kind === "other" && said.type === "extra");
        if (!next || !alike || origin !== before.origin || header.prev[0] !== before.text) {
          return "part: not the next one of the block before";
        }
      } else if (before !== UNKNOWN && number !== 1) return "part: expected 1, the first of its block";
    } else if (unfinished) return "part: expected the next one of the block before";
    const { variant_of: variant, copy_of: copy } = said;
    if (variant !== undefined && (origin !== "client" || !this.known.has(variant))) {
      return "variant_of: expected a client's node, and the signature of an earlier one";
    }
    if (copy !== undefined && (origin !== "client" || copy === BAD || copy.braid === this.braid)) {
      return "copy_of: expected a client's node, and a node of another braid";
    }
    return null;
  }

  // --- class 11

  takeCall(item, header, before, intact) {
    const { position, text, content } = item;
    const fail = (code, message) => this.fail(CALL, code, message, position, text);
    const note = (code, message) => this.findings.add(NOTE, code, message, position, text);
    this.counts.calls++;
    if (!intact) this.chainsComplete = false;
    if (!content) return;
    const call = readWhole(content, readCall);
    const unknown = ({ node, was }) => [node, was].some((s) => s !== undefined && !this.known.has(s));
    const badly = call === BAD || call.history.some(unknown);
    if (badly || (call.placement.by === "retry" && header.about.length === 0)) {
      this.chainsComplete = false;
      return fail("E_CALL", "content: not that of a call");
    }
    for (const { code } of call.history) {
      const accuses = !HISTORY_NOTES.has(code);
      this.accused ||= accuses;
      this.findings.add(accuses ? WARNING : NOTE, `history.${code}`, `history: ${code}`, position, text);
    }
    this.checkBodySalt(item, call.body);
    const context = call.context.read;
    const erased = context === BAD ? null : this.followChains(context);
    if (erased === null) {
      this.chainsComplete = false;
      return fail("E_CONTEXT", "context: its chains do not hold");
    }
    if (context.partial) {
      this.partial = true;
      note("N_PARTIAL", "context: the model saw something the proxy did not");
    }
    const params = before.some((index) => this.bits.at[index] & ERASED_PARAMS);
    this.checkErasure(item, params || erased);
  }

  /**
   * Follow the three chains of a context (SPEC §6.2.3). Gives null where one does not hold, else
   * whether a node of the context is erased, undefined where that cannot be known.
   */
  followChains(context) {
    let anyErased = false, holds = true;
    for (const list of CONTEXT_LISTS) {
      const reached = this.chains[list], { from, add, to } = context[list];
      if (!reached.has(from) && this.chainsComplete) holds = false;
      let erased = reached.get(from), value = from;
      if (!reached.has(from)) reached.set(from, undefined);
      for (const signature of add) {
        const index = this.known.get(signature), kind = this.kinds.at[index];
        if (index === undefined || (kind && !BLOCKS.includes(KINDS[kind - 1]))) holds = false;
        else if (!kind) erased ||= undefined;
        else if (this.bits.at[index] & ERASED) erased = true;
        value = encodeBase64url(sha256(decodeText(value), decodeText(signature)));
        reached.set(value, erased);
      }
      if (value !== to) holds = false;
      if (erased || (erased === undefined && !anyErased)) anyErased = erased;
    }
    return holds ? anyErased : null;
  }

  checkBodySalt({ bsalt, position, text }, body) {
    if (bsalt && encodeBase64url(sha256(bsalt)) !== body?.salt) {
      this.fail(CALL, "E_COMMIT", "bsalt: not that committed to", position, text);
    }
  }

  /** A bsalt goes when a block its body held is erased, and stays otherwise (SPEC §5.5.2). */
  checkErasure({ bsalt, position, text }, erased) {
    if (bsalt && erased) {
      this.findings.add(WARNING, "W_BSALT", "bsalt: stayed although a block was erased", position, text);
    } else if (!bsalt && erased === false) {
      this.findings.add(NOTE, "N_BSALT", "bsalt: removed although no block was erased", position, text);
    }
  }

  // --- class 12

  /** Find the call that owns a node (SPEC §4.6). */
  own({ position, text }, header, before) {
    let owner = NOBODY;
    if (header.kind === "call") {
      owner = position;
      this.calls.set(position, { text, tails: new Set(), answered: false, erased: false });
    } else if (header.origin === "provider") {
      owner = this.leadTo(before.slice(0, 1));
      const call = this.calls.get(owner);
      if (call === undefined && owner !== UNREAD) {
        this.fail(PAIRING, "E_PAIR", "prev: leads to no call that is open", position, text);
      } else if (call !== undefined) {
        call.answered = true;
        call.erased ||= (this.bits.at[position] & ERASED) !== 0;
      }
    } else if (header.kind === "checkpoint") owner = this.leadTo(before);
    else if (header.kind === "other" && this.bits.at[position] & ERASED) {
      // The body of the answer holds what it repeats of its request (SPEC §4.4).
      const call = this.calls.get(before[0]);
      if (call !== undefined) call.erased = true;
    }
    this.owners.set(position, owner);
    const call = this.calls.get(owner);
    for (const index of before) call?.tails.delete(index);
    call?.tails.add(position);
  }

  /** The call that owns all of these, or NOBODY; UNREAD where none of them could be read. */
  leadTo(before) {
    const owners = new Set(before.map((index) => (index === undefined ? UNREAD : this.owners.at[index])));
    const unread = owners.delete(UNREAD);
    if (owners.size === 1) return [...owners][0];
    return unread && owners.size === 0 ? UNREAD : NOBODY;
  }

  takeEnd(item, header, before) {
    const { position, text, content } = item;
    const fail = (check, code, message) => this.fail(check, code, message, position, text);
    const end = content ? readWhole(content, readEnd) : undefined;
    if (end === BAD) fail(CALL, "E_CALL", "content: not that of an end");
    else if (end) {
      const { outcomes } = this.counts;
      outcomes[end.outcome] = (outcomes[end.outcome] ?? 0) + 1;
      this.checkBodySalt(item, end.body);
    }
    const owner = this.leadTo(before), call = this.calls.get(owner);
    if (owner === UNREAD) return;
    if (call === undefined) {
      fail(PAIRING, "E_PAIR", "prev: leads to no call, to several, or to one that has its end");
      return;
    }
    const exact = before.length === call.tails.size && before.every((index) => call.tails.has(index));
    if (!exact && this.complete && !before.includes(undefined)) {
      fail(PAIRING, "E_PAIR", "prev: not the last nodes of its call");
    } else if (end && end !== BAD && call.answered && ["not_sent", "refused"].includes(end.outcome)) {
      fail(PAIRING, "E_PAIR", `outcome: ${end.outcome}, but the call has an answer`);
    }
    if (end && end !== BAD && end.body) this.checkErasure(item, call.erased);
    this.calls.delete(owner);
  }

  // --- class 13

  checkSeal({ node, position, text, content }, header, before) {
    const fail = (message) => this.fail(SEAL, "E_SEAL", message, position, text);
    if (this.sealed) fail("follows a seal");
    if (header.seal === null) return;
    if (header.seal.count !== position) fail(`seal.count: expected ${position}`);
    if (this.treeComplete && header.seal.tree !== encodeBase64url(this.tree.head())) {
      fail("seal.tree: not the head over the signatures before");
    }
    const bare = content?.length === 0 && header.media === "text/plain" && equal(node.attrs, utf8.encode("{}"));
    if (content && !bare) fail("content: expected none, media text/plain, attrs {}");
    if (header.kind === "seal" && this.complete) {
      const tails = before.filter((index) => index !== undefined && !(this.bits.at[index] & NAMED));
      if (tails.length !== before.length || tails.length !== this.tails) {
        fail("prev: not exactly the tails");
      }
    }
  }

  // --- the end of the file

  finish() {
    this.findings.turnBack();
    for (const [position, { text }] of this.calls) {
      this.counts.pending++;
      if (!this.sealed) this.findings.add(NOTE, "N_PENDING", "a call without an end", position, text);
      else if (this.complete) {
        this.fail(PAIRING, "E_PAIR", "a call without an end in a sealed braid", position, text);
      }
    }
    if (this.closed) this.findings.add(NOTE, "N_CLOSED", "closed by its root, not sealed");
    else if (!this.sealed) this.findings.add(NOTE, "N_OPEN", "no seal: what was removed at the end is not found");
    if (!this.hasCertificate) this.findings.add(NOTE, "N_NO_CERTIFICATE", "the signer is unknown");
  }

  // --- the report (SPEC §7.2)

  /** Say whether certificate, seal and closure each stand in a pinned log, cosigned by so many witnesses. */
  isLogged(quorum) {
    const keys = (seen) => new Set(seen.map(({ key }) => encodeBase64url(key.key)));
    const there = this.places.filter(({ log, seen }) => log !== null && keys(seen).size >= quorum);
    return ["certificate", ...Object.keys(this.leaves)].every((of) => there.some((place) => place.of === of));
  }

  claims({ roots, logs, witnesses, quorum }) {
    const { failed, codes } = this.findings;
    const yes = (reason) => ({ answer: "yes", reason });
    const no = (reason) => ({ answer: "no", reason });
    const unchecked = (reason) => ({ answer: "not checked", reason });
    const broken = [LIMIT, READING, ENCODING, SIGNATURE, HEADER, BRAID, ORDER, PREVIOUS].some((check) => failed.has(check));
    const contents = (this.findings.classes.get(CONTENT) ?? []).some((finding) => finding.code !== "E_CERT_TIME");
    const signed = !broken && !contents && this.key !== null;
    const unsigned = unchecked("the nodes are not all as signed");
    const noCall = unchecked("there is no call");
    const claims = {};
    claims.signed = signed
      ? yes("every node is as the braid key's holder signed it, none missing before the last")
      : no("not every node is as the braid key's holder signed it");
    if (!this.hasCertificate) claims.signer = no("no certificate: the signer is unknown");
    else if (this.certificate === null) claims.signer = no("the certificate is not valid");
    else if (this.revoked) claims.signer = no("the braid's key, or the root that certified it, was revoked");
    else if (codes.has("E_CERT_TIME")) claims.signer = no("a node lies outside the certificate's bounds");
    else if (roots.length === 0) claims.signer = unchecked("no root was pinned to compare the certificate's with");
    else if (roots.includes(this.certificate.root)) claims.signer = yes("a pinned root certified this braid's key");
    else if (heirsOf(this.rotations, roots).has(this.certificate.root)) {
      claims.signer = yes("a pinned root handed over to the root that certified this braid's key");
    } else claims.signer = no("the certificate's root is not pinned");
    const calls = this.counts.calls > 0;
    if (!signed) claims.context = unsigned;
    else if (!calls) claims.context = noCall;
    else if (failed.has(CALL)) claims.context = no("what a call says, or its context, is wrong");
    else if (this.partial) claims.context = no("a model saw something the proxy did not");
    else claims.context = yes("the nodes that each model was shown can be listed");
    if (!signed) claims.history = unsigned;
    else if (!calls) claims.history = noCall;
    else if (this.accused) claims.history = no("a call carries a history finding");
    else if (failed.has(CALL)) claims.history = unchecked("what a call says, or its context, is wrong");
    else claims.history = yes("no call carries a history finding");
    if (!signed) claims.sealed = unsigned;
    else if (!this.sealed) claims.sealed = no("the braid is open: it has no seal");
    else if (failed.has(SEAL)) claims.sealed = no("the seal does not hold");
    else if (this.counts.pending) claims.sealed = no("a call has no end");
    else claims.sealed = yes("the last node seals all others");
    if (claims.sealed.answer !== "no") claims.closed = claims.sealed;
    else if (this.closed && !failed.has(SEAL)) claims.closed = yes("its root says that these are all its nodes");
    else if (failed.has(PROOF)) claims.closed = no("a proof does not hold");
    else claims.closed = claims.sealed;
    if (!signed) claims.logged = unsigned;
    else if (logs.length === 0) claims.logged = unchecked("no log was pinned");
    else if (failed.has(PROOF)) claims.logged = no("a proof does not hold");
    else if (!this.isLogged(0)) claims.logged = no("its certificate, or its end, is not proven to stand in a pinned log");
    else claims.logged = yes("its certificate, and its end if it has one, stand in a pinned log");
    if (claims.logged.answer === "not checked") claims.witnessed = claims.logged;
    else if (witnesses.length === 0) claims.witnessed = unchecked("no witness was pinned");
    else if (claims.logged.answer === "no") claims.witnessed = claims.logged;
    else if (!this.isLogged(quorum)) {
      const few = quorum === 1 ? "none" : `fewer than ${quorum}`;
      claims.witnessed = no(`${few} of the pinned witnesses cosigned the log that holds it`);
    } else claims.witnessed = yes(`at least ${quorum} of the pinned witnesses cosigned the log that holds it`);
    claims.timestamped = signed ? unchecked("this verifier checks no timestamp") : unsigned;
    claims.erased = this.counts.erased
      ? yes("some nodes are without their words")
      : no("every node that could be read has its words");
    return claims;
  }

  report(refusal, pins, required) {
    const unread = { answer: "not checked", reason: "the file could not be read to its end" };
    const claims = refusal
      ? Object.fromEntries(CLAIMS.map((name) => [name, unread]))
      : this.claims(pins);
    const unmet = required.filter((name) =>
      name === "unerased" ? claims.erased.answer !== "no" : claims[name].answer !== "yes",
    );
    let result = unmet.length ? "unmet" : "verified";
    if (this.findings.failed.size) result = "failed";
    if (refusal) result = "unreadable";
    const check = refusal && CLASSES.findIndex((codes) => codes.includes(refusal.code));
    const stopped = refusal && {
      code: refusal.code, severity: "failure", check, node: null, signature: null, message: refusal.message,
    };
    // What made a file unreadable stands before everything.
    const findings = [...(stopped ? [stopped] : []), ...this.findings.sorted()];
    return {
      format: "braid-report/1",
      result,
      exit_code: EXIT_CODES[result],
      braid: this.braid,
      root: this.certificate?.root ?? null,
      issuer: this.certificate?.issuer ?? null,
      logs: this.places.map(({ of, origin, index, size, log, seen }) => ({
        of, origin, index, size, log,
        cosignatures: seen.map(({ key, time }) => ({
          witness: key.text, time: new Date(time * 1000).toISOString(),
        })),
      })),
      claims,
      unmet,
      counts: this.counts,
      findings,
      omitted: this.findings.omitted,
    };
  }
}

/** Check that root keys are text forms of usable keys; throws RangeError. */
function checkRoots(roots) {
  for (const root of roots) {
    const sound = typeof root === "string" && IS_KEY.test(root) && faultOfKey(decodeText(root)) === null;
    if (!sound) throw new RangeError("roots: expected Ed25519 public keys of 43 characters in base64url");
  }
}

/** Parse the keys of logs or witnesses, each once; throws RangeError. */
function pinnedParties(texts, type, place) {
  return [...new Set(texts)].map((text) => {
    const key = typeof text === "string" ? parseVerifierKey(text, type) : null;
    if (key === null) throw new RangeError(`${place}: expected verifier keys, NAME+ID+BASE64, of signature type ${type}`);
    return key;
  });
}

/**
 * Verify one transcript (SPEC §7).
 *
 * `source` is a Uint8Array, an ArrayBuffer, a Blob, or a stream or async iterable of Uint8Array, whose
 * chunks must not be changed afterwards. Options: `roots`, the root keys trusted, 43 characters each;
 * `statements`, rotations and revocations given apart from the file, a statement a line (text or Uint8Array);
 * `logs` and `witnesses`, the verifier keys of logs and of their witnesses (SPEC §13.2); `quorum`, how
 * many different witnesses must have cosigned for the claim `witnessed`, 1 by default;
 * `require`, claims asked for beyond an intact file (a claim's name, or "unerased");
 * `allowUnknownSigner`, not to ask for a pinned root; `onProgress`, called with the bytes read so far.
 *
 * Gives the report (report.schema.json): `result` is "verified", "failed", "unmet" or "unreadable".
 * Throws RangeError or TypeError for unusable arguments, and whatever the source throws.
 */
export async function verify(
  source,
  { roots = [], statements = [], logs = [], witnesses = [], quorum = 1, require = [], allowUnknownSigner = false, onProgress } = {},
) {
  // A stream of Node that fails before it is read would end the process; the reading meets its fault.
  if (typeof source?.on === "function") source.on("error", () => {});
  checkRoots(roots);
  const apart = await readStatements(statements);
  const pins = {
    roots,
    logs: pinnedParties(logs, SIGNS_CHECKPOINTS, "logs"),
    witnesses: pinnedParties(witnesses, COSIGNS, "witnesses"),
    quorum,
  };
  const most = new Set(pins.witnesses.map(({ key }) => encodeBase64url(key))).size;
  if (!Number.isInteger(quorum) || quorum < 1) throw new RangeError(`quorum: expected at least 1, got ${quorum}`);
  if (quorum > Math.max(most, 1)) {
    throw new RangeError(`quorum: expected at least ${quorum} different pinned witnesses, got ${most}`);
  }
  for (const name of require) {
    if (!REQUIRABLE.includes(name)) throw new RangeError(`require: expected some of ${REQUIRABLE.join(", ")}`);
  }
  const asked = new Set(allowUnknownSigner ? require : ["signer", ...require]);
  const required = REQUIRABLE.filter((name) => asked.has(name));
  const judge = new Judge(), input = new Input(source, onProgress);
  let refusal = null;
  try {
    await readTranscript(input, judge);
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw fault;
    refusal = fault;
  } finally {
    await input.close();
  }
  await judge.drain();
  if (refusal === null) {
    judge.checkStanding(await judge.checkProofs(pins), apart);
    judge.finish();
  }
  return judge.report(refusal, pins, required);
}

/** Say in one line what a report found: the result, and the first failure or what is not met. */
export function summary(report) {
  const [first] = report.findings;
  if (report.result === "verified") return "verified";
  if (report.result === "unmet") return `unmet: ${report.unmet.join(", ")}`;
  const place = first.node === null ? "" : `node ${first.node}: `;
  return `${report.result}: ${first.code}: ${place}${first.message}`;
}
