# The numbered properties of the requirements, at least 100 random cases each, under ASan and UBSan.
long_form="2 000 random cases for each property"

short() {
  build asan
  ctest_cases asan -L '^property$'
}

long() {
  RC_PARAMS="max_success=2000" ctest_cases asan -L '^property$'
}
