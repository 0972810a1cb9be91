// The same frames and the same commands into our Session and into nghttp2, both roles. After each step both must have
// said the same to the room above and to the peer; where they may differ, kExplained says why.
#include <algorithm>
#include <cctype>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/http2/test_support/engine.hpp>
#include <pintle/http2/test_support/nghttp2_engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Engine;
using test::Lines;
using test::Nghttp2Engine;

// A difference that is right. `frame` is the type that was fed, `state` that of its stream in our session before,
// `ours` and `theirs` the kinds of the outcomes; an empty word stands for any, a word with '*' at its end for a
// beginning.
struct Explained {
  std::string frame, state, ours, theirs, why;
};

const std::vector<Explained> kExplained = {
    {"HEADERS", "ended", "GOAWAY STREAM_CLOSED", "nothing", "both sides had ended; nghttp2 looks away"},
    {"DATA", "ended", "GOAWAY STREAM_CLOSED", "nothing", "the same"},
    {"HEADERS", "reset by us", "GOAWAY STREAM_CLOSED", "nothing",
     "END_STREAM had come after our reset; nghttp2 looks away"},
    {"DATA", "reset by us", "GOAWAY STREAM_CLOSED", "nothing", "the same"},
    {"HEADERS", "", "RST_STREAM STREAM_CLOSED", "nothing", "after RST_STREAM; section 5.1 asks for this stream error"},
    {"DATA", "", "RST_STREAM STREAM_CLOSED", "nothing", "the same"},
    {"HEADERS", "reset by us", "nothing", "GOAWAY STREAM_CLOSED", "our leniency with what may have been on its way"},
    {"DATA", "reset by us", "nothing", "GOAWAY STREAM_CLOSED", "the same"},
    {"HEADERS", "idle", "GOAWAY PROTOCOL_ERROR", "nothing",
     "an id that was skipped (section 5.1.1); nghttp2 looks away"},
    {"HEADERS", "", "GOAWAY FRAME_SIZE_ERROR", "nothing", "too short for its flags, on a stream that is closed"},
    {"DATA", "idle", "GOAWAY *", "nothing", "the same"},
    {"PRIORITY", "reset by us", "nothing", "GOAWAY PROTOCOL_ERROR", "on itself, and no stream is left to end"},
    {"PRIORITY", "reset by peer", "nothing", "GOAWAY PROTOCOL_ERROR", "the same"},
    {"PRIORITY", "ended", "nothing", "GOAWAY PROTOCOL_ERROR", "the same"},
    {"SETTINGS", "connection", "nothing", "GOAWAY PROTOCOL_ERROR", "an acknowledgement of nothing; we count it"},
    {"GOAWAY", "connection", "nothing", "GOAWAY PROTOCOL_ERROR", "a client's last stream id says nothing without push"},
    {"GOAWAY", "connection", "reset*", "nothing", "we tell of every stream above the last; nghttp2 only closes them"},
    {"HEADERS", "open", "nothing", "RST_STREAM PROTOCOL_ERROR",
     "content-length in an informational head, which we skip"},
    {"DATA", "", "GOAWAY PROTOCOL_ERROR", "nothing", "padding is checked on closed streams, too"},
    {"DATA", "", "GOAWAY FRAME_SIZE_ERROR", "nothing", "the same"},
    {"DATA", "open", "RST_STREAM PROTOCOL_ERROR", "nothing", "DATA behind an informational head (section 8.1)"},
};

bool matches(const std::string& pattern, const std::string& word) {
  if (pattern.empty()) return true;
  if (pattern.back() == '*') return word.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == word;
}

// nghttp2 also checks which characters a pseudo-header has; RFC 9113 does not ask for it, and our router knows only the
// methods and paths that exist.
bool nghttp2_is_stricter(const std::string& events) {
  if (events.starts_with("trailers") && events.contains("content-length=")) return true;  // which we don't read there
  // RFC 9113 section 8.3.1 does not ask for an authority.
  if (events.contains(":method=") && !events.contains(":authority=") && !events.contains(" host=")) return true;
  // RFC 9110 section 8.6 lets a recipient take equal lengths for one.
  if (events.find("content-length=") != events.rfind("content-length=")) return true;
  std::istringstream words(events);
  for (std::string word; std::getline(words, word, ' ');) {
    if (!word.starts_with(":") && !word.starts_with("host=")) continue;
    for (const char c : word) {
      if (static_cast<unsigned char>(c) > 0x7e || c < 0x21 || std::string_view("\"<>\\^`{|}@#[]").contains(c))
        return true;
    }
    if (word.starts_with(":method=") && !std::all_of(word.begin() + 8, word.end(), [](unsigned char c) {
          return std::isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").contains(static_cast<char>(c));
        })) {
      return true;
    }
    if (word.starts_with(":scheme=") && word != ":scheme=http") return true;
    if (word.starts_with(":path=") && !word.starts_with(":path=/")) return true;
  }
  return false;
}

