# To be sourced after lib.sh. Downloads and build cache lie under Pintle's cache; a toolchain is never downloaded behind our
# back.

# go_run ARGUMENT...: the Go tool.
go_run() {
  local go
  go=$("$PINTLE_ROOT/tools/outside/go")
  GOPATH=$PINTLE_CACHE/go GOCACHE=$PINTLE_CACHE/go-build GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0 "$go" "$@"
}

# go_install FOLDER PACKAGE@VERSION...: builds the commands into FOLDER.
go_install() {
  local folder=$1
  shift
  GOBIN=$folder go_run install "$@"
}
