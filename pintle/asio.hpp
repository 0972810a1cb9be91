// Pintle and Boost.Asio: include this only where Asio is used, its headers are heavy.
#pragma once

#include <pintle/async/asio.hpp>
