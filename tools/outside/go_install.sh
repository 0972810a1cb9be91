# To be sourced after lib.sh. go_install FOLDER PACKAGE@VERSION...: builds the commands into FOLDER. Downloads and build
# cache lie under Pintle's cache; a toolchain is never downloaded behind our back.
go_install() {
  local folder=$1 go
  shift
  go=$("$PINTLE_ROOT/tools/outside/go")
  GOBIN=$folder GOPATH=$PINTLE_CACHE/go GOCACHE=$PINTLE_CACHE/go-build GOTOOLCHAIN=local GOFLAGS=-modcacherw \
    CGO_ENABLED=0 "$go" install "$@"
}
