// Lets no message pass to a handler that breaks the rules in its .proto.
#pragma once

#include <memory>
#include <string_view>

#include <pintle/rpc/layer.hpp>
#include <pintle/validate/violations.hpp>

namespace pintle {

// In the place validation, around the methods whose requests have rules of buf.validate. The one request of a call is
// looked at before the handler has begun; each of a stream when it is read. One that breaks a rule ends the call with
// invalid_status(). Counted by pintle.validation.refused. A request that can't be parsed is nobody's to look at: the
// call ends as it would without rules, before its handler too.
class ValidationLayer final : public Layer {
 public:
  std::string_view name() const override { return "validation"; }
  Place place() const override { return Place::validation; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;
};

// INVALID_ARGUMENT with the first violation in its message, and as details buf.validate.Violations and
// google.rpc.BadRequest, each with as many as fit beside each other into a response's trailers.
Status invalid_status(const Violations& violations);

}  // namespace pintle
