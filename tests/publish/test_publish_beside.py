import threading

import pytest

from gis.publish.beside import beside


def test_the_block_and_the_work_go_on_at_the_same_time():
    met = threading.Barrier(2, timeout=60)
    with beside(lambda _: met.wait()):
        met.wait()


def test_the_block_waits_for_the_work_and_raises_what_failed_in_it():
    released, done = threading.Event(), []

    def work(_):
        assert released.wait(60)
        done.append("work")
        raise OSError(28, "No space left on device")

    def block():
        with beside(work):
            done.append("block")
            released.set()

    with pytest.raises(OSError, match="No space left"):
        block()
    assert done == ["block", "work"]


def test_an_error_of_the_block_tells_the_work_to_stop_and_waits_until_it_has_closed_its_files():
    done = []

    def work(stopped):
        assert stopped.wait(60)
        done.append("closed")

    with pytest.raises(ZeroDivisionError), beside(work):
        raise ZeroDivisionError
    assert done == ["closed"]


def test_ctrl_c_waits_for_nothing():
    released, told, ended = threading.Event(), [], threading.Event()

    def work(stopped):
        assert released.wait(60)
        told.append(stopped.is_set())
        ended.set()

    with pytest.raises(KeyboardInterrupt), beside(work):
        raise KeyboardInterrupt
    assert not ended.is_set()
    released.set()
    assert ended.wait(60)
    assert told == [True]
