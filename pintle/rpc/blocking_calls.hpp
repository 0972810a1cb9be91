// Calls for threads that may block: what generated BlockingStubs are made of.
//
// A call runs on a loop of its channel; the calling thread sleeps until that loop has the answer. Where it can't wait,
// each of these functions gives FAILED_PRECONDITION at once: on a thread that drives a loop, of whatever runtime, so in
// every handler (co_await the asynchronous Stub there; the threads of pintle::blocking() may wait), and when no thread
// drives the channel's loops (its runtime was not started, or has stopped).
//
// What another thread may do meanwhile: make calls of its own, on the same stub too, and end this one through a token
// that was given with CallOptions().cancel_with(token).
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <pintle/async/sync_wait.hpp>
#include <pintle/async/task.hpp>
#include <pintle/rpc/client_stream.hpp>
#include <pintle/rpc/handler.hpp>

namespace pintle {

namespace detail {

template <class Stream>
Task<std::unique_ptr<Stream>> open_in(codegen::Opening<Stream> opening) {
  co_return std::make_unique<Stream>(co_await opening);
}
// The stream outlives the task that opens it, so it hangs below a scope that ends on the loop's thread as well.
template <class Stream>
Task<Result<std::unique_ptr<Stream>>> open_stream(codegen::Opening<Stream> opening) {
  Env env = co_await current_env();
  CancelScope scope;
  env.scope = &scope;
  co_return co_await open_in(std::move(opening)).in(env);
}

// What a call gives that failed: a Status, or a Result of whatever it is.
template <class T>
T failed(Status status) {
  if constexpr (std::is_same_v<T, Status>)
    return status;
  else
    return std::unexpected(std::move(status));
}

// Runs `task` on `loop`. Exceptions of the channel's layers pass.
template <class T>
T call_and_wait(Loop& loop, Task<T> task) {
  if (Status no = may_wait_for(loop); !no.ok()) return failed<T>(std::move(no));
  SyncWait<T> wait;
  wait.run(loop, task);
  if (wait.exception) std::rethrow_exception(wait.exception);
  if (!wait.value) return failed<T>(may_wait_for(loop));
  return std::move(*wait.value);
}

// Owns a stream that lives on its loop: every touch of it goes there.
template <class Stream>
class BlockingStream {
 public:
  BlockingStream(std::shared_ptr<Channel> channel, codegen::Opening<Stream> opening)
      : channel_(std::move(channel)), loop_(&channel_->loop()) {
    auto opened = call_and_wait(*loop_, open_stream(std::move(opening)));
    if (opened)
      stream_ = std::move(*opened);
    else
      refused_ = std::move(opened).error();
  }
  BlockingStream(BlockingStream&&) noexcept = default;
  BlockingStream& operator=(BlockingStream&&) = delete;
  // Letting go of a stream that has not ended cancels the call.
  ~BlockingStream() {
    if (stream_ == nullptr) return;
    // A loop's thread can't wait for the other one. When the runtime has stopped, nobody else touches the stream any
    // more, and it ends here.
    if (!call_and_wait(*loop_, drop(stream_)).ok()) loop_->post([stream = std::move(stream_)] {});
  }

  // Ends the call early; what follows then says CANCELLED. Does nothing on a thread that drives a loop.
  void cancel() { (void)wait(cancelled); }
  // Whether the message that was read last came compressed.
  bool read_compressed() const { return stream_ != nullptr && stream_->call().read_compressed(); }

 protected:
  // Waits for what `touch` does with the stream.
  template <class T, class... Args>
  T wait(Task<T> (*touch)(Stream&, Args...), std::type_identity_t<Args>... args) {
    if (stream_ == nullptr) return failed<T>(refused_);
    return call_and_wait(*loop_, touch(*stream_, args...));
  }

 private:
  static Task<Status> drop(std::unique_ptr<Stream>& stream) {
    stream.reset();
    co_return Status();
  }
  static Task<Status> cancelled(Stream& stream) {
    stream.cancel();
    co_return Status();
  }

