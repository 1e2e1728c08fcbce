#!/usr/bin/env bash
# One pass by hand: snapshot, deltas, features, lexical features. Run it where .env is.
set -euo pipefail
scripts="$(dirname "$0")"
for step in collector build_deltas build_features build_lex_features; do
  "${PYTHON:-python3}" "$scripts/$step.py"
done
