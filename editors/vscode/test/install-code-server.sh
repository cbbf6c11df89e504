#!/bin/sh
# Installs code-server, the VS Code that the test drives in a browser, into a cache; prints where.
# What its own install scripts would download comes from Debian instead, so that the package registries are enough.
set -eu

VERSION=4.100.3
HOME_OF_IT="${SFM2_EDITOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sfm2-editors}/code-server-$VERSION"
MARKER="$HOME_OF_IT/.installed-1"
LOG="$HOME_OF_IT/install.log"

if [ -e "$MARKER" ]; then
  echo "$HOME_OF_IT"
  exit 0
fi

say() { echo "install-code-server: $*" >&2; }

case "$(node --version 2>/dev/null)" in
  v20.*) ;;
  "") say "there is no node; code-server $VERSION needs Node 20 (Debian: apt-get install nodejs npm)"; exit 1 ;;
  *) say "node is $(node --version), code-server $VERSION needs Node 20"; exit 1 ;;
esac

# What is missing, as the Debian packages that bring it.
missing=""
need() { eval "$2" >/dev/null 2>&1 || missing="$missing $1"; }
find_missing() {
  missing=""
  need npm "command -v npm"
  need python3 "command -v python3"
  need make "command -v make"
  need g++ "command -v g++"
  need pkg-config "command -v pkg-config"
  need ripgrep "command -v rg"
  need libkrb5-dev "command -v krb5-config"
  need libsecret-1-dev "pkg-config --exists libsecret-1"
}

find_missing
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  say "apt-get install$missing"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing; } >"${TMPDIR:-/tmp}/install-code-server-apt.log" 2>&1 ||
    say "apt-get failed; see ${TMPDIR:-/tmp}/install-code-server-apt.log"
  find_missing
fi
if [ -n "$missing" ]; then
  say "missing:$missing. On Debian: apt-get install$missing"
  exit 1
fi

mkdir -p "$HOME_OF_IT"
exec 3>&1 >"$LOG" 2>&1
trap 'status=$?; [ $status = 0 ] || { tail -n 15 "$LOG"; echo "install-code-server: failed; all of it is in $LOG"; } >&3; exit $status' EXIT

# Node's headers: where npm is told they are, else Debian's, else node-gyp looks for them itself.
if [ -z "${npm_config_nodedir:-}" ] && [ -e /usr/include/node/node.h ]; then
  export npm_config_nodedir=/usr
fi

npm_install() { npm install --ignore-scripts --no-audit --no-fund "$@"; }

cd "$HOME_OF_IT"
[ -e package.json ] || echo '{"private": true}' > package.json
npm_install "code-server@$VERSION" node-gyp@12
CODE_SERVER="$HOME_OF_IT/node_modules/code-server"
VSCODE="$CODE_SERVER/lib/vscode"

cd "$VSCODE"
npm_install --omit=dev
cd "$VSCODE/extensions"
npm_install --omit=dev

# The script of node-pty calls npx for node-gyp; the one above must do.
export PATH="$HOME_OF_IT/node_modules/.bin:$PATH" npm_config_yes=true
cd "$VSCODE"
npm rebuild node-pty @vscode/spdlog native-watchdog @parcel/watcher @vscode/sqlite3 kerberos
cd "$HOME_OF_IT"
npm rebuild argon2

# The script of @vscode/ripgrep would download this.
mkdir -p "$VSCODE/node_modules/@vscode/ripgrep/bin"
ln -sf "$(command -v rg)" "$VSCODE/node_modules/@vscode/ripgrep/bin/rg"
ln -sfn node_modules "$VSCODE/node_modules.asar"

node "$CODE_SERVER/out/node/entry.js" --version
touch "$MARKER"
echo "$HOME_OF_IT" >&3
