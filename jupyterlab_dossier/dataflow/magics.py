"""IPython's shell: magics, shell commands. Their calls are what ipython.to_python writes."""

from __future__ import annotations

import ast
import contextlib
import re
import shlex
from typing import TYPE_CHECKING

from . import ipython, local
from .memory import BUILTINS
from .scopes import Scope
from .values import NOTHING, Frame, Value, constant, plain, words

if TYPE_CHECKING:
    from .expressions import Expressions

# Magics that only show something, by name.
_SHOW = words("lsmagic magic quickref config_list man")
_INSPECT = words("pinfo pinfo2 psource pdoc pdef page")
_PAGERS = words("pycat cat more less pfile")
_LOOK_AROUND = words("who who_ls whos psearch")
_LOOK_BACK = words("history hist save notebook tb logstart logstate pastebin history_off")
_LOOK_BACK_AND_RUN = words("recall rep rerun macro edit ed")
_TIMERS = frozenset(("time", "timeit", "prun", "memit", "mprun", "lprun", "snakeviz"))
_KNOWN_EXTENSIONS = frozenset(
    ("autoreload", "line_profiler", "memory_profiler", "tensorboard", "rich", "watermark")
)
_SHELLS = words("bash sh script ruby perl javascript js html latex markdown svg HTML")
_DISPLAY_CELLS = words("javascript js html latex markdown svg HTML")
_TRIVIAL = words(
    "ls pwd echo date whoami uname hostname which nproc free df cat head tail wc grep du "
    "nvidia-smi lscpu true sleep printf"
)
_VARIABLE = re.compile(r"(?<!\$)\$\{?([A-Za-z_]\w*)")
# Programs that may take a folder away, and with which words they do.
_TAKES_AWAY = re.compile(r"(?<![\w.-])(rm|rmdir|mv|git|find|rsync)\s+(.*)")
_FIND_ACTS = re.compile(r"-(delete|exec|ok)")
_GIT_KEEPS = re.compile(
    r"(-([cC]\s+\S+|[^\scC]\S*)\s+)*(clone|init|status|log|diff|show|add|commit|push|fetch|config"
    r"|branch|remote|tag|describe|blame|grep|ls-files|rev-parse|rev-list|shortlog|help)\b"
)
_BRACES = re.compile(r"(?<!\$)\{([^{}]+)\}")


METHODS = words("run_line_magic run_cell_magic magic system getoutput getoutputs run_cell ev ex")


def is_shell(node: ast.expr) -> bool:
    """Is it `get_ipython()`?"""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "get_ipython"
    )


def call(walk: Expressions, method: str, node: ast.Call) -> Value:
    texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if len(texts) != len(node.args) or node.keywords:
        texts = []
    if method in ("run_line_magic", "magic") and texts:
        if method == "magic":
            name, _, rest = texts[0].partition(" ")
            return line_magic(walk, name, rest.strip(), node)
        return line_magic(walk, texts[0], texts[1] if len(texts) > 1 else "", node)
    if method == "run_cell_magic" and len(texts) == 3:
        return cell_magic(walk, texts[0], texts[1], texts[2], node)
    if method in ("system", "getoutput", "getoutputs") and texts:
        return shell(walk, texts[0], node, method != "system")
    for argument in node.args:
        walk.evaluate(argument)
    walk.barrier("the shell is used through `get_ipython()`", opaque=True)
    return plain("?")


def run_text(walk: Expressions, text: str, node: ast.AST) -> Value:
    """Walk source that stands inside a magic; gives the value of its last expression."""
    try:
        tree, _ = ipython.parse(text)
    except SyntaxError as error:
        walk.facts.syntax_error = walk.facts.syntax_error or _words(error)
        return NOTHING
    outer, walk.site = walk.site, walk.where(node)
    result: Value = constant(None)
    for statement in tree.body:
        if isinstance(statement, ast.Expr) and statement is tree.body[-1]:
            result = walk.evaluate(statement.value)
        else:
            walk.run_body([statement])
    walk.site = outer
    return result


def run_inside(walk: Expressions, text: str, node: ast.AST) -> None:
    """As `%timeit` runs it: in a function, so that what it binds is gone."""
    scope = Scope()
    with contextlib.suppress(SyntaxError):
        for item in ast.walk(ipython.parse(text)[0]):
            if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
                scope.locals.add(item.id)
    walk.frames.append(Frame(scope, walk.frame))
    run_text(walk, text, node)
    walk.frames.pop()


def _words(error: SyntaxError) -> str:
    return error.msg or "invalid syntax"


def expressions(walk: Expressions, text: str, node: ast.AST) -> None:
    """Read what `{expr}` and `$name` in a command refer to."""
    for match in _VARIABLE.finditer(text):
        if match.group(1) in walk.state.names or match.group(1) in walk.local:
            walk.load(match.group(1), node)
    for match in _BRACES.finditer(text):
        try:
            tree = ast.parse(match.group(1), mode="eval")
        except SyntaxError:
            continue
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        if all(n in walk.state.names or n in walk.local or n in BUILTINS for n in names):
            walk.evaluate(tree.body)


