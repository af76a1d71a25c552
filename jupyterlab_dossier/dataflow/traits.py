"""What of a cell's text says whether its result may be taken again later, and under which key.

By names only: `time.time()` under another name is not seen here. What a cell does with files, the
network and random generators is seen when it runs, and needs no guess.
"""

from __future__ import annotations

import ast
import hashlib
import io
import re
import struct
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

# Words of code that shows the text or the line numbers of cells, and of code that may.
_SHOWS_SOURCE = re.compile(
    r"inspect|getsource|traceback|linecache|lineno|__code__|\bco_|_getframe|psource|pinfo2|\?\?"
)
LOOKS_AT_SOURCE = re.compile(f"{_SHOWS_SOURCE.pattern}|warnings|logging")
# Words of code that asks IPython for the number of its cell.
_SHOWS_NUMBERS = re.compile(r"execution_count|history_manager|input_hist|prompt_count")

# Words of code that may show in which folder it runs.
_SHOWS_PLACE = re.compile(
    r"cwd|abspath|realpath|resolve|absolute|__file__|\bpwd\b|sys\.path|%cd|chdir|samefile|walk"
)
# Each call gives something else; the last parts of a dotted name.
_CLOCKS = {
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter",
    "time.perf_counter_ns", "time.process_time", "time.process_time_ns", "time.thread_time",
    "time.localtime", "time.gmtime", "time.ctime", "time.asctime", "time.strftime",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "Timestamp.now",
    "Timestamp.today", "Timestamp.utcnow", "timeit.timeit", "timeit.repeat",
    "timeit.default_timer",
}  # fmt: skip
_CHANCE = {
    "uuid.uuid1", "uuid.uuid4", "os.urandom", "os.getrandom", "os.getpid", "os.getppid",
    "random.SystemRandom", "os.times", "os.getloadavg", "tempfile.mkdtemp", "tempfile.mkstemp",
    "tempfile.mktemp", "tempfile.NamedTemporaryFile", "tempfile.TemporaryDirectory",
    "tempfile.TemporaryFile", "socket.gethostname", "socket.getfqdn", "platform.node",
    "platform.uname", "os.uname", "os.cpu_count", "os.sched_getaffinity",
    "multiprocessing.cpu_count",
}  # fmt: skip
# No event tells that somebody asks whether a file is there.
_ASKS = {"exists", "lexists", "isfile", "isdir", "islink", "is_file", "is_dir", "is_symlink",
         "getsize", "samefile", "stat", "lstat", "access"}  # fmt: skip
_TIMES = {"getmtime", "getctime", "getatime", "st_mtime", "st_ctime", "st_atime", "st_mtime_ns"}
# The last parts, for modules under other names; which name is which module, the notebook says.
# These are the same at another time, on one machine.
_OF_MACHINE = {
    "socket.gethostname", "socket.getfqdn", "platform.node", "platform.uname", "os.uname",
    "os.cpu_count", "os.sched_getaffinity", "multiprocessing.cpu_count",
}  # fmt: skip
_LAST = {path.rpartition(".")[2] for path in _CLOCKS | _CHANCE}
# Where these come from.
CHANGING_MODULES = {"time", "datetime", "timeit", "uuid", "os", "tempfile", "random", "pandas"}
# Without an argument they take entropy of the machine.
_SEEDED = {"default_rng", "RandomState", "SeedSequence", "Random", "Generator", "PCG64", "MT19937"}
_WATCHES = {"psutil", "secrets"}
_TYPED = {"input", "getpass"}
_ASKS_USER = {"builtins.input", "getpass.getpass"}
# Open files without Python, so that no audit event tells which; their first argument says it.
_NATIVE = {
    "read_parquet", "read_feather", "read_orc", "read_hdf", "HDFStore", "read_table", "read_ipc",
    "scan_parquet", "scan_csv", "scan_ipc", "read_csv_auto", "ParquetFile", "ParquetDataset",
    "open_dataset", "open_mfdataset", "open_zarr", "imread", "VideoCapture", "open_array",
    "memory_map", "read_file", "File", "Dataset", "open_file",
}  # fmt: skip
NATIVE_MODULES = {
    "pyarrow", "h5py", "tables", "netCDF4", "fastparquet", "polars", "duckdb", "rasterio", "fiona",
    "pyogrio", "osgeo", "cv2", "vtk", "pyvista", "rocksdb", "lmdb", "tensorstore", "xarray",
    "tensorflow", "tiledb", "pyreadstat", "vaex", "datatable", "deltalake", "connectorx",
    "psycopg2", "psycopg", "pymssql", "oracledb", "pyodbc", "grpc", "pycurl", "zmq",
}  # fmt: skip


