# The tests that start threads, under TSan.
long_form="each of its tests 20 times"

short() {
  build tsan thread_tests
  ctest_cases tsan -L '^threads$'
}

long() {
  check "the tests labelled threads, 20 times each" \
    ctest --test-dir "$PINTLE_ROOT/build/tsan" -L '^threads$' -j "$(nproc)" --output-on-failure --repeat until-fail:20
}
