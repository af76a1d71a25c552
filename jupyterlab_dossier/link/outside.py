"""Where workers on other machines dial in: the Jupyter server's address, or a door of our own.

A door of our own speaks TLS with a certificate that is made here and that its workers alone trust.
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import os
import socket
import ssl
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio

from jupyterlab_dossier.store import private_file, private_folder
from jupyterlab_dossier.targets import NoAnswer, ProviderFault, Target

from .server import PATH, LinkServer

Address = tuple[str, "str | None"]

HUB = "hub"
"""The setting `link` of who dials through the proxy of JupyterHub."""

_CERTIFICATE, _PORT = "certificate.pem", "port.json"
# Seconds for what a name stands for.
RESOLVE = 10.0
# A look-up that is given up goes on: it takes no thread that others need.
_LOOKUPS = ThreadPoolExecutor(4, "dossier-names")
_VALID = datetime.timedelta(days=3650)


class Outside:
    """The addresses of one engine; `folder` keeps certificates and ports over restarts."""

    def __init__(self, link: LinkServer, folder: Path, served: bool) -> None:
        self._link = link
        self._folder = folder
        self._served = served
        self._open: dict[str, Address] = {}
        self._opening: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def __call__(self, target: Target, face: str) -> Address:
        """The address for workers of a target, and the file of the certificate to trust there.

        `face` is this machine's address as their network sees it. The target's settings may say
        better: `link`, the address of this Jupyter server (or `hub`, for the one that JupyterHub
        gave it), and `ca`, a file of its authorities; or `listen`, the host and perhaps the port
        of the door.
        """
        settings = target.settings
        if self._served and settings.get("link"):
            link = _hubs() if settings["link"] == HUB else settings["link"]
            ca = settings.get("ca")
            if ca is not None and not await asyncio.to_thread(os.access, ca, os.R_OK):
                raise ProviderFault(f"its setting ca: {ca} cannot be read")
            return f"{link.rstrip('/')}/{PATH}", ca
        where = settings.get("listen") or face
        # By host, as certificate and port are kept.
        async with self._opening[_split(where)[0]]:
            if where not in self._open:
                self._open[where] = await self._listen(where)
            return self._open[where]

    async def _listen(self, where: str) -> Address:
        host, port = _split(where)
        folder = self._folder / host.replace(":", "_")
        addresses = await _resolved(host)
        tls, remembered = await asyncio.to_thread(_kept, folder, host)
        port = await self._link.listen_outside(addresses, port or remembered, tls)
        await asyncio.to_thread(_remember, folder, port)
        shown = f"[{host}]" if ":" in host else host
        return f"wss://{shown}:{port}/{PATH}", str(folder / _CERTIFICATE)


async def _resolved(host: str) -> list[str]:
    """The addresses of a name, which may take its time to be found."""
    loop = asyncio.get_running_loop()
    asking = loop.run_in_executor(
        _LOOKUPS, lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    )
    try:
        with anyio.fail_after(RESOLVE):
            found = await asking
    except TimeoutError:
        raise NoAnswer(f"{host!r} was not resolved within {RESOLVE:.0f} s") from None
    except OSError as error:
        kind = NoAnswer if error.errno == socket.EAI_AGAIN else ProviderFault
        raise kind(f"{host!r} cannot be resolved: {error.strerror}") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _hubs() -> str:
    """This server's public address, which JupyterHub tells the servers that it starts."""
    url = os.environ.get("JUPYTERHUB_PUBLIC_URL")
    if url:
        return url
    if "JUPYTERHUB_SERVICE_PREFIX" in os.environ:
        raise ProviderFault(
            'link = "hub": this JupyterHub does not tell its public address (its administrator sets'
            ' c.JupyterHub.public_url): name yours, as link = "https://…/user/…/"'
        )
    raise ProviderFault('link = "hub": no JupyterHub started this server')


def _kept(folder: Path, host: str) -> tuple[ssl.SSLContext, int]:
    """What a door speaks, and the port that this host's workers know; 0 where none can be read."""
    certificate = _certificate(folder, host)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, folder / "key.pem")
    try:
        port = json.loads((folder / _PORT).read_text())
    except (OSError, ValueError):
        port = 0
    return tls, port if isinstance(port, int) and 0 < port < 1 << 16 else 0


def _remember(folder: Path, port: int) -> None:
    temporary = private_file(folder / "port.new")
    temporary.write_text(json.dumps(port))
    temporary.replace(folder / _PORT)


def _split(where: str) -> tuple[str, int]:
    """Host and port of "host", "host:port", "::1" or "[::1]:port"."""
    host, colon, port = where.rpartition(":")
    if colon and port.isdigit() and (host.startswith("[") or ":" not in host):
        return host.strip("[]"), int(port)
    return where.strip("[]"), 0


def _certificate(folder: Path, host: str) -> Path:
    """The file of a certificate for this host, made where there is none."""
    path = folder / _CERTIFICATE
    if path.exists():
        return path
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise ProviderFault(
            "workers on other machines need the package cryptography where the server runs:"
            " install jupyterlab-dossier[kubernetes]"
        ) from None

    private_folder(folder.parent)
    private_folder(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "jupyterlab-dossier")])
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        alternative = x509.DNSName(host)
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    private_file(folder / "key.pem").write_bytes(private)
    temporary = private_file(folder / "certificate.pem.new")
    temporary.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    temporary.replace(path)
    return path
