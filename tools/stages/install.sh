# Projects of others: one that finds Pintle in an install tree, one that has it as a subdirectory.
long_form=""

short() {
  build release
  counted "consumers of the install tree and of the source tree" "$PINTLE_ROOT/tests/install/run"
}