struct Difference {
  std::string frame, state, ours, theirs;
  std::string our_events;

  bool explained() const {
    if ((ours.starts_with("headers") || ours.starts_with("trailers")) && theirs == "RST_STREAM PROTOCOL_ERROR" &&
        nghttp2_is_stricter(our_events))
      return true;
    if (ours.starts_with("GOAWAY") && theirs.starts_with("GOAWAY")) {
      return true;  // more than one rule is broken: each names the one that it checks first
    }
    if (ours.starts_with("RST_STREAM") && theirs == "GOAWAY" + ours.substr(10)) {
      return true;  // RFC 9113 section 5.4.1: an endpoint may treat a stream error as a connection error
    }
    return std::any_of(kExplained.begin(), kExplained.end(), [&](const Explained& e) {
      return matches(e.frame, frame) && matches(e.state, state) && matches(e.ours, ours) && matches(e.theirs, theirs);
    });
  }
  std::string text() const { return frame + " on " + state + " | ours: " + ours + " | nghttp2: " + theirs; }
};

Options without_limits() {
  Options options;
  options.initial_stream_window = 65'535;
  options.connection_window = 65'535;
  options.ping_strikes = 0;
  options.glitch_burst = 1'000'000;
  options.max_provoked_resets = 1'000'000;
  options.max_empty_data = 1'000'000;
  options.tiny_data_overhead = 1'000'000;
  options.reset_check_after = 1'000'000;
  return options;
}

// Lines about which the two need not agree are dropped: when windows are given back, how closing is told, who reset.
Lines told(const Lines& events) {
  Lines out;
  for (const std::string& line : events) {
    if (line.starts_with("headers ") || line.starts_with("data ") || line.starts_with("trailers ") ||
        line.starts_with("fatal ")) {
      out.push_back(line);
    } else if (line.starts_with("reset ") && line.ends_with(" by peer")) {
      out.push_back(line.substr(0, line.find(' ', 6)) + " by peer");
    }
  }
  return out;
}

// Frames in the order of their streams, the DATA frames of a stream made one.
Lines said(const Lines& frames) {
  std::map<std::uint64_t, Lines> streams;
  for (const std::string& line : frames) {
    if (line.starts_with("WINDOW_UPDATE") || line.starts_with("SETTINGS MAX") || line.starts_with("SETTINGS INITIAL")) {
      continue;
    }
    if (line.starts_with("GOAWAY")) {
      std::istringstream words(line);
      std::string name, last, code;
      words >> name >> last >> code;
      streams[0].push_back(code == "NO_ERROR" ? name + " " + last + " " + code : name + " " + code);
      continue;
    }
    const bool on_stream = line.starts_with("HEADERS") || line.starts_with("DATA") || line.starts_with("RST_STREAM");
    Lines& list = streams[on_stream ? std::stoull(line.substr(line.find(' '))) : 0];
    list.push_back(line);
  }
  Lines out;
  for (const auto& [id, lines] : streams) out.insert(out.end(), lines.begin(), lines.end());
  return out;
}

std::string joined(const Lines& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "; ";
  return out;
}

// The kind of an outcome, without ids and contents.
std::string kind(const Lines& events, const Lines& frames) {
  std::string out;
  for (const std::string& line : events) {
    out += line.substr(0, line.find(' ')) + (line.ends_with(" end") ? " end" : "") + ", ";
  }
  for (const std::string& line : frames) {
    std::istringstream words(line);
    std::string name, id, rest;
    words >> name;
    if (name == "RST_STREAM") words >> id >> rest;
    if (name == "GOAWAY" || name == "PING") words >> rest;
    out += name + (rest.empty() ? "" : " " + rest) + ", ";
  }
  return out.empty() ? "nothing" : out.substr(0, out.size() - 2);
}

