// Verifies what comes on stdin and says, on a line of JSON, what was found and the memory it took.
import { readFileSync } from "node:fs";

import { verify } from "../../verifier/braid_verifier/js/braid-verifier.mjs";

const { result, findings, omitted, counts } = await verify(process.stdin, {});
process.stdin.destroy();
const peak = /VmHWM:\s*(\d+) kB/.exec(readFileSync("/proc/self/status", "utf-8"));
const found = { result, first: findings[0]?.code, findings: findings.length, omitted, nodes: counts.nodes };
process.stdout.write(JSON.stringify({ ...found, mib: Number(peak[1]) / 1024 }) + "\n");
