#!/usr/bin/env node
// Verifies transcripts from the command line, as `braid verify` does (braid/SPEC.md §7.4).

import { createReadStream, existsSync, readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { summary, verify } from "./braid-verifier.mjs";

const USAGE = `Usage: braid-verify [OPTIONS] FILE…|-

  Check transcripts, offline. Exit code 0: verified. 1: not verified, something
  was changed. 2: could not be checked. 3: intact, but short of what is required;
  by default that you trust the signer's root. For several files the first of
  1, 2, 3, 0 that occurred.

Options:
  --root KEY|FILE         Trust this root key, or those in this file: a key a line.
  --statements FILE       Heed what roots say in this file of each other and of
                          keys that are revoked.
  --log VKEY|FILE         Trust this transparency log: its verifier key,
                          NAME+ID+BASE64, or those in this file.
  --witness VKEY|FILE     Trust this witness of such logs, in the same form.
  --quorum N              How many different trusted witnesses must have
                          cosigned for witnessed; 1 by default.
  --require CLAIM,…       Ask for more than intact: signer, context, history,
                          sealed, closed, logged, witnessed, unerased. It
                          knows no X.509: timestamped is never met here.
  --allow-unknown-signer  Do not ask that the signer's root is trusted.
  --json                  Print the report; several files: a list, with null
                          for what cannot be opened.
  -h, --help              Show this message and exit.
`;
const WORST_FIRST = [1, 2, 3, 0];
const SHOWN_FINDINGS = 20;
const CHUNK = 1024 * 1024;

const say = (text) => process.stderr.write(`braid-verify: ${text}\n`);

/** Something the caller must change; its message is for them. */
class Problem extends Error {}

const rootsOf = (given) => keysOf(given, given.length === 43, "a root key of 43 characters");
const partiesOf = (given) => keysOf(given, given.includes("+"), "a verifier key, NAME+ID+BASE64,");

/** The keys of KEY|FILE; in a file a key a line, then perhaps a label; # begins a comment. */
function keysOf(given, isKey, form) {
  if (isKey && !existsSync(given)) return [given];
  let text;
  try {
    text = readFileSync(given, "utf-8");
  } catch (fault) {
    throw new Problem(`${given}: neither ${form} nor a file that can be read (${fault.code})`);
  }
  const lines = text.split("\n").map((line) => line.trim());
  const keys = lines.filter((line) => line && !line.startsWith("#")).map((line) => line.split(/\s/)[0]);
  if (keys.length === 0) throw new Problem(`${given}: holds no key`);
  return keys;
}

/** The bytes of a file of statements. */
function statementsOf(given) {
  try {
    return readFileSync(given);
  } catch (fault) {
    throw new Problem(`${given}: cannot be read: ${fault.code}`);
  }
}

function counted(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** A report in a few lines for people. */
function told(name, report) {
  const { result, claims, counts, findings } = report;
  const verdict = { verified: "verified", failed: "NOT verified", unreadable: "could not be checked" };
  const size = result === "unreadable" ? "" : ` (${counted(counts.nodes, "node")}, ${counted(counts.calls, "call")})`;
  const lines = [`${name}: ${verdict[result] ?? `intact, but ${summary(report)}`}${size}`];
  const row = (label, text) => lines.push(`  ${label.padEnd(11)} ${text}`);
  if (result !== "unreadable") {
    for (const [claim, { answer, reason }] of Object.entries(claims)) row(claim, `${answer}, ${reason}`);
  }
  for (const { of, origin, index, size, log, cosignatures } of report.logs) {
    const seen = cosignatures.map(({ witness, time }) => `, seen by ${witness.split("+")[0]} not later than ${time}`);
    row("log", `${of}: entry ${index} of ${size} in ${origin}${log === null ? ", which is not pinned" : seen.join("")}`);
  }
  const shown = findings.slice(0, SHOWN_FINDINGS);
  for (const { code, node, message } of shown) {
    row("found", `${code}: ${node === null ? "" : `node ${node}: `}${message}`);
  }
  const left = findings.length - shown.length + report.omitted;
  if (left) row("", `and ${left} more; --json lists them`);
  return lines.join("\n");
}

/** Judge one file; null where it cannot be opened or read. */
async function judge(name, options) {
  const source = name === "-" ? process.stdin : createReadStream(name, { highWaterMark: CHUNK });
  try {
    return await verify(source, options);
  } catch (fault) {
    if (fault?.syscall === undefined) throw fault;
    say(`${name}: cannot be read: ${fault.code}`);
    return null;
  }
}

const VALUED = new Set(["--root", "--statements", "--log", "--witness", "--quorum", "--require"]);

// A key may begin with a hyphen: what stands behind an option that takes a value is its value.
function withValues(given) {
  const args = [];
  for (let i = 0; i < given.length; i++) {
    if (given[i] === "--") return args.concat(given.slice(i));
    const joins = VALUED.has(given[i]) && i + 1 < given.length;
    args.push(joins ? `${given[i]}=${given[++i]}` : given[i]);
  }
  return args;
}

async function main(given) {
  let parsed;
  try {
    parsed = parseArgs({
      args: withValues(given),
      allowPositionals: true,
      options: {
        root: { type: "string", multiple: true, default: [] },
        statements: { type: "string", multiple: true, default: [] },
        log: { type: "string", multiple: true, default: [] },
        witness: { type: "string", multiple: true, default: [] },
        quorum: { type: "string", default: "1" },
        require: { type: "string", multiple: true, default: [] },
        "allow-unknown-signer": { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (fault) {
    throw new Problem(fault.message);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (positionals.length === 0) throw new Problem("expected a FILE, or - for stdin; see --help");
  const options = {
    roots: values.root.flatMap(rootsOf),
    statements: values.statements.map(statementsOf),
    logs: values.log.flatMap(partiesOf),
    witnesses: values.witness.flatMap(partiesOf),
    quorum: Number(values.quorum),
    require: values.require.flatMap((names) => names.split(",").map((name) => name.trim())),
    allowUnknownSigner: values["allow-unknown-signer"],
  };
  const reports = [];
  for (const name of positionals) {
    const report = await judge(name, options);
    if (report && !values.json) process.stdout.write(`${told(name === "-" ? "stdin" : name, report)}\n`);
    reports.push(report);
  }
  if (values.json) {
    process.stdout.write(`${JSON.stringify(reports.length > 1 ? reports : reports[0], null, 2)}\n`);
  }
  const codes = reports.map((report) => report?.exit_code ?? 2);
  return WORST_FIRST.find((code) => codes.includes(code));
}

// A module that is imported does nothing; a command is often called through a link.
if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (fault) {
    if (!(fault instanceof Problem || fault instanceof RangeError)) throw fault;
    say(fault.message);
    process.exitCode = 2;
  }
}
