# The suites that judge an implementation from outside: Connect conformance, h2spec, testssl.sh and sslscan.
long_form="all that testssl.sh can do"

short() {
  build release
  counted "Connect conformance suites, server and client" "$PINTLE_ROOT/tests/conformance/connect"
  counted "h2spec, h2c and TLS, plain and strict" "$PINTLE_ROOT/tests/conformance/h2spec"
  counted "protovalidate's conformance suite" "$PINTLE_ROOT/tests/conformance/protovalidate/run"
  counted "Wycheproof's vectors of JOSE" "$PINTLE_ROOT/tests/conformance/jose/run"
  counted "testssl.sh and sslscan, ECDSA and RSA" "$PINTLE_ROOT/tests/conformance/tls"
}

long() {
  counted "testssl.sh, everything" "$PINTLE_ROOT/tests/conformance/tls" --full
}
