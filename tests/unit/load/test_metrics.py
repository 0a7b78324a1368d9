"""What a controller manager says of itself in Prometheus' format, as controller-runtime writes it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from harness.load.metrics import ControllerMetrics, parse_metrics, scrape

PAGE = Path(__file__).with_name("metrics.txt").read_text(encoding="utf-8")


def test_only_the_ingesters_controllers_are_counted() -> None:
    """Queues and reconciles of business controllers are none of theirs."""
    metrics = parse_metrics(PAGE)
    assert (metrics.depth, metrics.retries, metrics.reconciles, metrics.errors) == (12, 4, 120, 3)
    assert metrics.reconcile_s == pytest.approx(0.6)


def test_without_a_known_name_all_count() -> None:
    """A version that calls them otherwise is not taken for one that does nothing."""
    assert parse_metrics(PAGE.replace("ingester_", "")).depth == 512


def test_quantiles_are_bounds_of_buckets() -> None:
    """Of 120 reconciles 99 % end in the bucket of 25 ms; of none there is none."""
    metrics = parse_metrics(PAGE)
    assert (metrics.find_quantile_s(0.5), metrics.find_quantile_s(0.99)) == (0.005, 0.025)
    assert ControllerMetrics().find_quantile_s(0.99) is None


def test_what_was_counted_before_is_left_out() -> None:
    """Of two pages the difference counts; of another process, which began anew, all of it."""
    metrics = parse_metrics(PAGE)
    later = metrics.subtract(metrics)
    assert (later.reconciles, later.retries, later.depth, later.find_quantile_s(0.5)) == (0, 0, 12, None)
    assert metrics.subtract(ControllerMetrics(reconciles=500, retries=500)) == metrics


@pytest.fixture
def url() -> Iterator[str]:
    """A server that answers the page, and anything else with what is no page of that format."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write((PAGE if self.path == "/metrics" else "what {is} this").encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_page_is_fetched(url: str) -> None:
    """What is served is read; what is no such page, or is not served, is nothing."""
    assert scrape(f"{url}/metrics") == parse_metrics(PAGE)
    assert scrape(f"{url}/other") is None
    assert scrape("http://127.0.0.1:1/metrics") is None