def shell(walk: Expressions, command: str, node: ast.AST, captured: bool) -> Value:
    expressions(walk, command, node)
    if not command.strip():
        return constant(None)
    if not command.strip():
        return constant(None)
    walk.other_effects += 1
    walk.resource("<files>", False, node)
    if re.match(r"(python\S*\s+-m\s+)?(pip|pip3|conda|mamba|uv)\b", command.strip()):
        walk.outside("installs packages", node)
        walk.process("packages are installed", False)
    elif not reads_only(command):
        walk.resource("<files>", True, node)
        walk.outside(f"runs `{command.strip().splitlines()[0][:60]}`", node)
        take_away(walk, command)
        if re.search(r"\bln\b", command):
            walk.state.paths_unclear = True
            walk.rebound.append(-1)
    if captured:
        return walk.fresh(frozenset(("list",)), frozenset(("str",)))
    return constant(None)


def take_away(walk: Expressions, command: str) -> None:
    """Notes which folders commands of a shell may move or remove."""
    for piece in re.split(r"[;&|\n`()]", command.replace("\\\n", " ")):
        match = _TAKES_AWAY.search(piece)
        if match is not None:
            # What xargs gives them nobody sees.
            named = ["*"] if "xargs" in piece else _taken(*match.groups())
            for name in named:
                walk.take_away(constant(name))


def _taken(program: str, rest: str) -> list[str]:
    """Files and folders that a program takes away; a star is any."""
    try:
        given = shlex.split(rest)
    except ValueError:
        return ["*"]
    options = "".join(w for w in given if w[:1] == "-")
    names = [w for w in given if w[:1] != "-"]
    if program == "git":
        return [] if _GIT_KEEPS.match(rest) else ["*"]
    if program == "find":
        return ["*"] if _FIND_ACTS.search(rest) else []
    if program == "rsync":
        return ["*"] if "--del" in rest else []
    if program == "rm" and not any(c in options for c in "rRd"):
        return []
    if program == "rmdir" and "p" in options:
        return ["*"]
    if program == "mv" and "t" not in options:
        # The last one is where they go.
        names = names[:-1]
    return names or ["*"]


def reads_only(command: str) -> bool:
    """Only programs that look, and no redirection."""
    if any(c in command for c in ">`;&\n(") or "$(" in command:
        return False
    for part in command.split("|"):
        try:
            command_words = shlex.split(part)
        except ValueError:
            return False
        if not command_words or command_words[0] not in _TRIVIAL:
            return False
    return True


def line_magic(walk: Expressions, name: str, rest: str, node: ast.AST) -> Value:
    name = name.lstrip("%")
    if name in _TIMERS:
        body = _without_options(rest)
        if name == "timeit":
            run_inside(walk, body, node)
            return constant(None)
        return run_text(walk, body, node)
    if name in _SHOW:
        return constant(None)
    if name in _LOOK_AROUND:
        walk.barrier(f"`%{name}` looks at all names")
        return plain("?")
    if name in _LOOK_BACK:
        return walk.look_back(f"`%{name}` is IPython's history")
    if name in _LOOK_BACK_AND_RUN:
        walk.look_back(f"`%{name}` is IPython's history")
        walk.barrier(f"`%{name}` may run any code", opaque=True)
        walk.facts.opaque = walk.facts.binds_unseen = True
        return plain("?")
    if name in _PAGERS and rest:
        expressions(walk, rest, node)
        literal = not any(c in rest for c in "{$ ")
        walk.touch_file(constant(rest) if literal else None, False, node)
        return constant(None)
    if name in _INSPECT:
        inspect(walk, rest, node)
        return constant(None)
    if name == "xdel":
        for word in rest.split():
            if word.isidentifier():
                walk.unbind_global(word, node)
        return constant(None)
    if name == "store":
        return store(walk, rest, node)
    if name == "pdb":
        walk.process("the debugger is set", False)
        return constant(None)
    if name == "sc" and "=" in rest:
        target, _, command = _without_options(rest).partition("=")
        walk.bind(target.strip().split()[-1], shell(walk, command, node, True), node)
        return constant(None)
    if name == "capture":
        return constant(None)
    if name == "matplotlib":
        if rest in ("inline", "--list", "-l"):
            walk.process("figures are shown inline", True)
        else:
            walk.process("the plotting backend is set", False)
        return constant(None)
    if name in ("config", "precision", "autosave", "colors", "xmode", "pprint", "doctest_mode"):
        if name == "config" and "close_figures" in rest:
            walk.process("figures stay open over cells", False)
        elif (name == "config" and "=" in rest) or name != "config":
            walk.process("a setting of IPython is made", True)
        return constant(None)
    if name in ("load_ext", "reload_ext", "autoreload", "alias", "alias_magic"):
        if name != "load_ext" and name != "reload_ext":
            walk.process(f"`%{name}` sets up IPython", True)
        elif rest.partition(".")[0] in _KNOWN_EXTENSIONS:
            walk.process(f"the extension {rest} is loaded", True)
        else:
            walk.barrier(f"`%load_ext {rest}` loads code that is not known", opaque=True)
        return constant(None)
    if name in ("env", "set_env"):
        expressions(walk, rest, node)
        if "=" in rest or name == "set_env":
            walk.process("the environment is set", True)
        return walk.fresh(frozenset(("dict", "str")), frozenset(("str",)))
    if name in ("cd", "pushd", "popd"):
        expressions(walk, rest, node)
        folder = re.sub(r"^-q\s+|\s+-q$", "", rest).strip().strip("'\"")
        history = folder.startswith("-") or name == "popd"
        if not history:
            walk.enter_folder(constant(folder or "~"), node)
        walk.state.paths_unclear = True
        walk.rebound.append(-1)
        walk.process("the working folder is set", name == "cd" and not history)
        return constant(None)
    if name in ("pwd", "ls", "ll", "la", "lx", "dirs"):
        walk.resource("<files>", False, node)
        return plain("str")
    if name in ("pip", "conda", "mamba", "micromamba", "uv"):
        walk.outside("installs packages", node)
        walk.process("packages are installed", False)
        return constant(None)
    if name in ("sx", "system", "sc"):
        return shell(walk, rest, node, True)
    if name in ("mkdir", "rm", "cp", "mv", "rmdir", "touch", "ln"):
        return shell(walk, f"{name} {rest}", node, False)
    alone = name == "run" and rest.endswith(".py") and " " not in rest
    if alone and local.run_file(walk, rest, node):
        return constant(None)
    walk.barrier(f"`%{name}` may do anything", opaque=True)
    return plain("?")


