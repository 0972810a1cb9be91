# The suites that judge an implementation from outside: Connect conformance and h2spec.
long_form=""

short() {
  build release
  counted "Connect conformance suites, server and client" "$PINTLE_ROOT/tests/conformance/connect"
  counted "h2spec, plain and strict" "$PINTLE_ROOT/tests/conformance/h2spec"
}
