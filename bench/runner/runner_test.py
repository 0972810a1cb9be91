"""What scripts and readers rely on in the runner's arithmetic; run by ctest."""

import os
import ssl
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from runner import build, certificate, machine, musts, subjects, summary  # noqa: E402
from runner.measure import Sample  # noqa: E402
from runner.rows import ROWS  # noqa: E402


def sample(cpu_s: float, calls: int = 100_000, p50: float = 100) -> Sample:
    return Sample(calls=calls, seconds=1, cpu_s=cpu_s, client_cpu_s=0.5, p50_us=p50, p99_us=2 * p50)


class Summary(unittest.TestCase):
    def test_a_ratio_is_the_median_of_the_ratios_of_each_round(self):
        # The machine is twice as slow in the second round, and disturbed in the third: neither moves the ratio.
        samples = {"unary_10x10": {"pintle": [sample(2), sample(4), sample(9)], "floor": [sample(1), sample(2), sample(1)]}}
        self.assertEqual(summary.ratio(samples, "unary_10x10", "cpu_s_per_100k", "pintle", "floor"), 2)

    def test_an_entry_has_the_fields_that_scripts_read(self):
        samples = {"unary_10x10": {"pintle": [sample(1), sample(2), sample(3)]}}
        entry = summary.entry(samples, "unary_10x10", "pintle")
        self.assertEqual({key: entry[key] for key in ("name", "subject", "cpu_s_per_100k", "calls_per_s", "p50_us", "p99_us",
                                                      "rounds", "spread")},
                         {"name": "unary_10x10", "subject": "pintle", "cpu_s_per_100k": 2, "calls_per_s": 100_000,
                          "p50_us": 100, "p99_us": 200, "rounds": 3, "spread": 1})
        self.assertEqual(entry["calls_per_cpu_s"], 50_000)

    def test_a_stream_counts_messages_and_cpu_for_a_gigabyte(self):
        samples = {"stream_64k_down": {"grpc_cpp": [sample(0.5, calls=100)]}}
        entry = summary.entry(samples, "stream_64k_down", "grpc_cpp")
        self.assertEqual(entry["messages_per_s"], 6400)
        self.assertAlmostEqual(entry["cpu_s_per_gb"], 0.5 / (6400 * 65536 / 1e9))


class Musts(unittest.TestCase):
    def samples(self, pintle_cpu: float, pintle_calls: int) -> summary.Samples:
        return {"unary_10x10": {"pintle": [sample(pintle_cpu * pintle_calls, calls=pintle_calls * 100_000)],
                                "floor": [sample(0.1)], "grpc_cpp": [sample(4)], "tonic": [sample(1.4)]}}

    def test_musts_that_hold_pass(self):
        lines, passed = musts.judge(self.samples(0.2, 17), ["unary_10x10"])
        self.assertTrue(passed, lines)

    def test_a_server_that_costs_too_much_fails(self):
        _, passed = musts.judge(self.samples(0.23, 17), ["unary_10x10"])
        self.assertFalse(passed)

    def test_a_server_that_is_too_slow_fails(self):
        _, passed = musts.judge(self.samples(0.2, 15), ["unary_10x10"])
        self.assertFalse(passed)

    def test_what_was_not_measured_does_not_pass(self):
        samples = self.samples(0.2, 17)
        del samples["unary_10x10"]["pintle"]
        lines, passed = musts.judge(samples, ["unary_10x10"])
        self.assertFalse(passed)
        self.assertIn("NOT MEASURED", lines[0])


class Rows(unittest.TestCase):
    def test_a_neighbours_row_is_judged_against_the_row_without_him(self):
        alone, beside = [sample(1, p50=100), sample(1, p50=200)], [sample(1, p50=250), sample(1, p50=500)]
        samples = {"unary_10x10": {"pintle": alone}, "neighbour_large": {"pintle": beside}}
        self.assertEqual(summary.across(samples, "neighbour_large", "unary_10x10", "p99_us", "pintle"), 2.5)
        lines, passed = musts.judge(samples, ["neighbour_large"])
        self.assertTrue(passed, lines)

    def test_what_a_must_is_against_is_a_row_or_a_subject(self):
        for must in musts.MUSTS:
            self.assertIn(must.row, ROWS)
            self.assertIn(must.against, ROWS if must.plus or must.row_ratio else subjects.SERVERS)


class Outside(unittest.TestCase):
    def test_each_tool_that_makes_programs_of_others_is_there(self):
        for subject, tool in subjects.OUTSIDE.items():
            self.assertIn(subject, subjects.SERVERS)
            self.assertTrue(os.access(os.path.join(build.ROOT, "tools", "outside", tool), os.X_OK), tool)



class Tls(unittest.TestCase):
    def test_a_row_says_it_to_the_server_and_to_the_client(self):
        for row in ROWS.values():
            self.assertEqual(row.tls, "--tls" in row.load, row.name)
        self.assertEqual({row.name for row in ROWS.values() if row.tls}, {"tls_unary_10x10", "connect_tls", "neighbour_handshakes"})

    def test_the_certificate_is_its_keys_and_of_p256(self):
        made = certificate.Certificate()
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.certificate, made.key)
            text = subprocess.run(["openssl", "x509", "-in", made.certificate, "-noout", "-text"], capture_output=True, text=True,
                                  check=True).stdout
            self.assertIn("NIST CURVE: P-256", text)
            self.assertIn("ecdsa-with-SHA256", text)
        finally:
            made.remove()
        self.assertFalse(os.path.exists(made.key))


class Machine(unittest.TestCase):
    def test_ports_are_below_those_of_outgoing_connections(self):
        self.assertLess(machine.free_port(), 32768)


class Independence(unittest.TestCase):
    def test_the_load_generator_the_floor_and_the_peers_use_nothing_of_pintle(self):
        bench = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        for folder in ("load", "loop", "floor", "peers"):
            for at, _, names in os.walk(os.path.join(bench, folder)):
                for name in names:
                    with open(os.path.join(at, name), encoding="utf-8") as file:
                        self.assertNotIn("#include <pintle/", file.read(), name)


if __name__ == "__main__":
    unittest.main()