def inspect(walk: Expressions, text: str, node: ast.AST) -> None:
    """`x?` shows what `x` is."""
    with contextlib.suppress(SyntaxError):
        for item in ast.walk(ast.parse(text.strip() or "0", mode="eval")):
            if isinstance(item, ast.Name):
                walk.load(item.id, node)


def store(walk: Expressions, rest: str, node: ast.AST) -> Value:
    """`%store a b` keeps variables in the user's profile, `%store -r a b` brings them back."""
    names = rest.split()
    brings = names[:1] == ["-r"]
    names = names[1:] if brings else names
    if not names or not all(name.isidentifier() for name in names):
        walk.barrier("`%store` may set or keep any variable", opaque=True)
        return plain("?")
    walk.resource("<store>", not brings, node)
    if not brings:
        walk.outside("keeps variables in the user's profile", node)
    for name in names:
        if brings:
            walk.bind_global(name, walk.fresh(frozenset(("?",))), node)
        else:
            walk.load_global(name, node)
    return constant(None)


def _without_options(text: str) -> str:
    """The statement of `%timeit -n 3 -r2 statement`."""
    while True:
        match = re.match(r"\s*-(?:[nrp]\s*\d+|[tscqov]|-no-raise-error)\s+", text)
        if match is None:
            return text.strip()
        text = text[match.end() :]


def cell_magic(walk: Expressions, name: str, rest: str, body: str, node: ast.AST) -> Value:
    if name in ("time", "prun"):
        return run_text(walk, body, node)
    if name == "timeit":
        run_inside(walk, _without_options(rest) + "\n" + body, node)
        return constant(None)
    if name == "capture":
        run_text(walk, body, node)
        for word in rest.split():
            if word.isidentifier():
                made = walk.fresh(frozenset(("captured",)))
                walk.bind(word, made, node)
        return constant(None)
    if name in ("writefile", "file"):
        paths = [w for w in rest.split() if not w.startswith("-")]
        expressions(walk, rest, node)
        literal = len(paths) == 1 and not any(c in paths[0] for c in "{$")
        path = constant(paths[0].strip("'\"")) if literal else None
        walk.touch_file(path, True, node)
        if "-a" in rest.split():
            walk.touch_file(path, False, node)
        if path is not None:
            local.wrote(walk, path.const, None if "-a" in rest.split() else body)
        return constant(None)
    if name in _SHELLS or name.startswith("python"):
        expressions(walk, rest, node)
        for flag, value in re.findall(r"--(out|err|proc)\s+(\w+)", rest):
            kind = "str" if flag != "proc" else "?"
            walk.bind(value, plain(kind), node)
        if name in _DISPLAY_CELLS:
            return constant(None)
        if "--bg" in rest:
            walk.barrier(f"`%%{name} --bg` starts a program that goes on beside later cells")
        walk.resource("<files>", False, node)
        # Commands of a script are looked at line by line.
        lines = [line for line in body.splitlines() if line.strip() and line.strip()[0] != "#"]
        if not all(reads_only(line) for line in lines):
            walk.resource("<files>", True, node)
            walk.outside(f"runs `%%{name}`", node)
            if name in ("bash", "sh"):
                take_away(walk, body)
            else:
                walk.take_away(None)
        return constant(None)
    walk.barrier(f"`%%{name}` may do anything", opaque=True)
    return NOTHING
