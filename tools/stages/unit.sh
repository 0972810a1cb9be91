# The tests of every room under ASan and UBSan, every public header alone, and the checks of the tree itself.
long_form="clang-tidy over every file"

# Whatever isn't another stage's runs here, so that no test is lost for want of a label.
others='^(property|install|interop|bench)$'

short() {
  build asan
  check "each public header compiles alone" cmake --build "$PINTLE_ROOT/build/asan" --target header_checks -- -k 0
  ctest_cases asan -LE "$others"
}

long() {
  build dev || return
  check "clang-tidy over every file" "$PINTLE_ROOT/tools/check_tidy" "$PINTLE_ROOT/build/dev"
}
