// Certificates for tests of TLS, made in memory and trusted by nobody else.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/net/tls.hpp>

namespace pintle::testing {

// What a certificate shall say. Fluent, for one statement.
class CertificateWish {
 public:
  // subjectAltName, comma-separated: "DNS:shop.example,DNS:*.shop.example,IP:127.0.0.1,URI:spiffe://shop/api". Empty:
  // the certificate has none.
  explicit CertificateWish(std::string_view names) : names_(names) {}
  CertificateWish& common_name(std::string_view name) {
    common_name_ = name;
    return *this;
  }
  // Relative to now; by default from an hour ago for ten years.
  CertificateWish& valid(std::chrono::seconds from, std::chrono::seconds to) {
    from_ = from;
    to_ = to;
    return *this;
  }
  // The extendedKeyUsage, "serverAuth,clientAuth" by default.
  CertificateWish& usage(std::string_view usage) {
    usage_ = usage;
    return *this;
  }

 private:
  friend class TestAuthority;
  std::string names_, common_name_ = "test", usage_ = "serverAuth,clientAuth";
  std::chrono::seconds from_{-3600}, to_{315'360'000};
};

// A certificate authority with keys on P-256. One thread.
class TestAuthority {
 public:
  explicit TestAuthority(std::string_view name = "Test CA");
  // One whose own certificate `above` has issued.
  TestAuthority(std::string_view name, const TestAuthority& above);
  TestAuthority(const TestAuthority&) = delete;
  ~TestAuthority();

  // Its own certificate, as PEM: what the other side must trust, or, below another authority, a part of the chain.
  std::string roots() const;

  struct Issued {
    Issued() = default;
    std::string certificate, key;  // PEM
    net::KeyPair pair() const { return {net::Pem::text(certificate), net::Pem::text(key)}; }
  };
  Issued issue(const CertificateWish& wish) const;
  // Its list of what it has taken back, as PEM; by default good for a year from now.
  std::string revocations(const std::vector<Issued>& revoked,
                          std::chrono::seconds valid_for = std::chrono::hours(8760)) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pintle::testing
