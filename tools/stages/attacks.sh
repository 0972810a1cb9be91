# Clients that ask for much and read little: the items service stays within its memory budget, and a neighbour notices nothing.
long_form="the crowd of 100 connections with 100 calls each"

short() {
  build release
  counted "slow readers, a small crowd" "$PINTLE_ROOT/tests/attacks/run"
}

long() {
  counted "slow readers, the whole crowd" "$PINTLE_ROOT/tests/attacks/run" --full
}
