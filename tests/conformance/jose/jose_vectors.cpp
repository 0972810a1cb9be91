// jose_vectors FILE...: what Pintle's verifier says of test vectors of Project Wycheproof. A line for each that it
// judges otherwise than the vectors do ("accepts FILE ID COMMENT", "refuses ..."), and one with the counts of each
// file.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <pintle/security/jwt/base64url.hpp>
#include <pintle/security/jwt/jws.hpp>
#include <pintle/security/jwt/key_set.hpp>

namespace {

namespace json = boost::json;
using pintle::JwsAlgorithm;
using pintle::KeySet;
using pintle::VerificationKey;

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  return value != nullptr && value->is_string() ? std::string(value->get_string().c_str(), value->get_string().size())
                                                : "";
}

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

// Symmetric keys are given as secrets: a set of public keys never holds one.
std::optional<KeySet> set_of(const json::object& group) {
  const bool is_public = group.contains("public");
  const json::object& key = group.at(is_public ? "public" : "private").as_object();
  if (key.contains("keys")) {
    auto set = KeySet::from_jwks(json::serialize(key), nullptr);
    return set ? std::optional(std::move(*set)) : std::nullopt;
  }
  if (text_at(key, "kty") == "oct") {
    const auto algorithm = pintle::jws_algorithm(text_at(key, "alg"));
    const auto secret = pintle::decode_base64url(text_at(key, "k"));
    if (!algorithm || !secret || (key.contains("use") && text_at(key, "use") != "sig")) return std::nullopt;
    auto made = VerificationKey::from_secret(*secret, *algorithm, text_at(key, "kid"));
    return made ? std::optional(KeySet({std::move(*made)})) : std::nullopt;
  }
  auto made = VerificationKey::from_jwk(json::serialize(key));
  return made ? std::optional(KeySet({std::move(*made)})) : std::nullopt;
}

bool believes(const std::optional<KeySet>& keys, const std::string& token) {
  const auto jws = pintle::parse_jws(token, 1 << 20);
  if (!jws || !keys) return false;
  const VerificationKey* key = keys->find(jws->kid, jws->algorithm);
  return key != nullptr && key->verify(jws->algorithm, jws->signing_input, jws->signature);
}

// The algorithm that signatures of a group are for; nothing: JOSE has none.
std::optional<JwsAlgorithm> algorithm_of(const json::object& group) {
  const std::string type = text_at(group, "type"), hash = text_at(group, "sha");
  const std::string bits = hash == "SHA-256" ? "256" : hash == "SHA-384" ? "384" : hash == "SHA-512" ? "512" : "";
  if (type == "EddsaVerify") return JwsAlgorithm::eddsa;
  if (bits.empty()) return std::nullopt;
  if (type == "EcdsaP1363Verify") return pintle::jws_algorithm("ES" + bits);
  if (type == "RsassaPkcs1Verify") return pintle::jws_algorithm("RS" + bits);
  if (type == "RsassaPssVerify") return pintle::jws_algorithm("PS" + bits);
  return std::nullopt;
}

struct Counts {
  int cases = 0, accepts = 0, refuses = 0;
};

void judge(const std::string& file, const json::object& test, bool good, Counts& counts) {
  const std::string wanted = text_at(test, "result");
  ++counts.cases;
  if (wanted == "acceptable" || good == (wanted == "valid")) return;
  ++(good ? counts.accepts : counts.refuses);
  std::printf("%s %s %lld %s\n", good ? "accepts" : "refuses", file.c_str(),
              static_cast<long long>(test.at("tcId").as_int64()), text_at(test, "comment").c_str());
}

void run_group(const std::string& file, const json::object& group, Counts& counts) {
  const bool tokens = group.contains("public") || group.contains("private");
  if (tokens) {
    const auto keys = set_of(group);
    for (const json::value& test : group.at("tests").as_array())
      if (test.as_object().contains("jws"))
        judge(file, test.as_object(), believes(keys, text_at(test.as_object(), "jws")), counts);
    return;
  }
  const auto algorithm = algorithm_of(group);
  if (!algorithm) return;
  const auto key = VerificationKey::from_pem(text_at(group, "publicKeyPem"));
  for (const json::value& one : group.at("tests").as_array()) {
    const json::object& test = one.as_object();
    const bool good = key && key->verify(*algorithm, bytes_of(text_at(test, "msg")), bytes_of(text_at(test, "sig")));
    judge(file, test, good, counts);
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream stream(argv[i]);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const std::string path = argv[i], file = path.substr(path.rfind('/') + 1);
    const json::value all = json::parse(text);
    Counts counts;
    for (const json::value& group : all.at("testGroups").as_array()) run_group(file, group.as_object(), counts);
    std::printf("%s: %d cases, %d accepted wrongly, %d refused wrongly\n", file.c_str(), counts.cases, counts.accepts,
                counts.refuses);
  }
}
