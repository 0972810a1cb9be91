// The span of a call, for handlers:
//
//   span_of(call).set("shop.cart.items", request.items_size());
//   Span loading = start_span(call, "load prices");  // ends with its scope
#pragma once

#include <string_view>
#include <utility>

#include <pintle/rpc/layer_call.hpp>
#include <pintle/telemetry/tracing/tracer.hpp>

namespace pintle {

// What the tracing layer hangs on a call.
struct CallSpan {
  CallSpan(Span s, const Tracer& t) : span(std::move(s)), tracer(t) {}
  mutable Span span;
  const Tracer& tracer;  // the chain's
};

// The span of a call, or of the one that it is made for; where there is none, or it is not recorded, nothing happens.
class SpanRef {
 public:
  explicit SpanRef(Span* span) : span_(span) {}
  template <class T>
  const SpanRef& set(std::string_view key, T&& value) const {
    if (span_ != nullptr) span_->set(key, std::forward<T>(value));
    return *this;
  }
  const SpanRef& event(std::string_view name) const {
    if (span_ != nullptr) span_->event(name);
    return *this;
  }
  const SpanRef& fail(std::string_view why) const {
    if (span_ != nullptr) span_->fail(why);
    return *this;
  }
  bool recorded() const { return span_ != nullptr && span_->recorded(); }

 private:
  Span* span_;
};

inline SpanRef span_of(const Call& call) {
  const auto* found = call.find<CallSpan>();
  return SpanRef(found != nullptr ? &found->span : nullptr);
}

// One below it. Outgoing calls are below the call's own span, unless they are told of this one:
// `stub.Get(request, CallOptions().with(loading.context()))`.
inline Span start_span(const Call& call, std::string_view name, SpanKind kind = SpanKind::internal) {
  const auto* found = call.find<CallSpan>();
  return found != nullptr ? found->tracer.begin(name, kind, &found->span.context()) : Span();
}

}  // namespace pintle
