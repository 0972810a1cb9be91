# Servers that are killed and stopped, ways that lose, delay and reset, one slow server of three: ledgers of both sides agree.
long_form="500 kills, 30 s of silence, 60 s of storms and of calls let go, 100 000 channels, more lost packets"

short() {
  build release
  counted "chaos" "$PINTLE_ROOT/tests/chaos/run"
}

long() {
  counted "chaos, the long form" "$PINTLE_ROOT/tests/chaos/run" --full
}
