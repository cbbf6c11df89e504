#!/bin/sh
# The packaged extension in a real VS Code in a browser, on real weights. SFM2_SCREENSHOTS=folder keeps pictures.
set -eu
cd "$(dirname "$0")/.."

SFM2_CODE_SERVER="$(test/install-code-server.sh)"
for part in ../../clients/js ../core .; do
  [ -d "$part/node_modules" ] || (cd "$part" && npm ci --no-audit --no-fund)
done
npm run --silent package
SFM2_VSIX="$PWD/dist/sfm2.vsix"
SFM2_PYTHON="${SFM2_PYTHON:-$PWD/../../.venv/bin/python}"
export SFM2_CODE_SERVER SFM2_VSIX SFM2_PYTHON
[ -z "${SFM2_SCREENSHOTS:-}" ] || { mkdir -p "$SFM2_SCREENSHOTS"; SFM2_SCREENSHOTS="$(cd "$SFM2_SCREENSHOTS" && pwd)"; export SFM2_SCREENSHOTS; }
exec node --import tsx --test --test-concurrency=1 --test-reporter=spec "$@" test/editor/*.test.ts
