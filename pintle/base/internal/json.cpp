// Boost.JSON has no library of its own in the build: its bodies are compiled here.
#include <boost/json/src.hpp>
