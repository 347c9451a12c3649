"""What the light half of the network costs: `zsync status` must load neither the HTTP library nor the sign-in's."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIGHT = ["zsync.net", "zsync.net.secret", "zsync.net.tokens", "zsync.net.pace", "zsync.net.exact", "zsync.targets.zoho.centres"]


@pytest.mark.parametrize("module", LIGHT)
def test_a_light_module_loads_neither_httpx2_nor_authlib(module: str) -> None:
    program = (
        f"import sys, {module}; print([m for m in sys.modules if m.split('.')[0] in ('httpx2', 'httpx', 'authlib', 'httpcore2')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
