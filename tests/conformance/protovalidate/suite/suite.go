//go:build tools

// Package suite pins protovalidate's conformance suite: go.mod says which version, go.sum what it holds.
package suite

import _ "github.com/bufbuild/protovalidate/tools/protovalidate-conformance"
