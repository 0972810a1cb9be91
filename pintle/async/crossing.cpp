#include <pintle/async/crossing.hpp>

#include <algorithm>

namespace pintle::detail {

std::shared_ptr<Line> Lines::of(Loop& loop) {
  for (const auto& line : lines_)
    if (&line->loop == &loop) return line;
  lines_.push_back(std::make_shared<Line>(loop));
  lines_.back()->listed = true;
  return lines_.back();
}

void Lines::remove(Line& line) noexcept {
  if (!std::exchange(line.listed, false)) return;
  std::erase_if(lines_, [&](const auto& l) { return l.get() == &line; });
}

Lines::Told Lines::all() {
  Told told;
  for (const auto& line : lines_)
    if (!std::exchange(line->told, true)) told.push_back(line);
  return told;
}

Lines::Told Lines::one() {
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const auto& line = lines_[next_++ % lines_.size()];
    if (!std::exchange(line->told, true)) return {line};
  }
  return {};
}

// Work that a loop is given. Destroyed without having been run, it says so: what was meant for this loop must not wait
// for it.
struct Crossing::Look {
  Look(std::shared_ptr<Crossing> c, Lines& l, std::shared_ptr<Line> at)
      : crossing(std::move(c)), lines(&l), line(std::move(at)) {}
  Look(Look&&) noexcept = default;
  ~Look() {
    if (crossing == nullptr) return;
    {
      std::lock_guard lock(crossing->mutex_);
      lines->remove(*line);
    }
    crossing->lost(*lines);
  }
  void operator()() {
    const auto held = std::move(crossing);
    {
      std::lock_guard lock(held->mutex_);
      line->told = false;
    }
    held->look(*lines, *line);
  }
  std::shared_ptr<Crossing> crossing;
  Lines* lines;
  std::shared_ptr<Line> line;
};

void Crossing::ask(Lines& lines, const Lines::Told& told) {
  for (const auto& line : told) line->loop.post(Look(shared_from_this(), lines, line));
}

Crossing::Place* Crossing::peek(Line& line) noexcept { return static_cast<Place*>(line.queue.first()); }

Crossing::Place* Crossing::take_first(Line& line) noexcept {
  Place* place = peek(line);
  if (place != nullptr) place->WaitQueue::Entry::leave();
  return place;
}

void Crossing::Place::leave() noexcept {
  if (line_ == nullptr) return;
  WaitQueue::Entry::leave();
  if (line_->queue.size() == 0) {
    std::lock_guard lock(crossing_->mutex_);
    lines_->remove(*line_);
  }
  line_.reset();
}

}  // namespace pintle::detail
