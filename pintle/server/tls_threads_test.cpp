// A server whose ports differ: plaintext, TLS, client certificates, and which services lie behind each.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/net/connector.hpp>
#include <pintle/rpc/call.hpp>
#include <pintle/rpc/pipe.hpp>
#include <pintle/server/server.hpp>
#include <pintle/server/test_support/frame_client.hpp>
#include <pintle/testing/kit/certificates.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::server::test {
namespace {

using pintle::testing::CertificateWish;
using pintle::testing::TestAuthority;
using ::testing::HasSubstr;

struct Lines final : LogSink {
  bool enabled(Level level) const noexcept override { return level >= Level::info; }
  void write(Level, std::string_view message, std::span<const Field> fields) noexcept override {
    std::string line(message);
    for (const Field& field : fields)
      if (const auto* text = std::get_if<std::string_view>(&field.value)) line.append(" ").append(*text);
    const std::lock_guard lock(mutex);
    all.push_back(line);
  }
  std::vector<std::string> taken() {
    const std::lock_guard lock(mutex);
    return all;
  }
  std::mutex mutex;
  std::vector<std::string> all;
};

Task<Status> call(Channel& channel, MethodInfo info, std::string* answer) {
  const Env env = co_await current_env();
  Pipe up(nullptr), down(nullptr, SIZE_MAX);
  up.close();
  LayerCall call(*env.loop, info, up.source(), down.sink(), env.scope);
  Status status = co_await channel.method(info)(call).in({env.loop, &call.scope, &call});
  if (auto who = call.response_head.get("who"); who && answer != nullptr) *answer = *who;
  co_return status;
}

class Ports : public ::testing::Test {
 protected:
  Ports() : runtime_(two_threads()), server_(runtime_, options()) {
    for (Plain* service : {&one_, &two_}) EXPECT_TRUE(server_.add(*service).ok());
    EXPECT_TRUE(server_.start().ok());
    runtime_.start();
  }
  ~Ports() override {
    std::promise<void> drained;
    server_.drain(std::chrono::seconds(5), [&] { drained.set_value(); });
    channels_.clear();
    drained.get_future().wait();
    runtime_.stop();
    runtime_.join();
  }
  static RuntimeOptions two_threads() {
    RuntimeOptions o;
    o.threads = 2;
    return o;
  }
  ServerOptions options() {
    ServerOptions o;
    o.log = Logger(&log_);
    return o;
  }

  // Answers with who called.
  class Plain final : public Service {
   public:
    explicit Plain(std::string_view name) : name_(name), path_("/" + name_ + "/who") {
      method_.path = path_;
      method_.service = name_;
      method_.name = "who";
      method_.kind = Kind::bidi;
      info_ = {.name = name_, .file = "", .methods = {&method_, 1}};
    }
    const ServiceInfo& info() const override { return info_; }
    const MethodInfo& method() const { return method_; }
    std::unique_ptr<Handler> handler(std::size_t) override {
      struct Who final : Handler {
        Task<Status> operator()(LayerCall& call) override {
          const TlsInfo* tls = call.tls();
          call.response_head.add("who", tls == nullptr          ? "plaintext"
                                        : !tls->has_certificate ? "nobody over " + tls->version
                                                                : tls->certificate.uri_names.at(0));
          call.send_head();
          co_return Status();
        }
      };
      return std::make_unique<Who>();
    }

   private:
    std::string name_, path_;
    MethodInfo method_;
    ServiceInfo info_;
  };

  std::shared_ptr<net::TlsServer> tls(net::ClientCertificates ask = net::ClientCertificates::none) {
    net::TlsServerOptions o;
    o.certificates.push_back(ca_.issue(CertificateWish("DNS:shop.example,IP:127.0.0.1")).pair());
    o.client_certificates = ask;
    if (ask != net::ClientCertificates::none) o.client_roots = net::Pem::text(ca_.roots());
    return net::TlsServer::create(std::move(o)).value();
  }
  std::string listen(ListenOptions o) {
    auto address = server_.listen(*net::SockAddress::from_ip("127.0.0.1", 0), std::move(o));
    EXPECT_TRUE(address.has_value()) << address.error().to_string();
    return address->to_string();
  }
  ChannelOptions secure(const CertificateWish* own = nullptr) {
    net::TlsClientOptions o;
    o.roots = net::Pem::text(ca_.roots());
    if (own != nullptr) o.certificate = ca_.issue(*own).pair();
    ChannelOptions c;
    c.tls = net::TlsClient::create(std::move(o)).value();
    return c;
  }
  // Who the server says that we are, or the status.
  std::string who(const std::string& address, ChannelOptions o, const Plain& service) {
    auto channel = make_channel(runtime_, address, std::move(o));
    EXPECT_TRUE(channel.has_value());
    channels_.push_back(*channel);
    std::string answer;
    const Status status = sync_wait(runtime_, call(**channel, service.method(), &answer));
    return status.ok() ? answer : status.to_string();
  }

