#include <pintle/security/credentials/token_source.hpp>

#include <algorithm>
#include <utility>

namespace pintle {

Result<std::shared_ptr<const std::string>> FileToken::token() const {
  const std::lock_guard lock(mutex_);
  if (token_ != nullptr) return token_;
  return std::unexpected(
      Status(Code::unavailable, fmt::format("there is no token to send: {}", why_), Origin::library));
}

Result<bool> FileToken::load() {
  auto text = read_();
  std::string why;
  if (!text) {
    why = text.error();
  } else {
    const auto space = [](unsigned char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
    while (!text->empty() && space(static_cast<unsigned char>(text->back()))) text->pop_back();
    text->erase(text->begin(), std::ranges::find_if_not(*text, space));
    if (text->empty()) why = "the file is empty";
    if (std::ranges::any_of(*text, [](unsigned char c) { return c <= 0x20 || c >= 0x7f; }))
      why = "it holds spaces or bytes that no token has";
  }
  const std::lock_guard lock(mutex_);
  if (!why.empty()) {
    why_ = why;
    return std::unexpected(Status(Code::invalid_argument, why, Origin::library));
  }
  if (token_ != nullptr && *token_ == *text) return false;
  token_ = std::make_shared<const std::string>(std::move(*text));
  return true;
}

}  // namespace pintle
