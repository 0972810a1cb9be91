# Clients that ask for much and read little, and floods of bad tokens: the server keeps its bounds, and a neighbour notices nothing.
long_form="the crowd of 100 connections with 100 calls each, and the floods of 100"

short() {
  build release
  counted "slow readers, a small crowd" "$PINTLE_ROOT/tests/attacks/run"
  counted "floods of bad tokens, 20 connections" "$PINTLE_ROOT/tests/attacks/tokens"
}

long() {
  counted "slow readers, the whole crowd" "$PINTLE_ROOT/tests/attacks/run" --full
  counted "floods of bad tokens, 100 connections" "$PINTLE_ROOT/tests/attacks/tokens" --full
}
