#include <pintle/net/tls.hpp>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>

#include <pintle/base/file.hpp>
#include <pintle/net/internal/certificate.hpp>
#include <pintle/net/internal/tls_context.hpp>
#include <pintle/net/internal/tls_stream.hpp>

namespace pintle::net {
namespace tls {
namespace {

// RFC 9113 section 9.2.2 and RFC 9325 section 4.2: forward secrecy and AEAD, nothing else.
constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kCiphers13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr unsigned char kAlpn[] = {2, 'h', '2'};
constexpr unsigned char kSessionContext[] = "pintle";
constexpr int kReadings = 10;  // of files that change while they are read
constexpr int kMaxChain = 8;   // certificates between a leaf and its root

std::string called(const Pem& pem, std::string_view what) {
  return pem.path().empty() ? fmt::format("the {} in memory", what) : fmt::format("{} file {}", what, pem.path());
}

int refuse_passphrase(char*, int, int, void*) { return -1; }

void log_key(const SSL* ssl, const char* line) {
  static_cast<KeyLog*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->write(line);
}

int choose_h2(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered, unsigned int length,
              void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kAlpn, sizeof kAlpn, offered, length) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// Lets those pass of whom nobody can say whether they were taken back.
int pass_undetermined(int good, X509_STORE_CTX* context) {
  switch (X509_STORE_CTX_get_error(context)) {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
      return 1;
    default:
      return good;
  }
}

int choose_certificate(SSL* ssl, int*, void* snapshot) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  std::string lower(name);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  SSL_set_SSL_CTX(ssl, &static_cast<const Snapshot*>(snapshot)->for_name(lower));
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

// Puts a snapshot together out of texts that come in the order of its sources.
class Loading {
 public:
  Loading(const std::vector<std::string>& texts, std::shared_ptr<KeyLog> key_log)
      : texts_(texts), snapshot_(std::make_shared<Snapshot>()) {
    snapshot_->key_log_ = std::move(key_log);
  }

  const std::string& next_text() { return texts_[next_++]; }

