// Who makes a call, as an authentication layer has found it.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pintle {

// Immutable once it is shared; a call holds it, so views into it live as long as the call. Safe to read from any
// thread. The default one is nobody.
class Identity {
 public:
  Identity() = default;

  // -- What it says
  bool is_authenticated() const { return !subject_.empty(); }
  const std::string& subject() const { return subject_; }  // "sub" of a token, or the name of a certificate
  const std::string& issuer() const { return issuer_; }    // "iss" of a token; empty for certificates
  const std::vector<std::string>& roles() const { return roles_; }
  const std::vector<std::string>& scopes() const { return scopes_; }
  // URI and DNS names of the peer's certificate, where that is who it is ("spiffe://shop/api").
  const std::vector<std::string>& certificate_names() const { return certificate_names_; }
  // In the wall clock's time, as tokens have it; nothing: it does not expire.
  std::optional<std::chrono::system_clock::time_point> expiry() const { return expiry_; }
  bool has_role(std::string_view role) const { return std::ranges::find(roles_, role) != roles_.end(); }
  bool has_scope(std::string_view scope) const { return std::ranges::find(scopes_, scope) != scopes_.end(); }
  // A claim of the token as JSON text, `"acme"` with its quotes.
  std::optional<std::string_view> claim(std::string_view name) const {
    for (const auto& [key, value] : claims_)
      if (key == name) return value;
    return std::nullopt;
  }
  const std::vector<std::pair<std::string, std::string>>& claims() const { return claims_; }

  // -- How it is made, by one thread: `std::make_shared<const Identity>(Identity().subject("anna").role("admin"))`
  template <class Self>
  Self&& subject(this Self&& self, std::string_view subject) {
    self.subject_ = subject;
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& issuer(this Self&& self, std::string_view issuer) {
    self.issuer_ = issuer;
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& role(this Self&& self, std::string_view role) {
    self.roles_.emplace_back(role);
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& scope(this Self&& self, std::string_view scope) {
    self.scopes_.emplace_back(scope);
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& certificate_name(this Self&& self, std::string_view name) {
    self.certificate_names_.emplace_back(name);
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& claim(this Self&& self, std::string_view name, std::string_view json) {
    self.claims_.emplace_back(name, json);
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& expires(this Self&& self, std::chrono::system_clock::time_point at) {
    self.expiry_ = at;
    return std::forward<Self>(self);
  }

 private:
  std::string subject_, issuer_;
  std::vector<std::string> roles_, scopes_, certificate_names_;
  std::vector<std::pair<std::string, std::string>> claims_;
  std::optional<std::chrono::system_clock::time_point> expiry_;
};

// The last credential that was verified on a connection, so that the next call with the same one costs a compare. Owned
// by whoever keeps the connection's calls; its loop's thread only.
class VerifiedCredential {
 public:
  // What store() was given for this very credential; null: verify it. `id` is the number under which the connection's
  // header table holds the field, 0 when it does not; where the numbers say nothing, the texts are compared. `epoch`:
  // what the asker's keys and rules are at; what was stored under another is forgotten.
  const std::shared_ptr<const Identity>* find(std::uint64_t id, std::string_view text, std::uint64_t epoch) const {
    if (identity_ == nullptr || epoch != epoch_) return nullptr;
    if ((id == 0 || id != id_) && text != text_) return nullptr;
    return &identity_;
  }
  void store(std::uint64_t id, std::string_view text, std::uint64_t epoch, std::shared_ptr<const Identity> identity) {
    id_ = id;
    text_ = text;
    epoch_ = epoch;
    identity_ = std::move(identity);
  }

 private:
  std::uint64_t id_ = 0, epoch_ = 0;
  std::string text_;
  std::shared_ptr<const Identity> identity_;
};

}  // namespace pintle
