// What a service needs to be served: the server, the contract of its handlers, and the loops that it runs on.
#pragma once

#include <pintle/async/runtime.hpp>
#include <pintle/net/address.hpp>
#include <pintle/rpc/call.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/rpc/reader_writer.hpp>
#include <pintle/server/server.hpp>
