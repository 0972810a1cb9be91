#include <pintle/validate/pattern.hpp>

#include <re2/re2.h>

namespace pintle::validate {

namespace {

re2::RE2::Options quiet() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return options;
}

}  // namespace

Pattern::Pattern(std::string_view text)
    : expression_(std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), quiet())) {}

bool Pattern::matches(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression_);
}

const std::string& Pattern::text() const { return expression_->pattern(); }

std::string Pattern::error() const { return expression_->ok() ? std::string() : expression_->error(); }

}  // namespace pintle::validate
