"""What a run has freed goes back to the system."""

import subprocess
import sys

import pytest

CODE = """
import os, threading
import numpy as np
from gis.heap import give_back, share_one_heap

def held():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

def fill():
    kept.append([np.ones(10_000) for _ in range(2500)])  # 191 MiB

share_one_heap()
kept, before = [], held()
for _ in range(2):
    thread = threading.Thread(target=fill)
    thread.start()
    thread.join()
full, last = held(), kept[-1][-1]
kept.clear()  # `last` lies above all of it
give_back()
print(full - before, held() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems give memory back by themselves")
def test_freed_memory_goes_back():
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    full, left = map(float, run.stdout.split())
    assert full > 300
    assert left < 50