class Frames {
 public:
  Frames(Role role, std::uint32_t seed) : role_(role), random_(seed) {}

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

  // A frame, sometimes an outrageous one.
  std::string next() {
    std::string frame = plain();
    if (one_in(8)) mutate(frame);
    return frame;
  }

  // Streams that are open now, and those whose head has come: most frames are about them.
  std::vector<StreamId> live, headed;

  StreamId some_id() {
    if (!live.empty() && !one_in(12)) return live[below(static_cast<std::uint32_t>(live.size()))];
    if (next_id_ < 3 || one_in(30)) return below(8);
    const StreamId newest = next_id_ - 2;
    return one_in(2) ? newest : 1 + 2 * below(next_id_ / 2);
  }
  void opened(StreamId id) { next_id_ = std::max(next_id_, id + 2); }

 private:
  Fields odd_fields() {
    static const Fields kOdd = {{"x", "y"},
                                {"te", "trailers"},
                                {"te", "gzip"},
                                {"connection", "close"},
                                {"Upper", "x"},
                                {"", "x"},
                                {"x", "a\nb"},
                                {"x", ""},
                                {":path", "/"},
                                {":status", "200"},
                                {":unknown", "x"},
                                {"content-length", "3"},
                                {"cookie", "a=b"},
                                {"content-length", "-"},
                                {"host", "test"},
                                {"x", " a"},
                                {"upgrade", "x"},
                                {"keep-alive", "x"},
                                {"transfer-encoding", "chunked"}};
    Fields out;
    for (std::uint32_t n = below(3); n > 0; --n) out.push_back(kOdd[below(static_cast<std::uint32_t>(kOdd.size()))]);
    return out;
  }
  Fields some_head() {
    Fields out = role_ == Role::server ? request() : response(one_in(6) ? "100" : "200");
    // Never :authority, which RFC 9113 section 8.3.1 does not ask for and nghttp2 does.
    if (one_in(20)) out.erase(out.begin() + below(role_ == Role::server ? 3 : 1));
    if (one_in(4)) {
      const Fields more = odd_fields();
      out.insert(one_in(8) ? out.begin() : out.end(), more.begin(), more.end());
    }
    return out;
  }

