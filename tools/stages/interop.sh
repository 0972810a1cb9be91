# Clients and servers of others: gRPC's interop cases both ways; the items service under grpcurl, buf curl, ghz and kill -9.
long_form="soaks of 10 000 iterations with grpc-go, SIGTERM a hundred times"

short() {
  build release
  counted "interop cases with grpc-go, gRPC C++, grpc-js and grpcio" "$PINTLE_ROOT/tests/interop/run"
  counted "a server that breaks off, pings and pads" "$PINTLE_ROOT/tests/interop/negative/run"
  counted "the items service, called by grpcurl, buf curl and ghz" "$PINTLE_ROOT/tests/interop/items/run"
  counted "the items service, looked at by grpcurl, grpc-health-probe, promtool and Prometheus" \
    "$PINTLE_ROOT/tests/interop/operators/run"
  counted "SIGTERM under load, with a ledger" "$PINTLE_ROOT/tests/interop/drain/run"
  counted "certificates replaced under load" "$PINTLE_ROOT/tests/reload/run"
  counted "what the items service acknowledged survives kill -9" "$PINTLE_ROOT/tests/durability/run"
}

long() {
  counted "soaks of 10 000 iterations with grpc-go" "$PINTLE_ROOT/tests/interop/run" --full --only _soak
  counted "SIGTERM a hundred times under load, with a ledger" "$PINTLE_ROOT/tests/interop/drain/run" --full
}
