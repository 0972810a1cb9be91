// Where a process listens and how it speaks TLS, and every way in which a configuration can say it wrong.
#include <pintle/app/endpoints.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/app/config/test_input.hpp>
#include <pintle/config/v1/client.pb.h>
#include <pintle/config/v1/server.pb.h>
#include <pintle/testing/kit/certificates.hpp>

namespace pintle {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

// A folder with a certificate for one.example, its key, the CA that issued it, and somebody else's key.
struct Files {
  Files() {
    std::string name = std::filesystem::temp_directory_path() / "pintle-endpoints-XXXXXX";
    folder = ::mkdtemp(name.data());
    const testing::TestAuthority ca;
    const auto issued = ca.issue(testing::CertificateWish("DNS:one.example"));
    std::ofstream(folder + "/tls.crt") << issued.certificate;
    std::ofstream(folder + "/tls.key") << issued.key;
    std::ofstream(folder + "/ca.crt") << ca.roots();
    std::ofstream(folder + "/other.key") << ca.issue(testing::CertificateWish("DNS:two.example")).key;
    std::ofstream(folder + "/noise") << "certainly not PEM";
  }
  Files(const Files&) = delete;
  ~Files() { std::filesystem::remove_all(folder); }
  std::string folder;
};

// A process whose configuration file lies in `folder`, as App sees it.
struct Process {
  std::expected<Config, ConfigExit> configure(const std::string& yaml, const std::string& flag) const {
    app::testing::TestInput input;
    const std::string file = folder.empty() ? "shop.yaml" : folder + "/shop.yaml";
    input.file(file, yaml).flag("--config").flag(file);
    if (!flag.empty()) input.flag(flag);
    for (const auto& [name, value] : variables) input.variable(name, value);
    return pintle::configure("shop", "1", {}, input.get(), [](const Config& config) {
      auto made = endpoints(config.get<config::v1::Server>(), config.get<config::v1::Client>(), "");
      return made ? std::vector<ConfigError>() : made.error();
    });
  }
  // What it says and how it ends: the start and --check-config must agree.
  std::string verdict(const std::string& yaml) const {
    const auto starts = configure(yaml, ""), checks = configure(yaml, "--check-config");
    if (starts) {
      EXPECT_EQ(checks.error().code, 0) << checks.error().err;
      return checks.error().out;
    }
    EXPECT_EQ(starts.error().code, 2);
    EXPECT_EQ(checks.error().code, 2) << "it starts not, and --check-config says yes";
    EXPECT_EQ(checks.error().err, starts.error().err);
    return checks.error().err;
  }
  std::string folder;
  std::vector<std::pair<std::string, std::string>> variables;
};

constexpr std::string_view kValid = "the configuration is valid\n";

TEST(Endpoints, CheckConfigSaysWhatTheStartSays) {
  const Files files;
  const Process process{files.folder, {}};
  const std::string file = "shop: " + files.folder + "/shop.yaml", long_path(108, 'x');
  const std::vector<std::pair<std::string, std::string>> table = {
      {"server: {host: 127.0.0.1}", std::string(kValid)},
      {"server: {host: '::'}", std::string(kValid)},
      {"server: {host: localhost}", std::string(kValid)},
      {"server: {host: '[::]'}", file + ":1: server.host: '[::]' is not an IP address; write ::, without brackets\n"},
      {"server: {host: '0.0.0.0:50051'}", file + ":1: server.host: '0.0.0.0:50051' is not an IP address; write 0.0.0.0 "
                                                 "here, and 50051 as server.port\n"},
      {"server: {host: shop.example}", file + ":1: server.host: 'shop.example' is not an IP address; write a numeric "
                                              "address such as 0.0.0.0, :: or 127.0.0.1\n"},
      {"server:\n  listeners:\n  - {host: 'x'}", file + ":3: server.listeners[0].host: 'x' is not an IP address; write "
                                                        "a numeric address such as 0.0.0.0, :: or 127.0.0.1\n"},
      {"server: {unix_socket: /" + long_path + "}",
       file + ":1: server.unix_socket: a unix socket's path has at most 107 bytes and no zero byte: '/" + long_path +
           "'; shorten it\n"},
      {"server: {host: \"127.0.0.1\\n\"}",
       file + ":1: server.host: holds a line break, a control character, or a space around it; remove it\n"},
      {"server: {services: ['a.B ']}",
       file + ":1: server.services[0]: holds a line break, a control character, or a space around it; remove it\n"},
      {"server: {tls: {certificate_file: tls.crt, key_file: tls.key}}", std::string(kValid)},
      {"server: {tls: {certificate_file: tls.crt}}",
       "shop: configuration: server.tls.key_file: is missing: a certificate and its key come together\n"},
      {"server: {tls: {key_file: tls.key}}",
       "shop: configuration: server.tls.certificate_file: is missing: a certificate and its key come together\n"},
      {"server: {tls: {client_certificates: required, client_ca_file: ca.crt}}",
       "shop: configuration: server.tls.certificate_file: is missing: without it the port would speak plaintext\n"},
      {"server: {tls: {certificate_file: tls.crt, key_file: tls.key, client_certificates: required}}",
       "shop: configuration: server.tls.client_ca_file: is missing: client certificates must come from somebody\n"},
      {"server: {tls: {certificate_file: tls.crt, key_file: tls.key, client_crl_file: ca.crl}}",
       "shop: configuration: server.tls.client_certificates: is none: client_crl_file would mean nothing; write "
       "required\n"},
      {"server: {tls: {certificate_file: tls.crt, key_file: tls.key, client_ca_file: ca.crt}}",
       "shop: configuration: server.tls.client_certificates: is none: client_ca_file would mean nothing; write "
       "required\n"},
      {"server: {tls: {certificate_file: tls.crt, key_file: tls.key, more_certificates: [{key_file: tls.key}]}}",
       file + ":1: server.tls.more_certificates[0].certificate_file: is missing: a certificate and its key come "
              "together\n"},
      {"client: {tls: {enabled: true, ca_file: ca.crt}}", std::string(kValid)},
      {"client: {tls: {ca_file: ca.crt}}",
       "shop: configuration: client.tls.enabled: is false, but other keys of client.tls are set; write enabled: "
       "true\n"},
      {"client: {tls: {key_file: tls.key}}",
       "shop: configuration: client.tls.certificate_file: is missing: a certificate and its key come together\n"},
  };
  for (const auto& [yaml, verdict] : table) EXPECT_EQ(process.verdict(yaml), verdict) << yaml;
}

TEST(Endpoints, EveryFileIsLookedAt) {
  const Files files;
  const Process process{files.folder, {}};
  const auto server = [](const std::string& certificate, const std::string& key) {
    return "server: {tls: {certificate_file: " + certificate + ", key_file: " + key + "}}";
  };
  EXPECT_THAT(process.verdict(server("none.crt", "tls.key")),
              HasSubstr("server.tls: " + files.folder + "/none.crt can't be read: No such file"));
  EXPECT_THAT(process.verdict(server(files.folder, "tls.key")), HasSubstr("can't be read: it is a directory"));
  EXPECT_THAT(process.verdict(server("noise", "tls.key")), HasSubstr("noise is not a PEM certificate"));
  EXPECT_THAT(process.verdict(server("tls.crt", "noise")), HasSubstr("noise is not a PEM private key"));
  EXPECT_THAT(process.verdict(server("tls.crt", "other.key")), HasSubstr("does not belong to"));
  EXPECT_THAT(process.verdict("server: {tls: {certificate_file: tls.crt, key_file: tls.key, client_certificates: "
                              "optional, client_ca_file: noise}}"),
              HasSubstr("noise is not a list of PEM certificates"));
  EXPECT_THAT(process.verdict("client: {tls: {enabled: true, ca_file: noise}}"),
              AllOf(HasSubstr("client.tls: "), HasSubstr("noise is not a list of PEM certificates")));
}

TEST(Endpoints, EveryPortAndTheClientAreLookedAtAtOnce) {
  EXPECT_EQ(Process().verdict("server:\n  host: x\n  listeners: [{host: 127.0.0.1}, {host: y}]\n"
                              "client: {tls: {server_name: z}}"),
            "shop: shop.yaml:2: server.host: 'x' is not an IP address; write a numeric address such as 0.0.0.0, :: or "
            "127.0.0.1\n"
            "shop: shop.yaml:3: server.listeners[1].host: 'y' is not an IP address; write a numeric address such as "
            "0.0.0.0, :: or 127.0.0.1\n"
            "shop: configuration: client.tls.enabled: is false, but other keys of client.tls are set; write enabled: "
            "true\n");
}

// A secret that was mounted or handed on as a variable ends with a line break more often than not.
TEST(Endpoints, AVariableMayEndWithALineBreak) {
  const Process process{"", {{"PINTLE_SERVER__HOST", "127.0.0.1\r\n"}, {"PINTLE_SERVER__PORT", "1234\n"}}};
  EXPECT_EQ(process.verdict(""), kValid);
  const auto config = process.configure("", "");
  EXPECT_EQ(config->get<config::v1::Server>().host(), "127.0.0.1");
  EXPECT_EQ(config->get<config::v1::Server>().port(), 1234u);
  EXPECT_EQ(config->origin("server.port"), "PINTLE_SERVER__PORT without the line break at its end");
  EXPECT_THAT(Process({"", {{"PINTLE_SERVER__HOST", "127.0.0.1\n\t"}}}).verdict(""),
              HasSubstr("PINTLE_SERVER__HOST: server.host: holds a line break"));
}

TEST(Endpoints, EachPortHasTlsServicesAndAChainOfItsOwn) {
  const Files files;
  config::v1::Server server;
  server.set_host("localhost");
  server.set_port(1);
  server.add_services("a.v1.A");
  server.set_chain("public");
  auto& second = *server.add_listeners();
  second.set_host("::1");
  second.set_port(2);
  second.set_chain("admin");
  second.mutable_tls()->set_certificate_file(files.folder + "/tls.crt");
  second.mutable_tls()->set_key_file(files.folder + "/tls.key");
  second.mutable_tls()->set_max_handshakes(3);
  second.mutable_tls()->mutable_handshake_timeout()->set_seconds(5);
  second.mutable_tls()->mutable_reload_interval()->set_seconds(7);
  server.add_listeners()->set_unix_socket("/run/probe.sock");

  auto all = endpoints(server, config::v1::Client(), "");
  ASSERT_TRUE(all) << all.error().front().to_string();
  EXPECT_EQ(all->tls, nullptr);
  const std::vector<Port>& ports = all->ports;
  ASSERT_EQ(ports.size(), 3u);
  EXPECT_EQ(ports[0].address.to_string(), "ipv4:127.0.0.1:1");
  EXPECT_EQ(ports[0].options.tls, nullptr);
  EXPECT_THAT(ports[0].options.services, ::testing::ElementsAre("a.v1.A"));
  EXPECT_EQ(ports[0].options.chain, "public");
  EXPECT_EQ(ports[1].options.chain, "admin");
  EXPECT_EQ(ports[2].options.chain, "");
  EXPECT_EQ(ports[1].key, "server.listeners[0]");
  EXPECT_EQ(ports[1].address.to_string(), "ipv6:[::1]:2");
  EXPECT_NE(ports[1].options.tls, nullptr);
  EXPECT_THAT(ports[1].options.services, ::testing::IsEmpty());
  EXPECT_EQ(ports[1].options.handshake_timeout, seconds(5));
  EXPECT_EQ(ports[1].options.max_handshakes, 3u);
  EXPECT_EQ(ports[1].reload_interval, seconds(7));
  EXPECT_EQ(ports[2].address.to_string(), "unix:/run/probe.sock");
}

TEST(Endpoints, ChannelsSpeakTlsWhereItIsEnabled) {
  const Files files;
  config::v1::Client client;
  client.mutable_tls()->set_enabled(true);
  client.mutable_tls()->set_ca_file(files.folder + "/ca.crt");
  client.mutable_tls()->set_server_name("one.example");
  config::v1::Server server;
  server.set_host("127.0.0.1");
  auto made = endpoints(server, client, "");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->tls->server_name(), "one.example");
}

}  // namespace
}  // namespace pintle
