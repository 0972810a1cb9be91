// What a server keeps on one loop: its connections there, and the calls that it pools. No locks: one thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <pintle/async/cancel.hpp>
#include <pintle/base/log_limit.hpp>
#include <pintle/rpc/inspect.hpp>
#include <pintle/rpc/layer_call.hpp>
#include <pintle/server/dialect/grpc_call.hpp>
#include <pintle/server/internal/call_pool.hpp>
#include <pintle/server/internal/router.hpp>
#include <pintle/server/options.hpp>
#include <pintle/transport/connection.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle::server {

class ServerCall;

class LoopServer final : public ExceptionPolicy, transport::ConnectionOwner {
 public:
  LoopServer(Loop& loop, const Router& router, const ServerOptions& options);
  ~LoopServer();

  // `acceptor` outlives the connection.
  void serve(std::unique_ptr<net::ByteStream> stream, transport::Acceptor& acceptor);
  // A new request: its call, of one of the selected methods.
  transport::Exchange& accept(transport::Connection& connection, const transport::Headers* fields,
                              const Selection& among);
  // A graceful end for every connection, also for those that come later. `done` is called when none of those that were
  // there is left and every handler has returned: clients that come again as fast as they are told hold nothing up.
  void drain(Duration patience, std::function<void()> done);
  // The end of the grace time: cancels the calls that still run, closes what is left.
  void abort();

  Loop& loop() { return loop_; }
  const ServerOptions& options() const { return options_; }
  const GrpcCall::Shared& grpc() const { return grpc_; }
  const LoopLoad& load() const { return load_; }
  // A call that waited for its turn has it now.
  void started() {
    --load_.waiting;
    ++load_.running;
  }
  // Null: nobody counts.
  MemoryAccount* memory() { return memory_ ? &memory_->account() : nullptr; }
  CancelScope* scope() { return &scope_; }
  CancelScope* draining() { return &draining_; }
  void recycle(ServerCall& call, bool succeeded);
  LoopServerReport report() const;
  // Any thread.
  std::size_t connections() const { return open_connections_.load(std::memory_order_relaxed); }

 private:
  // An exception's text stays in the log: it may hold what a client must not see.
  Status status_of(const LayerCall& call, const std::exception_ptr& exception) noexcept override;
  Status unexpected(const LayerCall& call, const std::exception_ptr& exception,
                    const ExceptionVerdict* verdict) noexcept;
  void on_ready(transport::Connection&) override {}
  void on_draining(transport::Connection&) override {}
  void on_capacity(transport::Connection&) override {}
  void on_too_many_pings(transport::Connection&) override {}
  void on_closed(transport::Connection& connection, std::string_view reason) override;
  void check_drained();
  Duration varied_age();
  void report_shed(std::size_t streams, std::size_t connections, std::size_t bytes);

  Loop& loop_;
  const Router& router_;
  const ServerOptions& options_;
  std::optional<transport::MemoryGuard> memory_;  // before all that charges it
  CancelScope scope_;                             // of all calls: the end of the grace time
  CancelScope draining_;                          // notice for long streams
  GrpcResponder responder_;
  GrpcCall::Shared grpc_{responder_, loop_, options_.max_receive_message, options_.compression};
  LoopLoad load_;  // handlers whose frames live, and calls that have not begun
  CallPool calls_;
  std::vector<std::unique_ptr<transport::Connection>> connections_;
  std::atomic<std::size_t> open_connections_ = 0;  // their number, for other threads
  std::size_t late_connections_ = 0;
  bool is_draining_ = false;
  std::function<void()> drained_;
  std::uint64_t calls_done_ = 0, calls_failed_ = 0;
  std::uint64_t errors_ = 0;
  LogLimit strangers_, overloads_;
};

}  // namespace pintle::server
