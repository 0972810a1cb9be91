// What a caller needs: channels, what may be said of a call, streams, and sync_wait() for threads that are no loops.
#pragma once

#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/rpc/call_options.hpp>
#include <pintle/rpc/client_stream.hpp>
