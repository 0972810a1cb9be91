// Header fields as the rooms above the transport see them, whatever version of HTTP carried them.
#pragma once

#include <pintle/http2/header.hpp>
#include <pintle/http2/hpack/encoder.hpp>

namespace pintle::transport {

using http2::Annotation;
using http2::HeaderField;
using Headers = http2::HeaderList;
using http2::Indexing;
using http2::OutField;
using http2::PreparedBlock;
using http2::Token;

}  // namespace pintle::transport
