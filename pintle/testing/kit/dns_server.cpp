#include <pintle/testing/kit/dns_server.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace pintle::testing {

namespace {

constexpr std::size_t kHeader = 12;
constexpr std::uint16_t kA = 1, kAaaa = 28;
enum Rcode : std::uint8_t { kNoError = 0, kServFail = 2, kNxDomain = 3 };

void put16(std::string& out, std::size_t value) {
  out.push_back(static_cast<char>(value >> 8 & 0xff));
  out.push_back(static_cast<char>(value & 0xff));
}

struct Question {
  std::string name;
  std::uint16_t type = 0;
  std::string_view bytes;  // as it came
};

// The one question of a query; an empty name where there is none.
Question question_of(std::string_view query) {
  Question question;
  std::size_t at = kHeader;
  while (at < query.size() && query[at] != 0) {
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(query[at]));
    if (at + 1 + size >= query.size()) return {};
    if (!question.name.empty()) question.name += '.';
    question.name += query.substr(at + 1, size);
    at += 1 + size;
  }
  if (at + 5 > query.size()) return {};
  question.type = static_cast<std::uint16_t>(static_cast<unsigned char>(query[at + 1]) << 8 |
                                             static_cast<unsigned char>(query[at + 2]));
  question.bytes = query.substr(kHeader, at + 5 - kHeader);
  return question;
}

}  // namespace

DnsServer::DnsServer() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), wake_(::eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd_ < 0 || ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::system_error(errno, std::generic_category(), "a name server for tests");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

DnsServer::~DnsServer() {
  const std::uint64_t one = 1;
  if (::write(wake_, &one, sizeof one) == sizeof one) thread_.join();
  ::close(wake_);
  ::close(fd_);
}

std::string DnsServer::address() const { return "127.0.0.1:" + std::to_string(port_); }

void DnsServer::set(std::string name, std::vector<std::string> addresses, std::chrono::seconds ttl) {
  const std::lock_guard lock(mutex_);
  names_[std::move(name)] = Entry{std::move(addresses), ttl};
}

void DnsServer::remove(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (const auto found = names_.find(name); found != names_.end()) names_.erase(found);
}

void DnsServer::mood(Mood mood) {
  const std::lock_guard lock(mutex_);
  mood_ = mood;
}

int DnsServer::queries(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = asked_.find(name);
  return found != asked_.end() ? found->second : 0;
}

void DnsServer::serve() {
  pollfd waits[] = {{fd_, POLLIN, 0}, {wake_, POLLIN, 0}};
  char room[1500];
  for (;;) {
    if (::poll(waits, 2, -1) < 0 && errno != EINTR) return;
    if ((waits[1].revents & POLLIN) != 0) return;
    if ((waits[0].revents & POLLIN) == 0) continue;
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t got = ::recvfrom(fd_, room, sizeof room, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got <= 0) continue;
    const std::string reply = answer({room, static_cast<std::size_t>(got)});
    if (!reply.empty())
      (void)::sendto(fd_, reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
  }
}

std::string DnsServer::answer(std::string_view query) {
  if (query.size() < kHeader) return {};
  const Question question = question_of(query);
  const std::lock_guard lock(mutex_);
  if (question.type == kA) ++asked_[question.name];
  if (mood_ == Mood::silent) return {};
  Rcode rcode = mood_ == Mood::fails ? kServFail : kNoError;
  std::string records;
  std::size_t count = 0;
  const auto found = names_.find(question.name);
  if (rcode == kNoError && found == names_.end()) rcode = kNxDomain;
  if (rcode == kNoError) {
    for (const std::string& text : found->second.addresses) {
      unsigned char bytes[16];
      const bool v6 = text.find(':') != std::string::npos;
      if ((v6 ? kAaaa : kA) != question.type) continue;
      if (::inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes) != 1) continue;
      const std::size_t size = v6 ? 16 : 4;
      put16(records, 0xc000 | kHeader);  // the question's name
      put16(records, question.type);
      put16(records, 1);
      const auto ttl = static_cast<std::size_t>(found->second.ttl.count());
      put16(records, ttl >> 16 & 0xffff);
      put16(records, ttl & 0xffff);
      put16(records, size);
      records.append(reinterpret_cast<const char*>(bytes), size);
      ++count;
    }
  }
  std::string reply(query.substr(0, 2));
  reply.push_back(static_cast<char>(0x81));  // a response, recursion as desired
  reply.push_back(static_cast<char>(0x80 | rcode));
  put16(reply, 1);
  put16(reply, count);
  put16(reply, 0);
  put16(reply, 0);
  reply += question.bytes;
  return reply + records;
}

}  // namespace pintle::testing
