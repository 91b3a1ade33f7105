"""nginx as Debian ships it, before the service."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.chaos.servers import wait
from tracking.child import free_port

__all__ = ["GZIP", "NGINX", "nginx"]

# On Debian it is in a folder that only root has on its PATH.
NGINX = shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")

GZIP = "gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;"

_CONFIGURATION = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream service {{ server 127.0.0.1:{behind}; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://service; }}
        {more}
    }}
}}
"""


@contextmanager
def nginx(folder: Path, behind: int, more: str = "") -> Iterator[str]:
    """Run it for as long as the block lasts; gives its address.

    Parameters
    ----------
    folder
        For its files; it is made.
    behind
        Port of what it passes calls on to.
    more
        Settings, and locations beside the one for all; without any, all is as by default.
    """
    folder.mkdir()
    port, file = free_port(), folder / "nginx.conf"
    file.write_text(_CONFIGURATION.format(folder=folder, port=port, behind=behind, more=more))
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([str(NGINX), "-c", file, "-e", folder / "error.log"])

    def answers() -> bool:
        assert process.poll() is None, (folder / "error.log").read_text()
        try:
            return httpx.get(f"{address}/api/generation/health/", trust_env=False).is_success
        except httpx.TransportError:
            return False

    try:
        wait(answers, "nginx")
        yield address
    finally:
        process.terminate()
        process.wait(30)
