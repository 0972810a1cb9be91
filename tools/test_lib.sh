# What the stages of ./test are made of. To be sourced after lib.sh; RESULTS is the folder for tallies and logs, STAGE the
# stage that is running.

# tally PASSED FAILED: adds to the counts of the stage.
tally() { printf '%s %s\n' "$1" "$2" >>"$RESULTS/$STAGE.tally"; }

# failure NAME: notes one failed test by name; the summary lists them.
failure() { printf '%s\n' "$1" >>"$RESULTS/$STAGE.failed"; }

# check NAME COMMAND...: one test; its output is shown when it fails.
check() {
  local name=$1 log=$RESULTS/$STAGE-${1//[^A-Za-z0-9]/_}.log
  shift
  note "$name"
  if "$@" >"$log" 2>&1; then
    tally 1 0
  else
    tail -n 60 "$log" | sed 's/^/     /'
    note "FAILED: $name (log: ${log#"$PINTLE_ROOT"/})"
    tally 0 1
    failure "$name"
  fi
}

# counted NAME COMMAND...: a runner that prints `N passed, N failed` last; its cases are added up.
counted() {
  local name=$1 log=$RESULTS/$STAGE-${1//[^A-Za-z0-9]/_}.log code line passed failed
  shift
  note "$name"
  "$@" 2>&1 | tee "$log" | sed -u 's/^/     /'
  code=${PIPESTATUS[0]}
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
  passed=$(sed -E 's/^([0-9]+) passed.*/\1/' <<<"${line:-0 passed}")
  failed=$(sed -E 's/.* ([0-9]+) failed.*/\1/' <<<"${line:-, 0 failed}")
  if [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then
    failed=1
  fi
  tally "$passed" "$failed"
  [ "$failed" -eq 0 ] || failure "$name: $failed failed (log: ${log#"$PINTLE_ROOT"/})"
}

# progress LOG: copies stdin to the log and says every 20 seconds how far the build is.
progress() {
  local line next=$((SECONDS + 20))
  while IFS= read -r line; do
    printf '%s\n' "$line" >&3
    if [ "$SECONDS" -ge "$next" ] && [[ $line =~ ^\[[0-9]+/[0-9]+\] ]]; then
      note "  ${BASH_REMATCH[0]}"
      next=$((SECONDS + 20))
    fi
  done 3>"$1"
}

# build PRESET [TARGET...]: configures and builds, everything without a target; counts only when it fails. What can be built is
# built even when something else can't, so that one broken file doesn't hide the tests of the others.
build() {
  local preset=$1 log=$RESULTS/$STAGE-build-$1.log begun=$SECONDS
  shift
  note "building $preset: ${*:-everything}"
  if ! (cd "$PINTLE_ROOT" && cmake --preset "$preset") >"$log.configure" 2>&1; then
    tail -n 30 "$log.configure" | sed 's/^/     /'
    tally 0 1
    failure "cmake --preset $preset (log: ${log#"$PINTLE_ROOT"/}.configure)"
    return 1
  fi
  local targets=()
  [ $# -eq 0 ] || targets=(--target "$@")
  if ! (cd "$PINTLE_ROOT" && cmake --build --preset "$preset" "${targets[@]}" -- -k 0 2>&1 | progress "$log" && exit "${PIPESTATUS[0]}"); then
    grep -E '^FAILED:|error:' "$log" | head -n 40 | sed 's/^/     /'
    tally 0 1
    failure "building $preset (log: ${log#"$PINTLE_ROOT"/})"
    return 1
  fi
  note "built in $(seconds_text $((SECONDS - begun)))"
}

# ctest_cases PRESET CTEST_ARGUMENT...: runs the chosen ctests of build/PRESET and counts their cases.
ctest_cases() {
  local preset=$1 folder=$RESULTS/gtest-$STAGE junit=$RESULTS/$STAGE-ctest.xml counts
  shift
  rm -rf "$folder" "$junit"
  mkdir -p "$folder"
  (cd "$PINTLE_ROOT" && GTEST_OUTPUT=xml:$folder/ ctest --test-dir "build/$preset" -j "$(nproc)" --output-on-failure \
    --no-tests=error --output-junit "$junit" "$@" 2>&1) | sed -u 's/^/     /'
  if ! counts=$("$PINTLE_ROOT/tools/count_tests" "$junit" "$folder"); then
    tally 0 1
    failure "ctest $* in build/$preset ran nothing"
    return 1
  fi
  # shellcheck disable=SC2086
  tally $(head -n 1 <<<"$counts")
  tail -n +2 <<<"$counts" | sed '/^$/d' >>"$RESULTS/$STAGE.failed"
}
