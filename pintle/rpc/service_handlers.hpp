// The four shapes of a handler, made from the member functions of a generated service class.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/rpc/reader_writer.hpp>

namespace pintle::codegen {

// UNIMPLEMENTED, "the method /s/m is not implemented": what a generated method answers that nobody overrode.
Status unimplemented_method(const Call& call);

// The one request of a call whose client does not stream: UNIMPLEMENTED when there is none or a second one
// (grpc/doc/statuscodes.md), INTERNAL when it can't be parsed.
Task<Result<const void*>> only_request(LayerCall& call);

Status missing_request();
Status second_request();

namespace detail {

template <class Method>
struct Signature;
template <class S, class Req, class Resp>
struct Signature<Task<Result<Resp>> (S::*)(Call&, const Req&)> {
  using Service = S;
  using Request = Req;
  using Response = Resp;
};
template <class S, class Req, class Resp>
struct Signature<Task<Status> (S::*)(Call&, const Req&, Writer<Resp>&)> {
  using Service = S;
  using Request = Req;
  using Response = Resp;
};
template <class S, class Req, class Resp>
struct Signature<Task<Result<Resp>> (S::*)(Call&, Reader<Req>&)> {
  using Service = S;
  using Request = Req;
  using Response = Resp;
};
template <class S, class Req, class Resp>
struct Signature<Task<Status> (S::*)(Call&, Reader<Req>&, Writer<Resp>&)> {
  using Service = S;
  using Request = Req;
  using Response = Resp;
};

template <auto Method>
using ServiceOf = typename Signature<decltype(Method)>::Service;

// The one response is encoded, and then the handler is over: it doesn't wait, with the response in its hands, for a
// peer that reads slowly.
//
// `Into` fills a pooled response; when it was not overridden it returns Task::none() and `Method` is asked.
template <auto Method, auto Into>
class Unary final : public Handler {
  using Types = Signature<decltype(Method)>;
  using Request = typename Types::Request;
  using Response = typename Types::Response;

 public:
  explicit Unary(ServiceOf<Method>& service) : service_(service) {}

  Task<Status> operator()(LayerCall& call) override {
    // The request is nearly always here already, and an await costs more than its poll.
    Message* message = nullptr;
    while (!call.cancelled() && call.source->poll(message) == Poll::pending)
      co_await pintle::detail::Arrival(*call.source, call.scope);
    if (call.cancelled()) co_return call.scope.status();
    if (message == nullptr) co_return missing_request();
    call.facts.read_compressed = message->was_compressed();
    const Request* request = message->template as<Request>();
    if (request == nullptr) co_return pintle::detail::malformed_message(type_of<Request>.name());
    if (!message->is_last()) {
      message = nullptr;
      while (!call.cancelled() && call.source->poll(message) == Poll::pending)
        co_await pintle::detail::Arrival(*call.source, call.scope);
      if (call.cancelled()) co_return call.scope.status();
      if (message != nullptr) co_return second_request();
    }
    if (call.reply != nullptr && fills_.load(std::memory_order_relaxed)) {
      *call.reply = type_of<Response>.slot(*call.reply);
      auto& response = *static_cast<Response*>(*call.reply);
      Task<Status> filling = (service_.*Into)(call, *request, response);
      if (filling.exists()) {
        Status status = co_await filling;
        if (!status.ok()) co_return status;
        Message reply(&response, type_of<Response>);
        if (reply.measure() > kLargeMessage) [[unlikely]]
          co_return co_await pintle::detail::push_large(call, reply);
        if (call.sink->push(reply) != Poll::end) [[likely]]
          co_return Status();
        co_return co_await pintle::detail::Room(*call.sink, call.scope, Poll::end);
      }
      fills_.store(false, std::memory_order_relaxed);
    }
    Result<Response> response = co_await (service_.*Method)(call, *request);
    if (!response) co_return std::move(response).error();
    Message reply(&*response, type_of<Response>);
    if (reply.measure() > kLargeMessage) [[unlikely]]
      co_return co_await pintle::detail::push_large(call, reply);
    if (call.sink->push(reply) != Poll::end) [[likely]]
      co_return Status();
    co_return co_await pintle::detail::Room(*call.sink, call.scope, Poll::end);
  }

 private:
  ServiceOf<Method>& service_;
  std::atomic<bool> fills_ = true;  // Into may be overridden: nobody has found that it isn't
};

template <auto Method>
class ServerStreaming final : public Handler {
  using Types = Signature<decltype(Method)>;
  using Request = typename Types::Request;

 public:
  explicit ServerStreaming(ServiceOf<Method>& service) : service_(service) {}

  Task<Status> operator()(LayerCall& call) override {
    Result<const void*> request = co_await only_request(call);
    if (!request) co_return std::move(request).error();
    Writer<typename Types::Response> writer(call);
    co_return co_await (service_.*Method)(call, *static_cast<const Request*>(*request), writer);
  }

 private:
  ServiceOf<Method>& service_;
};

template <auto Method>
class ClientStreaming final : public Handler {
  using Types = Signature<decltype(Method)>;
  using Response = typename Types::Response;

 public:
  explicit ClientStreaming(ServiceOf<Method>& service) : service_(service) {}

  Task<Status> operator()(LayerCall& call) override {
    Reader<typename Types::Request> reader(call);
    Result<Response> response = co_await (service_.*Method)(call, reader);
    if (!response) co_return std::move(response).error();
    Message reply(&*response, type_of<Response>);
    if (reply.measure() > kLargeMessage) [[unlikely]]
      co_return co_await pintle::detail::push_large(call, reply);
    if (call.sink->push(reply) != Poll::end) [[likely]]
      co_return Status();
    co_return co_await pintle::detail::Room(*call.sink, call.scope, Poll::end);
  }

 private:
  ServiceOf<Method>& service_;
};

template <auto Method>
class Bidi final : public Handler {
  using Types = Signature<decltype(Method)>;

 public:
  explicit Bidi(ServiceOf<Method>& service) : service_(service) {}

  Task<Status> operator()(LayerCall& call) override {
    Reader<typename Types::Request> reader(call);
    Writer<typename Types::Response> writer(call);
    co_return co_await (service_.*Method)(call, reader, writer);
  }

 private:
  ServiceOf<Method>& service_;
};

}  // namespace detail

// What generated code calls: `return pintle::codegen::unary<&Service::Get, &Service::GetInto>(*this);`
template <auto Method, auto Into>
std::unique_ptr<Handler> unary(detail::ServiceOf<Method>& service) {
  return std::make_unique<detail::Unary<Method, Into>>(service);
}
template <auto Method>
std::unique_ptr<Handler> server_streaming(detail::ServiceOf<Method>& service) {
  return std::make_unique<detail::ServerStreaming<Method>>(service);
}
template <auto Method>
std::unique_ptr<Handler> client_streaming(detail::ServiceOf<Method>& service) {
  return std::make_unique<detail::ClientStreaming<Method>>(service);
}
template <auto Method>
std::unique_ptr<Handler> bidi(detail::ServiceOf<Method>& service) {
  return std::make_unique<detail::Bidi<Method>>(service);
}

}  // namespace pintle::codegen
