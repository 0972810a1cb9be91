# The bench for a moment: that it runs and tells sane numbers, not what they are.
long_form="all rows of the bench, with rounds enough for the ratios"

short() {
  build release
  check "bench/run with one round of four rows" "$PINTLE_ROOT/bench/run" --rounds 1 --subjects pintle,grpc_cpp,floor \
    --rows unary_10x10,tls_unary_10x10,connect_plain,connect_tls
  check "instructions of one unary call, server" "$PINTLE_ROOT/bench/instructions" --no-build --side server
  check "instructions of one unary call, client" "$PINTLE_ROOT/bench/instructions" --no-build --side client
  check "memory of idle connections and open streams" "$PINTLE_ROOT/bench/memory" --no-build
}

long() {
  check "bench/run with all rows" "$PINTLE_ROOT/bench/run" --rows all
}