@dataclass
class Traits:
    """Of one cell; `inside` is what holds for whoever calls what it defines."""

    source: str = ""
    """Hash of its text without comments and blanks; of all of it where that may be seen."""
    raw: str = ""
    """Hash of all of its text."""
    shows_source: bool = False
    """Whether it, or who calls what it defines, may show text or line numbers of cells."""
    shows_place: bool = False
    """Whether it may show in which folder it runs."""
    volatile: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    environment: list[str] = field(default_factory=list)
    """Variables of the environment that it may read; `*` for any."""
    native: list[list[str | None]] = field(default_factory=list)
    """Calls that open files in a way nobody sees: each with its file, if that is a literal."""
    native_inside: list[list[str | None]] = field(default_factory=list)
    """The same, in what it defines."""
    suspects: list[list[str]] = field(default_factory=list)
    """Names whose attribute may be a clock or entropy, if they mean such a module: [name, path]."""
    suspects_inside: list[list[str]] = field(default_factory=list)
    imports_only: bool = False
    calls: bool = False
    """Whether it calls anything itself, and not only in what it defines."""
    file: str | None = None
    """What a kernel calls its file, if it defines what tracebacks of other cells may show."""
    shows_numbers: bool = False
    """Whether it, or who calls what it defines, may ask which number its cell has."""

    def to_json(self) -> dict[str, object]:
        return dict(vars(self))  # nobody changes them: `asdict` would copy them for each edit


def traits(tree: ast.Module | None, source: str) -> Traits:
    """What a cell's tree and text say (magics are calls in the tree, see `ipython.parse`)."""
    raw = _hash(source)
    shows = bool(_SHOWS_SOURCE.search(source))
    place = bool(_SHOWS_PLACE.search(source))
    if tree is None:
        return Traits(raw, raw, True, place)
    # Tracebacks of others show the text of what a cell defines.
    defines = any(isinstance(n, _DEFINITIONS) for n in ast.walk(tree))
    exact = shows or defines
    found = Traits(
        raw if exact else _hash(f"{ast.dump(tree)} {hides_result(source)}"), raw, shows, place
    )
    found.file = _file_name(source) if defines else None
    found.shows_numbers = bool(_SHOWS_NUMBERS.search(source))
    _scan(tree.body, found, found.volatile)
    found.imports_only = all(isinstance(n, (ast.Import, ast.ImportFrom)) for n in tree.body)
    for name in ("volatile", "inside", "environment"):
        setattr(found, name, sorted(set(getattr(found, name))))
    return found


