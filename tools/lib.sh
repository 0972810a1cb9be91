# Shell functions that run, test and the tools share. To be sourced by bash; it changes no options of the shell.

PINTLE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PINTLE_CACHE=${PINTLE_CACHE:-$HOME/.cache/pintle}
export PINTLE_ROOT PINTLE_CACHE
mkdir -p "$PINTLE_CACHE"

# Another clone of the tree, or CI's, hits the same cache entries.
export CCACHE_DIR=${CCACHE_DIR:-$PINTLE_CACHE/ccache}
export CCACHE_BASEDIR=$PINTLE_ROOT CCACHE_NOHASHDIR=1
export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-8G}

say() { printf '\n== %s\n' "$*"; }
note() { printf '   %s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    complain "this step needs root and there is no sudo: $*"
    return 1
  fi
}

# missing_packages NAME...: prints those that dpkg doesn't know as installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
  printf '%s\n' "$@" | grep -vxF -f <(printf '%s\n' "$installed") || true
}

# install_packages NAME...: installs what is missing; says nothing and takes a tenth of a second when nothing is.
install_packages() {
  local missing log=$PINTLE_CACHE/apt.log
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -eq 0 ] && return 0
  note "installing ${#missing[@]} Debian packages: ${missing[*]}"
  if ! { as_root apt-get update -q &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    complain "apt-get failed; the whole log is in $log"
    return 1
  fi
}

# package_list LIST...: the names in tools/packages/LIST.txt.
package_list() {
  local list
  for list in "$@"; do
    sed 's/#.*//' "$PINTLE_ROOT/tools/packages/$list.txt" | tr -s ' \t' '\n' | sed '/^$/d'
  done
}

# pinned NAME-VERSION FUNCTION: a folder under the cache, made once by FUNCTION FOLDER. Prints the folder. Two callers at
# the same time wait for one another; a half made folder is made again.
pinned() {
  local folder=$PINTLE_CACHE/$1 log=$PINTLE_CACHE/$1.log
  (
    flock 9
    [ -e "$folder/.complete" ] && exit 0
    complain "   making $1 (log: $log)"
    rm -rf "$folder"
    mkdir -p "$folder"
    # In a shell of its own, because -e is off inside a condition.
    if bash -euo pipefail -c "$(declare -f)"$'\n''"$@"' _ "$2" "$folder" >"$log" 2>&1; then
      touch "$folder/.complete"
    else
      tail -n 20 "$log" >&2
      complain "making $1 failed; the whole log is in $log"
      exit 1
    fi
  ) 9>"$folder.lock" || return 1
  printf '%s\n' "$folder"
}

# version_of PATH...: what the content of those files and folders of the tree is known by, for what is made from them.
version_of() {
  (cd "$PINTLE_ROOT" && find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | head -c 12)
}

seconds_text() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }
