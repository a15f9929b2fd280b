# What scripts/serve and scripts/test share: finding or installing the tools they need. Sourced, not run.
# Installs only what is missing, says so, and gives up with one clear sentence where it can't.

say() { printf '%s\n' "$*" >&2; }

give_up() {
  say "$0: $*"
  exit 2
}

# system_package COMMAND PACKAGE...: makes COMMAND available from the system's packages.
system_package() {
  local command=$1
  shift
  command -v "$command" >/dev/null 2>&1 || install_packages "$command" "$@"
}

# install_packages WHAT PACKAGE...: the system's packages, for WHAT.
install_packages() {
  local command=$1
  shift
  command -v apt-get >/dev/null 2>&1 ||
    give_up "'$command' is missing. Install it with your package manager (Debian calls it: $*), then run this again."
  [ "$(id -u)" -eq 0 ] ||
    give_up "'$command' is missing, and only root may install it. Run: sudo apt-get install $*"
  say "Installing $* ..."
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# A C compiler and linker, for the crates with C inside (SQLite, aws-lc).
need_c() {
  system_package cc build-essential
}

# cargo, by rustup, which then fetches the toolchain that rust-toolchain.toml pins.
need_rust() {
  command -v cargo >/dev/null 2>&1 || PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
  if ! command -v cargo >/dev/null 2>&1; then
    system_package curl curl ca-certificates
    say "Installing Rust for this user by rustup ..."
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
      sh -s -- -y --quiet --profile minimal --default-toolchain none --no-modify-path >&2 ||
      give_up "Rust could not be installed. Install it as https://rustup.rs says, then run this again."
  fi
  cargo --version >/dev/null ||
    give_up "cargo does not start. The version that rust-toolchain.toml pins must be installed: see https://rustup.rs"
}

# Node.js and npm, which build the Studio and run the stock Yjs clients of the tests.
need_node() {
  system_package node nodejs npm
  system_package npm npm
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
    give_up "Node.js $(node --version) is too old: the Studio's build needs 20.19 or newer. Install it as https://nodejs.org says, then run this again."
}

# npm_install FOLDER: what its lock file names. npm ci starts from nothing, so only when that changed.
npm_install() {
  local folder=$1
  cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed" && return
  (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error >&2)
  cp "$folder/package-lock.json" "$folder/node_modules/.installed"
}

# The Studio's page, which becomes part of the binary. Built only when something that goes into it changed: a
# new build of it is a new build of the binary.
build_studio() {
  local folder=client-protocol now
  npm_install "$folder"
  now=$(cd "$folder" && find src studio package-lock.json tables.json -path studio/dist -prune -o -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
  [ -f "$folder/studio/dist/index.html" ] && [ "$now" = "$(cat "$folder/node_modules/.studio" 2>/dev/null)" ] && return
  say "Building the Studio ..."
  npm --prefix "$folder" run --silent build --workspace studio >&2
  printf '%s\n' "$now" >"$folder/node_modules/.studio"
}

# Python with its own environments, for the tool that holds the API against its description.
need_python() {
  python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || install_packages "python3 with venv" python3 python3-venv
}

# python_tools FOLDER REQUIREMENTS: an environment with exactly these packages, checked by their hashes.
python_tools() {
  local folder=$1 wanted=$2
  cmp -s "$wanted" "$folder/.installed" && return
  rm -rf "$folder"
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$wanted" >&2
  cp "$wanted" "$folder/.installed"
}

# Chromium, which the browser tests drive.
need_chromium() {
  system_package chromium chromium
}
