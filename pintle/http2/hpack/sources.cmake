# The HPACK files of the http2 room; paths as seen from there.
set(HPACK_SOURCES
  hpack/arena.cpp
  hpack/block_cache.cpp
  hpack/decoder.cpp
  hpack/decoder_table.cpp
  hpack/encoder.cpp
  hpack/encoder_table.cpp
  hpack/huffman.cpp)
set(HPACK_TESTS
  hpack/allocation_test.cpp
  hpack/block_cache_test.cpp
  hpack/decoder_test.cpp
  hpack/encoder_test.cpp
  hpack/field_rules_test.cpp
  hpack/huffman_test.cpp
  hpack/oracle_test.cpp
  hpack/stories_test.cpp
  hpack/test_support/allocations.cpp)
# nghttp2 is the oracle of the tests; nothing else may link it.
set(HPACK_TEST_LIBRARIES nghttp2)

add_subdirectory(${PROJECT_SOURCE_DIR}/fuzz/hpack ${PROJECT_BINARY_DIR}/fuzz/hpack)
