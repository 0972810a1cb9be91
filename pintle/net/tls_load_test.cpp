// What TLS can be loaded from, what is refused and how, and how it is replaced.
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/net/internal/certificate.hpp>
#include <pintle/net/internal/test_peers.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/testing/kit/certificates.hpp>

namespace pintle::net {
namespace {

using test::TemporaryFolder;
using ::testing::AllOf;
using testing::CertificateWish;
using ::testing::HasSubstr;
using testing::TestAuthority;

struct Folder : TemporaryFolder {
  std::string write(std::string_view name, std::string_view text) const {
    const std::string at = path + "/" + std::string(name);
    std::ofstream(at, std::ios::binary) << text;
    return at;
  }
};

TlsServerOptions with(KeyPair pair) {
  TlsServerOptions options;
  options.certificates.push_back(std::move(pair));
  return options;
}

std::string failure(const Result<std::shared_ptr<TlsServer>>& made) {
  if (made) return "it was taken";
  EXPECT_EQ(made.error().code(), Code::invalid_argument);
  return std::string(made.error().message());
}

TEST(TlsLoad, NamesTheFileThatIsWrongAndSaysHow) {
  const Folder folder;
  const TestAuthority ca;
  const auto one = ca.issue(CertificateWish("DNS:one.example")), two = ca.issue(CertificateWish("DNS:two.example"));
  const std::string certificate = folder.write("one.pem", one.certificate), key = folder.write("one.key", one.key);
  const std::string other = folder.write("two.key", two.key), noise = folder.write("noise", "certainly not PEM");
  const std::string empty = folder.write("empty", ""), cut = folder.write("cut", one.certificate.substr(0, 300));
  const auto pair = [](const std::string& c, const std::string& k) { return with({Pem::file(c), Pem::file(k)}); };

  EXPECT_TRUE(TlsServer::create(pair(certificate, key)));
  EXPECT_THAT(failure(TlsServer::create(TlsServerOptions())), HasSubstr("needs a certificate"));
  EXPECT_THAT(failure(TlsServer::create(pair(folder.path + "/none", key))),
              AllOf(HasSubstr(folder.path + "/none"), HasSubstr("No such file")));
  for (const KeyPair& wrong :
       {KeyPair(Pem::file(folder.path), Pem::file(key)), KeyPair(Pem::file(certificate), Pem::file(folder.path))})
    EXPECT_THAT(failure(TlsServer::create(with(wrong))),
                AllOf(HasSubstr(folder.path + " can't be read"), HasSubstr("it is a directory")));
  EXPECT_THAT(failure(TlsServer::create(pair(noise, key))),
              AllOf(HasSubstr(noise), HasSubstr("not a PEM certificate")));
  EXPECT_THAT(failure(TlsServer::create(pair(empty, key))),
              AllOf(HasSubstr(empty), HasSubstr("not a PEM certificate")));
  EXPECT_THAT(failure(TlsServer::create(pair(cut, key))), AllOf(HasSubstr(cut), HasSubstr("not a PEM certificate")));
  EXPECT_THAT(failure(TlsServer::create(pair(certificate, noise))), AllOf(HasSubstr(noise), HasSubstr("private key")));
  EXPECT_THAT(failure(TlsServer::create(pair(certificate, certificate))), HasSubstr("private key"));
  EXPECT_THAT(failure(TlsServer::create(pair(certificate, other))),
              AllOf(HasSubstr(other), HasSubstr("does not belong to"), HasSubstr(certificate)));

  TlsServerOptions mutual = pair(certificate, key);
  mutual.client_certificates = ClientCertificates::optional;
  EXPECT_THAT(failure(TlsServer::create(mutual)), HasSubstr("no CA"));
  mutual.client_roots = Pem::file(folder.path);
  EXPECT_THAT(failure(TlsServer::create(mutual)), HasSubstr("it is a directory"));
  mutual.client_roots = Pem::file(noise);
  EXPECT_THAT(failure(TlsServer::create(mutual)), AllOf(HasSubstr(noise), HasSubstr("CA file")));
  mutual.client_roots = Pem::text(ca.roots());
  EXPECT_TRUE(TlsServer::create(mutual));

  TlsServerOptions logged = pair(certificate, key);
  logged.key_log_file = folder.path + "/no/such/folder/keys";
  EXPECT_THAT(failure(TlsServer::create(logged)), HasSubstr(logged.key_log_file));
  logged.key_log_file = folder.path;
  EXPECT_THAT(failure(TlsServer::create(logged)), AllOf(HasSubstr(folder.path), HasSubstr("Is a directory")));
}

TEST(TlsLoad, AClientNeedsNothingAndTakesAWholePair) {
  const TestAuthority ca;
  EXPECT_TRUE(TlsClient::create());
  TlsClientOptions half;
  half.certificate.certificate = Pem::text(ca.issue(CertificateWish("")).certificate);
  EXPECT_FALSE(TlsClient::create(half));
  TlsClientOptions noise;
  noise.roots = Pem::text("-----BEGIN NOTHING-----");
  EXPECT_FALSE(TlsClient::create(noise));
}

TEST(TlsLoad, ReplacesAllOfItOrNothing) {
  const Folder folder;
  const TestAuthority ca;
  const auto one = ca.issue(CertificateWish("DNS:one.example")), two = ca.issue(CertificateWish("DNS:two.example"));
  const std::string certificate = folder.write("tls.crt", one.certificate), key = folder.write("tls.key", one.key);
  auto tls = TlsServer::create(with({Pem::file(certificate), Pem::file(key)}));
  ASSERT_TRUE(tls);
  TlsServer& server = **tls;

  EXPECT_EQ(server.reload(), Reload::unchanged);
  folder.write("tls.crt", two.certificate);  // its key is still on the way
  std::string why;
  EXPECT_EQ(server.reload(&why), Reload::failed);
  EXPECT_THAT(why, HasSubstr("does not belong to"));
  EXPECT_EQ(server.reload(), Reload::failed) << "a failure is not forgotten";
  folder.write("tls.key", two.key);
  EXPECT_EQ(server.reload(), Reload::replaced);
  EXPECT_EQ(server.reload(), Reload::unchanged);

  folder.write("tls.key", two.key.substr(0, 40));
  EXPECT_EQ(server.reload(), Reload::failed);
  std::filesystem::remove(key);
  EXPECT_EQ(server.reload(), Reload::failed);
  folder.write("tls.key", two.key);
  EXPECT_EQ(server.reload(), Reload::unchanged) << "as it was before the mishap";
  EXPECT_EQ(server.counts().reloads, 1);
  EXPECT_EQ(server.counts().failed_reloads, 4);
}

TEST(TlsLoad, AFolderInTheFilesPlaceLeavesTheLastGoodOnes) {
  const Folder folder;
  const TestAuthority ca;
  const auto issued = ca.issue(CertificateWish("DNS:one.example"));
  const std::string certificate = folder.write("tls.crt", issued.certificate),
                    key = folder.write("tls.key", issued.key);
  const std::string roots = folder.write("ca.crt", ca.roots());
  TlsServerOptions options = with({Pem::file(certificate), Pem::file(key)});
  options.client_certificates = ClientCertificates::required;
  options.client_roots = Pem::file(roots);
  auto server = TlsServer::create(options);
  TlsClientOptions trusting;
  trusting.roots = Pem::file(roots);
  auto client = TlsClient::create(trusting);
  ASSERT_TRUE(server && client);
  for (const std::string& file : {certificate, key, roots}) {
    std::filesystem::rename(file, file + ".away");
    std::filesystem::create_directory(file);
    std::string why;
    EXPECT_EQ((*server)->reload(&why), Reload::failed);
    EXPECT_EQ(why, file + " can't be read: it is a directory");
    if (file == roots) EXPECT_EQ((*client)->reload(&why), Reload::failed);
    std::filesystem::remove(file);
    std::filesystem::rename(file + ".away", file);
    EXPECT_EQ((*server)->reload(), Reload::unchanged);
  }
}

// A Kubernetes secret: tls.crt -> ..data/tls.crt, ..data -> a folder that is swapped by renaming a link over it.
TEST(TlsLoad, FollowsTheSwapOfAMountedSecret) {
  namespace fs = std::filesystem;
  const Folder folder;
  const TestAuthority ca;
  const auto put = [&](const std::string& version) {
    const auto issued = ca.issue(CertificateWish("DNS:" + version + ".example"));
    fs::create_directory(folder.path + "/.." + version);
    folder.write(".." + version + "/tls.crt", issued.certificate);
    folder.write(".." + version + "/tls.key", issued.key);
    fs::create_symlink(".." + version, folder.path + "/..data_tmp");
    fs::rename(folder.path + "/..data_tmp", folder.path + "/..data");
  };
  put("first");
  for (const char* name : {"tls.crt", "tls.key"})
    fs::create_symlink(std::string("..data/") + name, folder.path + "/" + name);
  auto tls = TlsServer::create(with({Pem::file(folder.path + "/tls.crt"), Pem::file(folder.path + "/tls.key")}));
  ASSERT_TRUE(tls) << tls.error().to_string();
  put("second");
  EXPECT_EQ((*tls)->reload(), Reload::replaced);
  EXPECT_EQ((*tls)->reload(), Reload::unchanged);
}

TEST(TlsNames, AWildcardStandsForOneWholeLabel) {
  EXPECT_TRUE(tls::name_covers("shop.example", "shop.example"));
  EXPECT_TRUE(tls::name_covers("*.shop.example", "a.shop.example"));
  EXPECT_FALSE(tls::name_covers("*.shop.example", "shop.example"));
  EXPECT_FALSE(tls::name_covers("*.shop.example", "a.b.shop.example"));
  EXPECT_FALSE(tls::name_covers("*.shop.example", ".shop.example"));
  EXPECT_FALSE(tls::name_covers("shop.example", "a.shop.example"));
  EXPECT_FALSE(tls::name_covers("*", "shop"));
}

}  // namespace
}  // namespace pintle::net