  std::shared_ptr<Channel> channel_;
  Loop* loop_;
  std::unique_ptr<Stream> stream_;  // null: it could not be opened
  Status refused_;                  // why
};

template <class Response, class Stream>
Task<Result<const Response*>> read_one(Stream& stream) {
  co_return co_await stream.read();
}
template <class Request, class Stream>
Task<Status> write_one(Stream& stream, const Request& message, WriteOptions options) {
  co_return co_await stream.write(message, options);
}
template <class T, class Stream>
Task<T> finish_one(Stream& stream) {
  co_return co_await stream.finish();
}
template <class Stream>
Task<Status> end_writing(Stream& stream) {
  stream.close_writing();
  co_return Status();
}

}  // namespace detail

// The three kinds of stream, as a thread that may block holds them. One thread at a time; moveable. One that could not
// be opened (see above) says why in all that it gives.
template <class Response>
class BlockingServerStream : public detail::BlockingStream<ServerStream<Response>> {
 public:
  using detail::BlockingStream<ServerStream<Response>>::BlockingStream;
  // The next message, good until the next read; null when the call ended OK; its status when it ended otherwise.
  Result<const Response*> read() { return this->wait(detail::read_one<Response, ServerStream<Response>>); }
  // Waits for the end of the call; messages that were not read are dropped.
  Status finish() { return this->wait(detail::finish_one<Status, ServerStream<Response>>); }
};

template <class Request, class Response>
class BlockingClientStream : public detail::BlockingStream<ClientStream<Request, Response>> {
 public:
  using detail::BlockingStream<ClientStream<Request, Response>>::BlockingStream;
  // Waits while the peer reads too slowly. Not OK: the call is over, finish() says why.
  Status write(const Request& message, WriteOptions options = {}) {
    return this->wait(detail::write_one<Request, ClientStream<Request, Response>>, message, options);
  }
  // Ends the stream and waits for the response.
  Result<Response> finish() {
    return this->wait(detail::finish_one<Result<Response>, ClientStream<Request, Response>>);
  }
};

template <class Request, class Response>
class BlockingBidiStream : public detail::BlockingStream<BidiStream<Request, Response>> {
 public:
  using detail::BlockingStream<BidiStream<Request, Response>>::BlockingStream;
  Status write(const Request& message, WriteOptions options = {}) {
    return this->wait(detail::write_one<Request, BidiStream<Request, Response>>, message, options);
  }
  // No more writes: the server sees the end of the requests.
  void close_writing() { (void)this->wait(detail::end_writing<BidiStream<Request, Response>>); }
  Result<const Response*> read() { return this->wait(detail::read_one<Response, BidiStream<Request, Response>>); }
  // Ends our side and waits for the end of the call; messages that were not read are dropped.
  Status finish() { return this->wait(detail::finish_one<Status, BidiStream<Request, Response>>); }
};

namespace codegen {

// What the functions of a generated BlockingStub call.
template <class T>
T blocking(const std::shared_ptr<Channel>& channel, Task<T> call) {
  return pintle::detail::call_and_wait(channel->loop(), std::move(call));
}
template <class Response>
BlockingServerStream<Response> blocking(const std::shared_ptr<Channel>& channel,
                                        Opening<ServerStream<Response>> opening) {
  return {channel, std::move(opening)};
}
template <class Request, class Response>
BlockingClientStream<Request, Response> blocking(const std::shared_ptr<Channel>& channel,
                                                 Opening<ClientStream<Request, Response>> opening) {
  return {channel, std::move(opening)};
}
template <class Request, class Response>
BlockingBidiStream<Request, Response> blocking(const std::shared_ptr<Channel>& channel,
                                               Opening<BidiStream<Request, Response>> opening) {
  return {channel, std::move(opening)};
}

}  // namespace codegen
}  // namespace pintle
