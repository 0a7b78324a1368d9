"""`harness.core.digest`: what differs has another digest."""

from harness.core.digest import get_digest


def test_digest_tells_parts_apart() -> None:
    """Parts that only together read the same have different digests."""
    assert get_digest("ab", "c") == get_digest("ab", b"c")
    assert len({get_digest("ab", "c"), get_digest("a", "bc"), get_digest("abc"), get_digest("c", "ab")}) == 4
