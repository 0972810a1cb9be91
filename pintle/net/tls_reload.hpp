// Certificates, keys and roots that change on the disk, as a Kubernetes secret's do.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <pintle/async/task.hpp>
#include <pintle/async/watched.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/net/tls.hpp>

namespace pintle::net {

// Reads the files again every `interval` on a worker of the awaiting coroutine's loop, until its scope is cancelled.
// Logs each replacement, and each reason for a failure once. The files are compared by what they hold, so it does not
// matter how they were replaced (by writing, renaming, or the swap of a symbolic link above them); a certificate that
// was replaced before its key fails, and is taken when the key has come.
// With `asked`, also whenever that changes; it outlives the task.
Task<void> reload_every(std::shared_ptr<TlsServer> tls, Duration interval, Logger log,
                        const Watched<std::uint64_t>* asked = nullptr);
Task<void> reload_every(std::shared_ptr<TlsClient> tls, Duration interval, Logger log,
                        const Watched<std::uint64_t>* asked = nullptr);

// The same for what somebody else made of the two, or of other files, called `what` in the log: called on a worker,
// never twice at a time. An exception is a failure like any other, and the next attempt comes in its time.
using ReloadOnce = std::function<Reload(std::string* why)>;
Task<void> reload_every(ReloadOnce reload, Duration interval, Logger log, const Watched<std::uint64_t>* asked = nullptr,
                        std::string what = "certificates");

}  // namespace pintle::net