  std::string plain() {
    switch (below(14)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const StreamId id = role_ == Role::server && !one_in(3) ? next_id_ : some_id();
        if (role_ == Role::server && id % 2 == 1) opened(id);
        Frame frame = headers(id, one_in(6) ? odd_fields() : some_head());
        if (one_in(2)) frame.end_stream();
        if (one_in(10)) frame.priority(2 * below(6));
        if (one_in(10)) frame.padded(static_cast<std::uint8_t>(below(20)));
        return frame;
      }
      case 4: {
        const StreamId id = role_ == Role::server ? next_id_ : some_id();
        if (role_ == Role::server) opened(id);
        const std::string whole = block(some_head());
        const std::size_t cut = below(static_cast<std::uint32_t>(whole.size() + 1));
        Frame first = headers_raw(id, whole.substr(0, cut)).no_end_headers();
        if (one_in(2)) first.end_stream();
        return first + continuation(one_in(10) ? id + 2 : id, whole.substr(cut));
      }
      case 5:
      case 6:
      case 7: {
        if (headed.empty() && !one_in(20)) return ping(below(1000));
        const StreamId id =
            headed.empty() || one_in(20) ? some_id() : headed[below(static_cast<std::uint32_t>(headed.size()))];
        Frame frame = data(id, std::string(one_in(5) ? 0 : below(30), 'd'));
        if (one_in(3)) frame.end_stream();
        if (one_in(5)) frame.padded(static_cast<std::uint8_t>(below(20)));
        return frame;
      }
      case 8:
        return rst(some_id(), static_cast<ErrorCode>(below(16)));
      case 9: {
        const std::uint32_t increment = one_in(8) ? 0 : one_in(8) ? 0x7fff'ffff : 1 + below(100);
        return window_update(one_in(3) ? 0 : some_id(), increment);
      }
      case 10: {
        static const std::pair<SettingId, std::uint32_t> kEntries[] = {{SettingId::initial_window_size, 10},
                                                                       {SettingId::initial_window_size, 100'000},
                                                                       {SettingId::max_frame_size, 16'384},
                                                                       {SettingId::max_concurrent_streams, 100},
                                                                       {SettingId::header_table_size, 0},
                                                                       {SettingId::header_table_size, 4096},
                                                                       {SettingId::initial_window_size, 1u << 31},
                                                                       {SettingId::max_frame_size, 1},
                                                                       {SettingId::enable_push, 0},
                                                                       {SettingId::enable_push, 2},
                                                                       {static_cast<SettingId>(0x77), 5}};
        return settings({kEntries[below(one_in(4) ? 11 : 6)]});
      }
      case 11:
        return ping(below(1000));
      case 12:
        return priority(some_id(), one_in(20) ? some_id() : 0);
      default:
        if (one_in(3)) {
          return goaway(role_ == Role::client ? 0x7fff'ffff : 0, ErrorCode::no_error);
        }
        return raw(static_cast<std::uint8_t>(0x20 + below(100)), static_cast<std::uint8_t>(below(256)), below(10), "u");
    }
  }

  // Changes type, flags, id or payload; the length stays right, so that both engines see whole frames.
  void mutate(std::string& frame) {
    if (kFrameHeaderSize + load_frame_header(as_bytes(frame).data()).length != frame.size()) return;  // two frames
    for (std::uint32_t n = 1 + below(2); n > 0; --n) {
      const std::uint32_t where = below(8);
      if (where == 0) {
        frame[3] = static_cast<char>(below(12));
      } else if (where < 3) {
        frame[4] = static_cast<char>(static_cast<unsigned char>(frame[4]) ^ (1u << below(8)));
      } else if (where == 3) {
        frame[8] = static_cast<char>(below(12));
      } else if (where == 4 && frame.size() > 9) {
        resize(frame);
      } else if (frame.size() > 9) {
        frame[9 + below(static_cast<std::uint32_t>(frame.size() - 9))] = static_cast<char>(below(256));
      }
    }
    // An open block is left to the frames that mean it: the two need not see its faults at the same time.
    if (frame[3] == 1) frame[4] = static_cast<char>(static_cast<unsigned char>(frame[4]) | kEndHeaders);
  }
  void resize(std::string& frame) {
    const FrameHeader header = load_frame_header(as_bytes(frame).data());
    if (kFrameHeaderSize + header.length != frame.size()) return;  // more than one frame
    frame.resize(kFrameHeaderSize + below(static_cast<std::uint32_t>(header.length + 3)), 'r');
    const auto length = static_cast<std::uint32_t>(frame.size() - kFrameHeaderSize);
    frame[1] = static_cast<char>(length >> 8);
    frame[2] = static_cast<char>(length);
  }

  Role role_;
  std::mt19937 random_;
  StreamId next_id_ = 1;
};

struct Outcome {
  Lines events, frames;
};

using Report = std::map<std::string, std::pair<int, std::string>>;  // difference -> how often, and one story of it

class Duel {
 public:
  Duel(Role role, std::uint32_t seed)
      : role_(role),
        story_("seed " + std::to_string(seed) + "\n"),
        script_(role, seed),
        ours_(role, without_limits()),
        theirs_(role) {}

  // Runs until the connection ends, a difference or the last step; the number of steps.
  int run(int steps, Report& unexplained) {
    ours_.shown_bytes = SIZE_MAX;
    ours_.sent();
    theirs_.sent();
    bool same = step("hello", (role_ == Role::server ? preface() : std::string()) + settings() + settings_ack());
    int done = 0;
    while (same && done < steps && !ours_.session.draining()) {
      ++done;
      script_.live.clear();
      script_.headed.clear();
      for (const auto& [id, stream] : ours_.streams) {
        if (ours_.session.peer_ended(*stream) && !script_.one_in(30)) continue;
        script_.live.push_back(id);
        if (role_ == Role::server || headed_.contains(id)) script_.headed.push_back(id);
      }
      if (role_ == Role::client && script_.one_in(3)) {
        same = open();
      } else if (role_ == Role::server && script_.one_in(3)) {
        same = act();
      } else {
        same = step({}, script_.next());
      }
    }
    if (!same && !difference_.explained()) {
      auto& [n, story] = unexplained[difference_.text()];
      if (n++ == 0) story = story_;
    }
    return done;
  }

 private:
  // What happened to a stream, as far as our session is concerned.
  std::string state(StreamId id) const {
    if (id == 0) return "connection";
    if (const auto at = ours_.streams.find(id); at != ours_.streams.end()) {
      return ours_.session.peer_ended(*at->second) ? "half-closed" : "open";
    }
    const auto ended = ends_.find(id);
    return ended != ends_.end() ? ended->second : "idle";
  }

  void remember(const Lines& events, const Lines& frames) {
    for (const std::string& line : events) {
      if (line.starts_with("headers ")) headed_.insert(static_cast<StreamId>(std::stoul(line.substr(8))));
      if (line.starts_with("closed ")) ends_.try_emplace(static_cast<StreamId>(std::stoul(line.substr(7))), "ended");
      if (line.starts_with("reset ") && line.ends_with("by peer")) {
        ends_[static_cast<StreamId>(std::stoul(line.substr(6)))] = "reset by peer";
      }
    }
    for (const std::string& line : frames) {
      if (line.starts_with("RST_STREAM")) ends_[static_cast<StreamId>(std::stoul(line.substr(11)))] = "reset by us";
    }
  }

  bool step(std::string what, const std::string& bytes) {
    if (what.empty()) {
      const FrameHeader header = load_frame_header(as_bytes(bytes).data());
      what = frame_name(header.type);
      if (what.starts_with("0x")) what = "unknown";
      difference_.state = state(header.stream);
    } else {
      difference_.state = "command";
    }
    Outcome a, b;
    Lines events;
    if (!bytes.empty()) {
      events = ours_.feed(bytes);
      b.events = told(theirs_.feed(bytes));
    }
    a.events = told(events);
    const Lines frames = ours_.sent();
    a.frames = said(frames);
    b.frames = said(theirs_.sent());
    const Lines later = ours_.events();
    events.insert(events.end(), later.begin(), later.end());
    remember(events, frames);
    story_ += "  " + what + " " + (bytes.empty() ? "" : joined(reader_.read(as_bytes(bytes)))) +
              "\n    ours: " + joined(a.events) + "| " + joined(a.frames) + "\n";
    if (a.events == b.events && a.frames == b.frames) return true;
    story_ += "    nghttp2: " + joined(b.events) + "| " + joined(b.frames) + "\n";
    difference_.frame = what;
    difference_.our_events = joined(a.events);
    difference_.ours = kind(a.events, a.frames);
    difference_.theirs = kind(b.events, b.frames);
    return false;
  }

  bool open() {
    const bool end = script_.one_in(2);
    Stream* stream = ours_.open(end);
    if (stream == nullptr) return true;
    EXPECT_EQ(theirs_.open(end), stream->id());
    script_.opened(stream->id());
    return step("open", "");
  }

  // A command on one of the streams.
  bool act() {
    if (ours_.streams.empty()) return true;
    auto at = ours_.streams.begin();
    std::advance(at, script_.below(static_cast<std::uint32_t>(ours_.streams.size())));
    const auto [id, stream] = *at;
    if (ours_.session.peer_ended(*stream) && !ours_.session.we_ended(*stream)) {
      const std::string body(script_.below(30), 'b');
      ours_.head(id);
      ours_.write(id, body, true);
      theirs_.answer(id, body);
      return step("answer", "");
    }
    if (!script_.one_in(4)) return true;
    ours_.session.reset(*stream, ErrorCode::cancel);
    theirs_.reset(id, ErrorCode::cancel);
    return step("reset", "");
  }

  Role role_;
  std::string story_;
  Frames script_;
  Engine ours_;
  Nghttp2Engine theirs_;
  Trace reader_;
  std::map<StreamId, std::string> ends_;
  std::set<StreamId> headed_;
  Difference difference_;
};

void compare(Role role, std::uint32_t scripts) {
  Report unexplained;
  int steps = 0;
  for (std::uint32_t seed = 1; seed <= scripts; ++seed) steps += Duel(role, seed).run(60, unexplained);
  for (const auto& [text, what] : unexplained) ADD_FAILURE() << what.first << " times: " << text << "\n" << what.second;
  ::testing::Test::RecordProperty("steps", steps);
  EXPECT_GT(steps, static_cast<int>(scripts) * 4) << "the scripts end too early to say much";
}

TEST(Oracle, ServersAgree) { compare(Role::server, 5'000); }
TEST(Oracle, ClientsAgree) { compare(Role::client, 5'000); }

}  // namespace
}  // namespace pintle::http2
