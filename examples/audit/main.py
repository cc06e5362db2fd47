"""A step of an audit: pin a root, refuse what does not verify, say what was and was not checked.

python examples/audit/main.py TRANSCRIPT ROOT_KEY
"""

from __future__ import annotations

import sys

from braid_verifier import NotVerified, Policy, verify


def main(path: str, root: str) -> None:
    policy = Policy(require={"sealed", "context", "unerased"})
    with open(path, "rb") as transcript:
        report = verify(transcript, policy, roots=[root])
    for name, claim in report.claims.items():
        print(f"{name:<12} {claim.answer:<12} {claim.reason}")
    for finding in report.findings:
        print(f"{finding.severity}: {finding.code}: {finding.message}")
    try:
        report.require()
    except NotVerified as refusal:
        sys.exit(f"refused: {refusal}")
    print("accepted")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print("usage: python examples/audit/main.py TRANSCRIPT ROOT_KEY", file=sys.stderr)
        sys.exit(2)
    main(*sys.argv[1:])
