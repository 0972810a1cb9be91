#include <pintle/middleware/validation/validation_layer.hpp>

#include <utility>

#include <buf/validate/validate.pb.h>
#include <fmt/core.h>
#include <google/rpc/error_details.pb.h>

#include <pintle/rpc/details.hpp>

namespace pintle {

namespace {

constexpr std::size_t kMostDetailBytes = 3000;  // of the two together; base64 makes a third more of them

struct SubscriptSetter {
  buf::validate::FieldPathElement& to;
  void operator()(std::monostate) const {}
  void operator()(ListIndex index) const { to.set_index(index.value); }
  void operator()(bool key) const { to.set_bool_key(key); }
  void operator()(std::int64_t key) const { to.set_int_key(key); }
  void operator()(std::uint64_t key) const { to.set_uint_key(key); }
  void operator()(const std::string& key) const { to.set_string_key(key); }
};

google::protobuf::FieldDescriptorProto::Type wire_type(FieldType type) {
  return static_cast<google::protobuf::FieldDescriptorProto::Type>(type);
}

void write_path(const FieldPath& from, buf::validate::FieldPath& to) {
  for (const PathElement& element : from) {
    buf::validate::FieldPathElement& written = *to.add_elements();
    if (element.number != 0) written.set_field_number(element.number);
    written.set_field_name(std::string(element.name));
    if (element.type != FieldType::none) written.set_field_type(wire_type(element.type));
    if (element.key != FieldType::none) written.set_key_type(wire_type(element.key));
    if (element.value != FieldType::none) written.set_value_type(wire_type(element.value));
    std::visit(SubscriptSetter{written}, element.subscript);
  }
}

void write_violation(const Violation& from, buf::validate::Violation& to) {
  if (!from.field.empty()) write_path(from.field, *to.mutable_field());
  if (!from.rule.empty()) write_path(from.rule, *to.mutable_rule());
  to.set_rule_id(from.rule_id);
  to.set_message(from.message);
  if (from.for_key) to.set_for_key(true);
}

// Looks at each message that passes.
class Checking final : public Source {
 public:
  Checking(LayerCall& call, void (*validate)(const void*, Violations&), const Counter& refused)
      : call_(call), below_(*call.source), validate_(validate), refused_(refused) {}

  Poll poll(Message*& message) override {
    const Poll polled = below_.poll(message);
    if (polled != Poll::ready) return polled;
    const void* object = message->object();
    if (object == nullptr) return polled;
    Violations found;
    validate_(object, found);
    if (found.ok()) [[likely]]
      return polled;
    refused_.add();
    message = nullptr;
    call_.scope.cancel(invalid_status(found), CancelCause::fault);
    return Poll::end;
  }
  void arm(Waiter* waiter) noexcept override { below_.arm(waiter); }

 private:
  LayerCall& call_;
  Source& below_;
  void (*const validate_)(const void*, Violations&);
  const Counter& refused_;
};

class Validating final : public Handler {
 public:
  Validating(const Site& site, Handler& next) : validate_(site.method.validate), next_(next) {
    refused_ = site.meters.counter({"pintle.validation.refused", "{message}", "Messages that break a rule.", {}},
                                   {{"rpc.method", site.method.path}});
  }

  Task<Status> operator()(LayerCall& call) override {
    Checking checking(call, validate_, refused_);
    Source* const below = std::exchange(call.source, &checking);
    Status status = co_await next_(call);
    call.source = below;
    co_return status;
  }

 private:
  void (*const validate_)(const void*, Violations&);
  Handler& next_;
  Counter refused_;
};

}  // namespace

std::unique_ptr<Handler> ValidationLayer::wrap(const Site& site, Handler& next) const {
  if (site.method.validate == nullptr) return nullptr;
  return std::make_unique<Validating>(site, next);
}

Status invalid_status(const Violations& violations) {
  buf::validate::Violations all;
  google::rpc::BadRequest bad;
  for (const Violation& violation : violations.all) {
    write_violation(violation, *all.add_violations());
    auto& field = *bad.add_field_violations();
    field.set_field(path_text(violation.field));
    field.set_description(violation.message);
    if (all.violations_size() == 1 || all.ByteSizeLong() + bad.ByteSizeLong() <= kMostDetailBytes) continue;
    all.mutable_violations()->RemoveLast();
    bad.mutable_field_violations()->RemoveLast();
    break;
  }
  std::string text = violations.error;
  if (!violations.all.empty()) {
    const Violation& first = violations.all.front();
    text = first.field.empty() ? first.message : path_text(first.field) + ": " + first.message;
    if (violations.all.size() > 1) text += fmt::format(" (and {} more)", violations.all.size() - 1);
  }
  const Status plain(Code::invalid_argument, text, Origin::library);
  if (violations.all.empty()) return plain;
  return with_detail(with_detail(plain, all), bad);
}

}  // namespace pintle