  // `alpn`: of a client.
  Status add_context(bool server, TlsVersion least, std::string_view alpn) {
    SslContextPtr context(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
    if (context == nullptr) return Status(Code::internal, "OpenSSL: " + take_errors("out of memory"), Origin::library);
    SSL_CTX* c = context.get();
    SSL_CTX_set_min_proto_version(c, least == TlsVersion::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(c, 1);  // one recv() for what is there, instead of two for each record
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify_depth(c, kMaxChain);
    if (SSL_CTX_set_cipher_list(c, kCiphers12) != 1 || SSL_CTX_set_ciphersuites(c, kCiphers13) != 1 ||
        SSL_CTX_set1_groups_list(c, kGroups) != 1)
      return Status(Code::internal, "OpenSSL lacks a cipher: " + take_errors("unknown"), Origin::library);
    if (snapshot_->key_log_ != nullptr) {
      SSL_CTX_set_app_data(c, snapshot_->key_log_.get());
      SSL_CTX_set_keylog_callback(c, log_key);
    }
    if (server) {
      SSL_CTX_set_num_tickets(c, 1);
      SSL_CTX_set_session_id_context(c, kSessionContext, sizeof kSessionContext - 1);
      SSL_CTX_set_alpn_select_cb(c, choose_h2, nullptr);
      SSL_CTX_set_tlsext_servername_callback(c, choose_certificate);
      SSL_CTX_set_tlsext_servername_arg(c, snapshot_.get());
    } else {
      std::string offer(1, static_cast<char>(alpn.size()));
      offer += alpn;
      SSL_CTX_set_alpn_protos(c, reinterpret_cast<const unsigned char*>(offer.data()),
                              static_cast<unsigned>(offer.size()));
      SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
      SSL_CTX_sess_set_new_cb(c, TlsStream::keep_session);
    }
    snapshot_->entries_.push_back({std::move(context), {}});
    return {};
  }

  // The pair of the last context.
  Status add_pair(const KeyPair& from) {
    SSL_CTX* c = snapshot_->entries_.back().context.get();
    const std::string &certificate = next_text(), &key = next_text();
    const BioPtr chain = memory_bio(certificate);
    for (bool leaf = true;; leaf = false) {
      X509Ptr one(PEM_read_bio_X509(chain.get(), nullptr, refuse_passphrase, nullptr));
      if (one == nullptr) {
        if (!leaf && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) break;
        return invalid_argument("{} is not a PEM certificate: {}", called(from.certificate, "certificate"),
                                take_errors("it is empty"));
      }
      if (leaf) {
        snapshot_->entries_.back().names = dns_names(*one);
        if (SSL_CTX_use_certificate(c, one.get()) != 1)
          return invalid_argument("{} can't be used: {}", called(from.certificate, "certificate"),
                                  take_errors("unknown reason"));
      } else if (SSL_CTX_add1_chain_cert(c, one.get()) != 1) {
        return invalid_argument("{} has a chain that can't be used: {}", called(from.certificate, "certificate"),
                                take_errors("unknown reason"));
      }
    }
    ERR_clear_error();
    const KeyPtr private_key(PEM_read_bio_PrivateKey(memory_bio(key).get(), nullptr, refuse_passphrase, nullptr));
    if (private_key == nullptr)
      return invalid_argument("{} is not a PEM private key without passphrase: {}", called(from.key, "key"),
                              take_errors("it is empty"));
    if (SSL_CTX_use_PrivateKey(c, private_key.get()) != 1 || SSL_CTX_check_private_key(c) != 1)
      return invalid_argument("{} does not belong to {}: {}", called(from.key, "key"),
                              called(from.certificate, "certificate"), take_errors("unknown reason"));
    return {};
  }

  // Roots for the last context; a server tells its clients their names.
  Status add_roots(const Pem& from, const std::string& text, bool server) {
    SSL_CTX* c = snapshot_->entries_.back().context.get();
    const BioPtr bio = memory_bio(text);
    int count = 0;
    for (;; ++count) {
      const X509Ptr root(PEM_read_bio_X509(bio.get(), nullptr, refuse_passphrase, nullptr));
      if (root == nullptr) break;
      X509_STORE_add_cert(SSL_CTX_get_cert_store(c), root.get());
      if (server) SSL_CTX_add_client_CA(c, root.get());
    }
    if (count == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
      return invalid_argument("{} is not a list of PEM certificates: {}", called(from, "CA"),
                              take_errors("it is empty"));
    ERR_clear_error();
    return {};
  }

  // What the roots of the last context have taken back.
  Status add_revocations(const Pem& from, const std::string& text) {
    X509_STORE* store = SSL_CTX_get_cert_store(snapshot_->entries_.back().context.get());
    const BioPtr bio = memory_bio(text);
    int count = 0;
    for (;; ++count) {
      const CrlPtr list(PEM_read_bio_X509_CRL(bio.get(), nullptr, refuse_passphrase, nullptr));
      if (list == nullptr) break;
      X509_STORE_add_crl(store, list.get());
    }
    if (count == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
      return invalid_argument("{} is no PEM certificate revocation list: {}", called(from, "revocation"),
                              take_errors("it is empty"));
    ERR_clear_error();
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return {};
  }

  SSL_CTX* last() { return snapshot_->entries_.back().context.get(); }
  std::shared_ptr<const Snapshot> take() { return std::move(snapshot_); }

 private:
  const std::vector<std::string>& texts_;
  std::size_t next_ = 0;
  std::shared_ptr<Snapshot> snapshot_;
};

namespace {

Loaded build_server(const TlsServerOptions& options, const std::shared_ptr<KeyLog>& key_log,
                    const std::vector<std::string>& texts) {
  Loading loading(texts, key_log);
  const bool asks = options.client_certificates != ClientCertificates::none;
  const std::string none;
  const std::string& roots = asks ? loading.next_text() : none;
  const bool revokes = asks && !options.client_revocations.empty();
  const std::string& revocations = revokes ? loading.next_text() : none;
  for (const KeyPair& pair : options.certificates) {
    if (Status s = loading.add_context(true, options.min_version, {}); !s.ok()) return std::unexpected(std::move(s));
    if (Status s = loading.add_pair(pair); !s.ok()) return std::unexpected(std::move(s));
    if (!asks) continue;
    if (Status s = loading.add_roots(options.client_roots, roots, true); !s.ok()) return std::unexpected(std::move(s));
    if (revokes)
      if (Status s = loading.add_revocations(options.client_revocations, revocations); !s.ok())
        return std::unexpected(std::move(s));
    const bool required = options.client_certificates == ClientCertificates::required;
    SSL_CTX_set_verify(loading.last(), SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       revokes && !options.refuse_undetermined ? pass_undetermined : nullptr);
  }
  return loading.take();
}

Loaded build_client(const TlsClientOptions& options, const std::shared_ptr<KeyLog>& key_log,
                    const std::vector<std::string>& texts) {
  Loading loading(texts, key_log);
  if (Status s = loading.add_context(false, options.min_version, options.alpn); !s.ok())
    return std::unexpected(std::move(s));
  if (!options.roots.empty()) {
    if (Status s = loading.add_roots(options.roots, loading.next_text(), false); !s.ok())
      return std::unexpected(std::move(s));
  } else if (SSL_CTX_set_default_verify_paths(loading.last()) != 1) {
    return invalid_argument("the system's roots can't be read: {}", take_errors("unknown reason"));
  }
  if (!options.certificate.certificate.empty())
    if (Status s = loading.add_pair(options.certificate); !s.ok()) return std::unexpected(std::move(s));
  SSL_CTX_set_verify(loading.last(), SSL_VERIFY_PEER, nullptr);
  return loading.take();
}

void add_pair(std::vector<Pem>& sources, const KeyPair& pair) {
  sources.push_back(pair.certificate);
  sources.push_back(pair.key);
}

Result<std::shared_ptr<KeyLog>> key_log_of(const std::string& path) {
  if (path.empty()) return nullptr;
  return KeyLog::open(path);
}

}  // namespace

Result<std::shared_ptr<KeyLog>> KeyLog::open(const std::string& path) {
  Fd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600));
  if (!file)
    return invalid_argument("key log file {} can't be written: {}", path, std::generic_category().message(errno));
  return std::shared_ptr<KeyLog>(new KeyLog(std::move(file)));
}

void KeyLog::write(const char* line) noexcept {
  try {
    writer_.write(std::string(line) + '\n');
  } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; OpenSSL's frames are below
  }
}

SSL_CTX& Snapshot::for_name(std::string_view name) const {
  for (const Entry& entry : entries_)
    for (const std::string& pattern : entry.names)
      if (name_covers(pattern, name)) return *entry.context;
  return first();
}

Result<std::vector<std::string>> Context::read() const {
  std::vector<std::string> texts;
  for (const Pem& source : sources_) {
    if (source.path().empty()) {
      texts.push_back(source.text());
      continue;
    }
    auto text = read_file(source.path());
    if (!text) return invalid_argument("{} can't be read: {}", source.path(), text.error());
    texts.push_back(std::move(*text));
  }
  return texts;
}

Status Context::load() {
  const std::lock_guard one(loading_);
  auto texts = read();
  if (!texts) return std::move(texts).error();
  Loaded snapshot = build_(*texts);
  if (!snapshot) return std::move(snapshot).error();
  texts_ = std::move(*texts);
  const std::lock_guard lock(mutex_);
  current_ = std::move(*snapshot);
  return {};
}

Reload Context::reload(std::string* why) {
  const auto failed = [&](const Status& status) {
    failed_reloads_.fetch_add(1, std::memory_order_relaxed);
    if (why != nullptr) *why = status.message();
    return Reload::failed;
  };
  const std::lock_guard one(loading_);
  auto texts = read();
  // Somebody may be replacing them between one file and the next: they are taken when two readings agree.
  for (int readings = 1; texts && *texts != texts_; ++readings) {
    auto again = read();
    const bool agree = again && *again == *texts;
    texts = std::move(again);
    if (agree) break;
    if (readings == kReadings) return failed(unavailable("the files change faster than they can be read"));
  }
  if (!texts) return failed(texts.error());
  if (*texts == texts_) return Reload::unchanged;
  Loaded snapshot = build_(*texts);
  if (!snapshot) return failed(snapshot.error());
  texts_ = std::move(*texts);
  reloads_.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  current_ = std::move(*snapshot);
  return Reload::replaced;
}

std::shared_ptr<const Snapshot> Context::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

TlsCounts Context::counts() const {
  TlsCounts counts;
  counts.handshakes = handshakes_.load(std::memory_order_relaxed);
  counts.failed_handshakes = failed_handshakes_.load(std::memory_order_relaxed);
  counts.reloads = reloads_.load(std::memory_order_relaxed);
  counts.failed_reloads = failed_reloads_.load(std::memory_order_relaxed);
  return counts;
}

}  // namespace tls

Result<std::shared_ptr<TlsServer>> TlsServer::create(TlsServerOptions options) {
  const bool asks = options.client_certificates != ClientCertificates::none;
  if (options.certificates.empty()) return invalid_argument("a TLS server needs a certificate and its key");
  if (asks && options.client_roots.empty())
    return invalid_argument("client certificates are asked for, but there is no CA that they must come from");
  auto key_log = tls::key_log_of(options.key_log_file);
  if (!key_log) return std::unexpected(std::move(key_log).error());
  std::vector<Pem> sources;
  if (asks) sources.push_back(options.client_roots);
  if (asks && !options.client_revocations.empty()) sources.push_back(options.client_revocations);
  for (const KeyPair& pair : options.certificates) tls::add_pair(sources, pair);
  auto context = std::make_unique<tls::Context>(
      std::move(sources),
      [options = std::move(options), log = std::move(*key_log)](const std::vector<std::string>& texts) {
        return tls::build_server(options, log, texts);
      });
  if (Status loaded = context->load(); !loaded.ok()) return std::unexpected(std::move(loaded));
  return std::shared_ptr<TlsServer>(new TlsServer(std::move(context)));
}

TlsServer::TlsServer(std::unique_ptr<tls::Context> context) : context_(std::move(context)) {}
TlsServer::~TlsServer() = default;
Reload TlsServer::reload(std::string* why) { return context_->reload(why); }
TlsCounts TlsServer::counts() const { return context_->counts(); }

Result<std::shared_ptr<TlsClient>> TlsClient::create(TlsClientOptions options) {
  if (options.certificate.certificate.empty() != options.certificate.key.empty())
    return invalid_argument("a client certificate needs its key, and a key its certificate");
  if (options.alpn.empty() || options.alpn.size() > 255)
    return invalid_argument("the name of an ALPN protocol has 1 to 255 bytes");
  auto key_log = tls::key_log_of(options.key_log_file);
  if (!key_log) return std::unexpected(std::move(key_log).error());
  std::vector<Pem> sources;
  if (!options.roots.empty()) sources.push_back(options.roots);
  if (!options.certificate.certificate.empty()) tls::add_pair(sources, options.certificate);
  std::string server_name = options.server_name;
  auto context = std::make_unique<tls::Context>(
      std::move(sources),
      [options = std::move(options), log = std::move(*key_log)](const std::vector<std::string>& texts) {
        return tls::build_client(options, log, texts);
      });
  if (Status loaded = context->load(); !loaded.ok()) return std::unexpected(std::move(loaded));
  return std::shared_ptr<TlsClient>(new TlsClient(std::move(context), std::move(server_name)));
}

TlsClient::TlsClient(std::unique_ptr<tls::Context> context, std::string server_name)
    : context_(std::move(context)), server_name_(std::move(server_name)) {}
TlsClient::~TlsClient() = default;
Reload TlsClient::reload(std::string* why) { return context_->reload(why); }
TlsCounts TlsClient::counts() const { return context_->counts(); }

}  // namespace pintle::net