def of_module(text: str) -> tuple[Traits, list[str]]:
    """What a module of the user's says, all of it counted as what others call; its imports."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Traits(_hash(text), _hash(text), True), []
    found = traits(tree, text)
    found.inside = sorted({*found.inside, *found.volatile})
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.partition(".")[0])
    return found, sorted(names)


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def _scan(nodes: Iterable[ast.AST], found: Traits, words: list[str]) -> None:
    for node in nodes:
        if isinstance(node, _DEFINITIONS) and not isinstance(node, ast.ClassDef):
            outer = [
                d for d in (*node.args.defaults, *node.args.kw_defaults) if d is not None
            ] + list(getattr(node, "decorator_list", ()))
            _scan(outer, found, words)
            found.calls = found.calls or bool(getattr(node, "decorator_list", ()))
            body = node.body if isinstance(node.body, list) else [node.body]
            _scan(body, found, found.inside)
            continue
        _look(node, found, words)
        found.calls = found.calls or bool(getattr(node, "decorator_list", ()))
        _scan(ast.iter_child_nodes(node), found, words)


def _look(node: ast.AST, found: Traits, words: list[str]) -> None:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                path = f"{node.module}.{alias.name}"
                # `from time import time` may be called by whoever has the name.
                if path in _CLOCKS | _CHANCE:
                    found.inside.append(_words(path))
                    words.append(_words(path))
                elif alias.name in _SEEDED and alias.asname:
                    found.inside.append(f"`{alias.asname}` may be called without a seed")
                if path in ("os.environ", "os.getenv"):
                    found.environment.append("*")
        for module in modules:
            if module.partition(".")[0] in _WATCHES:
                words.append(f"it may use `{module}`")
                found.inside.append(f"it may use `{module}`")
    elif isinstance(node, ast.Attribute):
        path = _path(node)
        short = ".".join(path.split(".")[-2:])
        if short in _CLOCKS | _CHANCE:
            words.append(_words(short))
        # One that is not called here may be called by whoever gets it.
        given = not getattr(node, "_called", False) and words is not found.inside
        if short in _CLOCKS | _CHANCE and given:
            found.inside.append(_words(short))
        elif node.attr in _LAST and (name := path.partition(".")[0]):
            if words is not found.inside:
                found.suspects.append([name, path])
            if words is found.inside or given:
                found.suspects_inside.append([name, path])
        if node.attr in _TIMES:
            words.append(f"it looks at times of files (`{node.attr}`)")
        if short == "os.environ" and not getattr(node, "_counted", False):
            found.environment.append("*")
    elif isinstance(node, ast.Subscript) and _path(node.value) == "os.environ":
        _variable(node.slice, node.value, found)
    elif isinstance(node, ast.Call):
        node.func._called = True  # type: ignore[attr-defined]
        _call(node, found, words)
    elif isinstance(node, ast.Compare) and _path(node.comparators[0]) == "os.environ":
        _variable(node.left, node.comparators[0], found)  # `"X" in os.environ`


def _call(node: ast.Call, found: Traits, words: list[str]) -> None:
    found.calls = found.calls or words is found.volatile
    path = _path(node.func)
    name = path.rpartition(".")[2]
    if path in ("os.getenv", "getenv") and node.args:
        _variable(node.args[0], node.func, found)
    elif path in ("os.environ.get", "os.environ.setdefault", "os.environ.pop") and node.args:
        _variable(node.args[0], getattr(node.func, "value", node.func), found)
    elif name in ("expandvars", "expanduser") or path == "Path.home":
        found.environment += ["HOME"] if name != "expandvars" else ["*"]
    elif name in _SEEDED and not node.args and not node.keywords:
        words.append(f"`{path}()` is not seeded")
    elif name in _TYPED and "." not in path.replace("getpass.", ""):
        words.append("it asks for input")
    if name in _NATIVE | _ASKS:
        first = node.args[0] if node.args else None
        receiver = getattr(node.func, "value", None)
        if first is None and isinstance(receiver, ast.Call) and len(receiver.args) == 1:
            first = receiver.args[0]  # `Path("x").exists()`
        file = first.value if isinstance(first, ast.Constant) else None
        calls = found.native_inside if words is found.inside else found.native
        calls.append([path or name, file if isinstance(file, str) else None])
    if name in ("run_line_magic", "run_cell_magic", "system", "getoutput") and node.args:
        magic = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
        if name in ("system", "getoutput") or magic in ("env", "set_env", "bash", "sh"):
            found.environment.append("*")


def _variable(key: ast.expr, environ: ast.AST, found: Traits) -> None:
    known = isinstance(key, ast.Constant) and isinstance(key.value, str)
    found.environment.append(str(key.value) if known else "*")  # type: ignore[attr-defined]
    environ._counted = True  # type: ignore[attr-defined]


def _words(path: str) -> str:
    kind = "reads the clock" if path in _CLOCKS else "takes something new each time"
    return f"it {kind} (`{path}`)"


def _path(node: ast.AST) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(parts)).lstrip(".")


@lru_cache(4096)
def is_new_each_time(path: str, given: bool) -> bool:
    """Whether a function, by its whole path, gives something else when it is called again."""
    short = ".".join(path.split(".")[-2:])
    if short in _CLOCKS | _CHANCE:
        return short not in _OF_MACHINE
    name = path.rpartition(".")[2]
    unseeded = name in _SEEDED and not given and "random" in path
    return unseeded or path.startswith("secrets.") or path in _ASKS_USER


def hides_result(source: str) -> bool:
    """Does the cell end with a semicolon, so that its last value is not displayed?"""
    if ";" not in source:
        return False
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    last = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in skipped:
                last = token.string
    except (tokenize.TokenError, SyntaxError):
        return source.rstrip().endswith(";")
    return last == ";"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _file_name(source: str) -> str:
    """ipykernel names a cell's file by its text: MurmurHash2, with a seed of its own."""
    data = source.encode("utf-8", "surrogatepass")
    whole = len(data) & ~3
    found = 0xC70F6907 ^ len(data)
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        word = word * _MURMUR & _BITS
        word = (word ^ word >> 24) * _MURMUR & _BITS
        found = found * _MURMUR & _BITS ^ word
    if rest := data[whole:]:
        found = (found ^ int.from_bytes(rest, "little")) * _MURMUR & _BITS
    found = (found ^ found >> 13) * _MURMUR & _BITS
    return str(found ^ found >> 15)


_MURMUR, _BITS = 0x5BD1E995, 0xFFFFFFFF