  TestAuthority ca_;
  Lines log_;
  Plain one_{"one"}, two_{"two"};
  Runtime runtime_;
  Server server_;
  std::vector<std::shared_ptr<Channel>> channels_;
};

TEST_F(Ports, EachHasItsOwnTlsAndServices) {
  ListenOptions plain, secret, mutual;
  plain.services = {"one"};
  secret.tls = tls();
  mutual.tls = tls(net::ClientCertificates::required);
  mutual.services = {"two"};
  const std::string a = listen(plain), b = listen(secret), c = listen(mutual);
  const CertificateWish wish("URI:spiffe://shop/billing");

  EXPECT_EQ(who(a, {}, one_), "plaintext");
  EXPECT_THAT(who(a, {}, two_), HasSubstr("UNIMPLEMENTED"));
  EXPECT_EQ(who(b, secure(), one_), "nobody over TLSv1.3");
  EXPECT_EQ(who(b, secure(), two_), "nobody over TLSv1.3");
  EXPECT_THAT(who(c, secure(&wish), one_), HasSubstr("UNIMPLEMENTED"));
  EXPECT_EQ(who(c, secure(&wish), two_), "spiffe://shop/billing");
  EXPECT_THAT(who(c, secure(), two_), HasSubstr("UNAVAILABLE"));
}

TEST_F(Ports, AServiceThatNobodyAddedIsAMistake) {
  ListenOptions wrong;
  wrong.services = {"one", "three"};
  auto refused = server_.listen(*net::SockAddress::from_ip("127.0.0.1", 0), wrong);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), Code::invalid_argument);
  EXPECT_THAT(std::string(refused.error().message()), HasSubstr("three"));
}

TEST_F(Ports, TheAuthorityIsWhomTheServerMustProveToBe) {
  ListenOptions secret;
  secret.tls = tls();
  const std::string address = listen(secret);
  ChannelOptions named = secure(), wrong = secure();
  named.authority = "shop.example:443";
  wrong.authority = "evil.example";
  EXPECT_EQ(who(address, named, one_), "nobody over TLSv1.3");
  EXPECT_THAT(who(address, wrong, one_), HasSubstr("hostname mismatch"));
}

TEST_F(Ports, WhoMixesUpTlsAndPlaintextIsToldOnBothSides) {
  ListenOptions secret;
  secret.tls = tls();
  const std::string encrypted = listen(secret), plain = listen({});
  EXPECT_THAT(who(encrypted, {}, one_), HasSubstr("perhaps it expects TLS"));
  EXPECT_THAT(who(plain, secure(), one_), HasSubstr("the server speaks plaintext HTTP/2 where TLS is spoken"));
  const auto said = [&](std::string_view word) {
    return std::ranges::any_of(log_.taken(), [&](const std::string& line) { return line.contains(word); });
  };
  // The test's time limit ends it otherwise.
  while (!said("the client speaks plaintext HTTP/2 where TLS is spoken")) std::this_thread::yield();
  while (!said("the client speaks TLS where plaintext HTTP/2 is spoken")) std::this_thread::yield();
}

// Every call of every round must succeed, whichever of the two pairs its connection was made under.
TEST_F(Ports, CertificatesAreReplacedUnderLoad) {
  std::string folder = std::filesystem::temp_directory_path() / "pintle-reload-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto put = [&] {
    const auto issued = ca_.issue(CertificateWish("IP:127.0.0.1"));
    for (const auto& [name, text] : {std::pair("/tls.crt", issued.certificate), std::pair("/tls.key", issued.key)}) {
      std::ofstream(folder + name + ".new") << text;
      std::filesystem::rename(folder + name + ".new", folder + name);
    }
  };
  put();
  net::TlsServerOptions o;
  o.certificates.emplace_back(net::Pem::file(folder + "/tls.crt"), net::Pem::file(folder + "/tls.key"));
  ListenOptions secret;
  secret.tls = net::TlsServer::create(std::move(o)).value();
  const std::string address = listen(secret);

  std::atomic<bool> over = false;
  std::thread replacing([&] {
    for (int i = 0; i < 1000; ++i) {
      put();
      EXPECT_NE(secret.tls->reload(), net::Reload::failed);
    }
    over = true;
  });
  int calls = 0;
  while (!over || calls < 20) {
    EXPECT_EQ(who(address, secure(), one_), "nobody over TLSv1.3") << "call " << calls;
    channels_.clear();  // the next one makes a connection of its own
    ++calls;
  }
  replacing.join();
  EXPECT_EQ(secret.tls->counts().reloads, 1000U);
  EXPECT_EQ(secret.tls->counts().failed_handshakes, 0U);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace pintle::server::test
