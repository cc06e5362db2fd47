// The page: takes files, asks the verifier above, and shows what it says. Text only, never markup.

const byId = (id) => document.getElementById(id);
const SHOWN_FINDINGS = 200;
const VERDICTS = {
  verified: "Verified: intact, and signed under a root you trust",
  anyone: "Intact, by a signer you do not know: you asked for any",
  failed: "NOT verified: something was changed, or was never right",
  unmet: "Intact, but short of what you asked for",
  unreadable: "Could not be checked",
};
const MEANINGS = {
  sealed: "sealed: nothing was cut off at the end",
  closed: "closed: sealed, or its root says that nothing was cut off",
  unerased: "unerased: no words were taken out",
  context: "context: what each model was shown can be listed",
  history: "history: no call carries a history finding",
  logged: "logged: it stands in a log you trust",
  witnessed: "witnessed: witnesses you trust saw that log",
};

function make(tag, text = "", ...children) {
  const element = document.createElement(tag);
  element.textContent = text;
  element.append(...children);
  return element;
}

function row(cell, ...texts) {
  return make("tr", "", ...texts.map((text) => make(cell, text)));
}

function tableOf(names, rows) {
  const head = make("thead", "", row("th", ...names));
  return make("table", "", head, make("tbody", "", ...rows.map((texts) => row("td", ...texts))));
}

function shown(name, report) {
  const { result, counts, claims, findings, root, issuer, braid } = report;
  const article = make("article", "", make("h2", name));
  article.className = result;
  const unknown = result === "verified" && claims.signer.answer !== "yes";
  const verdict = make("p", VERDICTS[unknown ? "anyone" : result]);
  verdict.className = "verdict";
  article.append(verdict);
  if (report.unmet.length && result === "unmet") {
    article.append(make("p", `Not met: ${report.unmet.join(", ")}.`));
  }
  if (result !== "unreadable") {
    article.append(
      make("p", `Nodes: ${counts.nodes}, calls: ${counts.calls}, braid: ${braid ?? "unknown"}`),
      make("p", root ? `Certified by root ${root}${issuer ? `, which calls itself ${issuer}` : ""}` : "No valid certificate"),
      tableOf(["claim", "answer", "why"], Object.entries(claims).map(([claim, { answer, reason }]) => [claim, answer, reason])),
    );
  }
  if (report.logs.length) {
    const rows = report.logs.map(({ of, origin, index, size, log, cosignatures }) => [
      of, origin, `entry ${index} of ${size}`, log === null ? "not pinned: nobody's word" : "pinned",
      cosignatures.map(({ witness, time }) => `${witness.split("+")[0]}, not later than ${time}`).join("; "),
    ]);
    article.append(make("h2", "Transparency logs"), tableOf(["what", "log", "where", "trusted", "seen by"], rows));
  }
  if (findings.length) {
    const rows = findings.slice(0, SHOWN_FINDINGS).map(({ code, node, message }) => [code, node ?? "file", message]);
    article.append(make("h2", "Findings"), tableOf(["code", "node", "what"], rows));
    const left = findings.length - rows.length + report.omitted;
    if (left) article.append(make("p", `and ${left} more`));
  }
  const listed = { ...report, findings: findings.slice(0, SHOWN_FINDINGS) };
  article.append(make("details", "", make("summary", "The report as JSON"), make("pre", JSON.stringify(listed, null, 2))));
  return article;
}

const linesOf = (id) => byId(id).value.split(/\s+/).filter(Boolean);

function asked() {
  const boxes = [...document.querySelectorAll("#require input:checked")];
  return {
    roots: linesOf("roots"),
    statements: byId("statements").value.split("\n").map((line) => line.trim()).filter(Boolean),
    logs: linesOf("logs"),
    witnesses: linesOf("witnesses"),
    quorum: Number(byId("quorum").value),
    require: boxes.map((box) => box.value).filter((name) => name !== "anyone"),
    allowUnknownSigner: boxes.some((box) => box.value === "anyone"),
  };
}

async function check(files) {
  for (const file of files) {
    const onProgress = (bytes) => {
      byId("progress").textContent = `${file.name}: ${Math.floor((bytes / Math.max(1, file.size)) * 100)} %`;
    };
    try {
      byId("reports").prepend(shown(file.name, await verify(file, { ...asked(), onProgress })));
    } catch (fault) {
      byId("reports").prepend(make("p", `${file.name}: not checked: ${fault.message}`));
    }
    byId("progress").textContent = "";
  }
}

for (const [name, meaning] of [...Object.entries(MEANINGS), ["anyone", "any signer will do"]]) {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.value = name;
  byId("require").append(make("label", "", box, ` ${meaning}`));
}
for (const kind of ["dragover", "dragleave", "drop"]) {
  // Everywhere: a file dropped beside the frame must not replace the page.
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    byId("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") check([...event.dataTransfer.files]);
  });
}
byId("file").addEventListener("change", async (event) => {
  await check([...event.target.files]);
  event.target.value = "";
});
if (!globalThis.crypto?.subtle) {
  byId("unable").hidden = false;
  byId("unable").textContent = "This browser offers no WebCrypto here: open the page over https, or save it and open it from disk.";
  byId("file").disabled = true;
}
document.documentElement.dataset.ready = "yes";
