"""Tests of tools/check_layers: each builds a small tree and says what must be found in it."""

import importlib.machinery
import importlib.util
import pathlib
import tempfile
import unittest

PATH = pathlib.Path(__file__).with_name("check_layers")
loader = importlib.machinery.SourceFileLoader("check_layers", str(PATH))
check_layers = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_layers", loader))
loader.exec_module(check_layers)

RULES = """
room base:
room async: base
room net: base async
room testing/wire: base
tests may also include: testing/wire
everybody may include: pintle/version.hpp
only nghttp2/: pintle/testing
bodies boost/: pintle/asio.hpp
room .: base async net
"""


class CheckLayers(unittest.TestCase):
    def breaks(self, **files):
        """The breaks of a tree; a file a__b__c_hpp is a/b/c.hpp."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "tools").mkdir()
            (root / "tools" / "layers.txt").write_text(RULES)
            for name, text in files.items():
                stem, _, suffix = name.replace("__", "/").rpartition("_")
                path = root / f"{stem}.{suffix}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return check_layers.check(root)[1]

    def test_what_everybody_may_include_is_fine_and_its_neighbour_is_not(self):
        self.assertEqual(self.breaks(pintle__base__a_hpp="#include <pintle/version.hpp>\n"), [])
        self.assertEqual(len(self.breaks(pintle__base__a_hpp="#include <pintle/all.hpp>\n")), 1)

    def test_a_lower_room_is_fine(self):
        self.assertEqual(self.breaks(pintle__net__x_hpp="#include <pintle/base/y.hpp>\n"), [])

    def test_an_upper_room_is_refused_with_file_and_line(self):
        [found] = self.breaks(pintle__base__x_hpp="\n#include <pintle/net/y.hpp>\n")
        self.assertEqual(found, "pintle/base/x.hpp:2: <pintle/net/y.hpp>: the room base may not include the room net")

    def test_an_unknown_room_is_refused(self):
        self.assertEqual(len(self.breaks(pintle__base__x_hpp="#include <pintle/attic/y.hpp>\n")), 1)
        self.assertEqual(len(self.breaks(pintle__attic__x_hpp="#include <pintle/base/y.hpp>\n")), 1)

    def test_only_tests_see_the_test_frames(self):
        text = "#include <pintle/testing/wire/frames.hpp>\n"
        self.assertEqual(self.breaks(pintle__net__x_test_cpp=text), [])
        self.assertEqual(len(self.breaks(pintle__net__x_cpp=text)), 1)

    def test_internal_headers_are_the_rooms_own(self):
        text = "#include <pintle/async/internal/y.hpp>\n"
        self.assertEqual(self.breaks(pintle__async__x_cpp=text), [])
        self.assertEqual(len(self.breaks(pintle__net__x_cpp=text)), 1)
        self.assertEqual(len(self.breaks(examples__x_cpp=text)), 1)

    def test_a_heavy_library_stays_out_of_public_headers(self):
        text = "#include <boost/asio.hpp>\n"
        self.assertEqual(len(self.breaks(pintle__net__x_hpp=text)), 1)
        for place in ("pintle__net__x_cpp", "pintle__net__internal__x_hpp", "pintle__asio_hpp"):
            self.assertEqual(self.breaks(**{place: text}), [], place)

    def test_the_oracle_stays_out_of_the_product(self):
        text = "#include <nghttp2/nghttp2.h>\n"
        self.assertEqual(len(self.breaks(pintle__net__x_cpp=text)), 1)
        self.assertEqual(self.breaks(pintle__net__x_test_cpp=text), [])

    def test_helpers_of_tests_count_as_tests(self):
        text = "#include <nghttp2/nghttp2.h>\n#include <pintle/testing/wire/frames.hpp>\n#include <boost/asio.hpp>\n"
        self.assertEqual(self.breaks(pintle__net__test_support__x_hpp=text), [])

    def test_generated_messages_belong_to_the_schema(self):
        text = "#include <pintle/config/v1/config.pb.h>\n"
        [found] = self.breaks(pintle__net__x_cpp=text)
        self.assertIn("the room schema is not in tools/layers.txt", found)

    def test_quotes_are_refused(self):
        self.assertEqual(len(self.breaks(pintle__net__x_cpp='#include "y.hpp"\n')), 1)
        self.assertEqual(self.breaks(pintle__net__x_cpp='#include "items.pb.h"\n'), [])


if __name__ == "__main__":
    unittest.main()
