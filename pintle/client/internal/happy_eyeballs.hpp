// The first of several addresses that can be connected to, without waiting long for one that says nothing (RFC 8305).
#pragma once

#include <memory>
#include <vector>

#include <pintle/async/task_function.hpp>
#include <pintle/net/address.hpp>
#include <pintle/net/byte_stream.hpp>

namespace pintle::client {

using Connected = Result<std::unique_ptr<net::ByteStream>>;

// The families take turns, that of the first address begins; within a family the order stays (RFC 8305 section 4).
std::vector<net::SockAddress> interleaved(std::vector<net::SockAddress> addresses);

// Begins with the first, and with each next one when the one before has failed, or after `delay` at the latest. The
// first that answers is the result; the others are given up. When all have failed, the status names each and why.
Task<Connected> first_to_connect(std::vector<net::SockAddress> addresses, Duration delay,
                                 TaskFunction<Connected, const net::SockAddress&> connect);

}  // namespace pintle::client
