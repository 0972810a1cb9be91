#include <pintle/http2/test_support/nghttp2_engine.hpp>

#include <algorithm>
#include <utility>

#include <nghttp2/nghttp2.h>

namespace pintle::http2::test {

namespace wire = testing::wire;

struct Nghttp2Engine::Callbacks {
  static Nghttp2Engine& self(void* user) { return *static_cast<Nghttp2Engine*>(user); }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    self(user).fields_.clear();
    self(user).open_.insert(frame->hd.stream_id);
    return 0;
  }
  static int header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    self(user)
        .fields_.append(" ")
        .append(reinterpret_cast<const char*>(name), name_size)
        .append("=")
        .append(reinterpret_cast<const char*>(value), value_size);
    return 0;
  }
  static int data_chunk(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t size,
                        void* user) {
    self(user).data_.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Nghttp2Engine& s = self(user);
    const std::string id = std::to_string(frame->hd.stream_id);
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_HEADERS) {
      const bool head = frame->headers.cat == NGHTTP2_HCAT_REQUEST || frame->headers.cat == NGHTTP2_HCAT_RESPONSE ||
                        (frame->headers.cat == NGHTTP2_HCAT_HEADERS && s.fields_.starts_with(" :status="));
      if (s.fields_.starts_with(" :status=1")) return 0;  // skipped, as ours
      s.events_.push_back((head ? "headers " : "trailers ") + id + s.fields_ + (head && end ? " end" : ""));
    } else if (frame->hd.type == NGHTTP2_DATA) {
      const std::string data = std::exchange(s.data_, {});
      if (!data.empty() || end) s.events_.push_back("data " + id + " " + data + (end ? " end" : ""));
    } else if (frame->hd.type == NGHTTP2_RST_STREAM && s.open_.contains(frame->hd.stream_id)) {
      s.events_.push_back("reset " + id + " by peer");
    }
    return 0;
  }
  static int closed(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
    self(user).open_.erase(id);
    return 0;
  }
  static ssize_t read(nghttp2_session*, std::int32_t id, std::uint8_t* to, std::size_t room, std::uint32_t* flags,
                      nghttp2_data_source*, void* user) {
    std::string& body = self(user).bodies_[id];
    const std::size_t n = std::min(room, body.size());
    std::copy_n(body.data(), n, to);
    body.erase(0, n);
    if (body.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(n);
  }
};

namespace {

std::vector<nghttp2_nv> pairs(const wire::Fields& fields) {
  std::vector<nghttp2_nv> out;
  for (const auto& [name, value] : fields) {
    out.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                   reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
                   NGHTTP2_NV_FLAG_NONE});
  }
  return out;
}

}  // namespace

Nghttp2Engine::Nghttp2Engine(Role role) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, &Callbacks::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Callbacks::data_chunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Callbacks::frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Callbacks::closed);
  if (role == Role::server) {
    nghttp2_session_server_new(&session_, callbacks, this);
  } else {
    nghttp2_session_client_new(&session_, callbacks, this);
  }
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry entry = role == Role::server
                                           ? nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100}
                                           : nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &entry, 1);
}

Nghttp2Engine::~Nghttp2Engine() { nghttp2_session_del(session_); }

std::vector<std::string> Nghttp2Engine::feed(const std::string& bytes) {
  data_.clear();
  const ssize_t n =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (n < 0) events_.push_back(std::string("fatal ") + nghttp2_strerror(static_cast<int>(n)));
  return std::exchange(events_, {});
}

std::vector<std::string> Nghttp2Engine::sent() {
  std::string all;
  for (;;) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t n = nghttp2_session_mem_send(session_, &bytes);
    if (n <= 0) break;
    all.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(n));
  }
  return trace_.read(wire::as_bytes(all));
}

std::uint32_t Nghttp2Engine::open(bool end_stream) {
  const wire::Fields fields = wire::request();
  const auto list = pairs(fields);
  nghttp2_data_provider deferred{};
  deferred.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t, std::uint32_t*,
                              nghttp2_data_source*, void*) -> ssize_t { return NGHTTP2_ERR_DEFERRED; };
  const std::int32_t id =
      nghttp2_submit_request(session_, nullptr, list.data(), list.size(), end_stream ? nullptr : &deferred, nullptr);
  if (id > 0) open_.insert(id);
  return static_cast<std::uint32_t>(id);
}

void Nghttp2Engine::answer(std::uint32_t id, const std::string& body) {
  const auto stream = static_cast<std::int32_t>(id);
  bodies_[stream] = body;
  const wire::Fields fields = wire::response();
  const auto list = pairs(fields);
  nghttp2_data_provider provider{};
  provider.read_callback = &Callbacks::read;
  nghttp2_submit_response(session_, stream, list.data(), list.size(), &provider);
}

void Nghttp2Engine::reset(std::uint32_t id, ErrorCode code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, static_cast<std::int32_t>(id),
                            static_cast<std::uint32_t>(code));
}

void Nghttp2Engine::ping(std::uint64_t tag) {
  std::byte bytes[8];
  store64(bytes, tag);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, reinterpret_cast<const std::uint8_t*>(bytes));
}

void Nghttp2Engine::notice() { nghttp2_submit_shutdown_notice(session_); }

}  // namespace pintle::http2::test
