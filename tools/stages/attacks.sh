# Clients that ask for much and read little, floods of bad tokens, twice the load that a server can bear: it keeps its bounds, and a
# neighbour notices nothing.
long_form="the crowd of 100 connections with 100 calls each, the floods of 100, and a longer overload"

short() {
  build release
  counted "slow readers, a small crowd" "$PINTLE_ROOT/tests/attacks/run"
  counted "floods of bad tokens, 20 connections" "$PINTLE_ROOT/tests/attacks/tokens"
  counted "twice the capacity" "$PINTLE_ROOT/build/release/bin/overload"
}

long() {
  counted "slow readers, the whole crowd" "$PINTLE_ROOT/tests/attacks/run" --full
  counted "floods of bad tokens, 100 connections" "$PINTLE_ROOT/tests/attacks/tokens" --full
  counted "twice the capacity, for longer" "$PINTLE_ROOT/build/release/bin/overload" --full
}
