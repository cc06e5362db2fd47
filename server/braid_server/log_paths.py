"""Where a server has its log, and what is below that: as C2SP tlog-tiles names it (docs/log.md)."""

LOG_PATH = "/braid/log"
# Beside `tile/…`, the names of what a log shows.
CHECKPOINT, KEY = "checkpoint", "vkey"
COSIGNATURES = "cosignatures"  # where they are handed in
