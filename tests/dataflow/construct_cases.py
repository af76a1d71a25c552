# ruff: noqa: E501 (one cell a line)
"""Cases as in `cases`, for what a model of workers cannot run: classes of classes, the process."""

from __future__ import annotations

from .cases import Case

META = "log = []\nclass M(type):\n"

CONSTRUCT_CASES: list[Case] = [
    # Code that runs where no call is seen
    (
        "a class pattern asks the metaclass",
        [
            META + "    def __instancecheck__(c, o):\n        log.append(1)\n        return True",
            "class P(metaclass=M): pass",
            "match 3:\n    case P(): pass",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "isinstance asks the metaclass",
        [
            META + "    def __instancecheck__(c, o):\n        log.append(1)\n        return True",
            "class P(metaclass=M): pass",
            "isinstance(3, P)",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a metaclass makes classes",
        [
            META
            + "    def __new__(m, *a):\n        log.append(1)\n        return super().__new__(m, *a)",
            "class A(metaclass=M): pass",
            "class B(A): pass",
            "print(log)",
        ],
        {"edges": [(1, 2), (2, 3)]},
    ),
    (
        "a metaclass makes instances",
        [
            META
            + "    def __call__(c, *a):\n        log.append(1)\n        return super().__call__(*a)",
            "class A(metaclass=M): pass",
            "a = A()",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "__getattr__ runs",
        [
            "log = []\nclass A:\n    def __getattr__(s, n): return log.append(n)",
            "a = A()",
            "a.foo",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "__getattribute__ runs",
        [
            "log = []\nclass A:\n    def __getattribute__(s, n): return log.append(n)",
            "a = A()",
            "a.foo",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "__init_subclass__ of a grandparent",
        [
            "log = []\nclass A:\n    def __init_subclass__(cls): log.append(1)",
            "class B(A): pass",
            "class C(B): pass",
            "print(log)",
        ],
        {"edges": [(1, 2), (2, 3)]},
    ),
    (
        "a key's hash",
        [
            "log = []\nclass A:\n    def __hash__(s): return log.append(1) or 1",
            "a = A()",
            "d = {a: 1}",
            "s = {a}",
            "d[a]",
            "d[a] = 2",
            "print(log)",
        ],
        {"edges": [(2, 3), (3, 4), (4, 5), (5, 6)]},
    ),
    (
        "an object ends with its name",
        ["log = []\nclass A:\n    def __del__(s): log.append(1)", "a = A()", "del a", "print(log)"],
        {"edges": [(2, 3)], "unshippable": [1]},
    ),
    (
        "an object ends when its name is bound again",
        [
            "log = []\nclass A:\n    def __del__(s): log.append(1)",
            "a = A()",
            "a = None",
            "print(log)",
        ],
        {"edges": [(2, 3)], "unshippable": [1]},
    ),
    (
        "an object ends when its list is cleared",
        [
            "log = []\nclass A:\n    def __del__(s): log.append(1)",
            "a = [A()]",
            "a.clear()",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a generator that ends cleans up",
        [
            "log = []\ndef g():\n    try:\n        yield 1\n    finally:\n        log.append(1)",
            "c = g()\nnext(c)",
            "del c",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a cached property",
        [
            "from functools import cached_property\nlog = []\nclass A:\n    @cached_property\n    def p(s): return log.append(1)",
            "a = A()",
            "a.p",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "an overridden append",
        [
            "log = []\nclass L(list):\n    def append(s, v): log.append(v)",
            "l = L()",
            "l.append(1)",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "copying runs __deepcopy__",
        [
            "import copy\nlog = []\nclass A:\n    def __deepcopy__(s, m): return log.append(1)",
            "a = A()",
            "copy.deepcopy(a)",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a weak reference stays",
        ["import weakref\nclass A: pass\na = A()", "r = weakref.ref(a)"],
        {"unshippable": [1]},
    ),
    (
        "a view of a dict stays",
        ["from types import MappingProxyType\nd = {}", "m = MappingProxyType(d)"],
        {"unshippable": [1]},
    ),
    # Namespaces
    ("dir", ["a = 1", "print(dir())", "b = 2"], {"barrier": [1], "edges": [(0, 1), (1, 2)]}),
    ("vars", ["a = 1", "print(vars())", "b = 2"], {"barrier": [1], "edges": [(0, 1), (1, 2)]}),
    (
        "locals of a cell",
        ["a = 1", "print(locals())", "b = 2"],
        {"barrier": [1], "edges": [(0, 1), (1, 2)]},
    ),
    (
        "locals of a function",
        ["l = []", "def f(x): return locals()['x']", "f(l).append(1)", "print(l)"],
        {"edges": [(2, 3)]},
    ),
    ("dir of a function", ["def f(x): return dir()", "print(f(1))"], {"barrier": []}),
    ("a name in globals", ["a = 1", "print(globals()['a'])"], {"inputs": {1: {"a": 0}}}),
    (
        "a name set in globals",
        ["a = 1", "globals()['a'] = 2", "print(a)"],
        {"inputs": {2: {"a": 1}}, "free": [(0, 1)]},
    ),
    (
        "a name added to in globals",
        ["a = 1", "globals()['a'] += 2", "print(a)"],
        {"edges": [(0, 1), (1, 2)]},
    ),
    (
        "a name deleted from globals",
        ["a = 1", "del globals()['a']"],
        {"deletes": {1: ["a"]}, "edges": [(0, 1)]},
    ),
    (
        "a name looked for in globals",
        ["a = 1", "if 'a' in globals(): print(3)"],
        {"inputs": {1: {"a": 0}}},
    ),
    ("get from globals", ["a = 1", "print(globals().get('a', 2))"], {"inputs": {1: {"a": 0}}}),
    ("setdefault in globals", ["a = 1", "globals().setdefault('a', 2)"], {"inputs": {1: {"a": 0}}}),
    ("pop from globals", ["a = 1", "globals().pop('a')", "a = 3"], {"inputs": {1: {"a": 0}}}),
    ("update of globals", ["globals().update(a=3)", "print(a)"], {"inputs": {1: {"a": 0}}}),
    (
        "globals by another name",
        ["a = 1", "g = globals\nprint(g()['a'])"],
        {"inputs": {1: {"a": 0}}},
    ),
    ("a computed name in globals", ["a = 1\nn = input()", "print(globals()[n])"], {"barrier": [1]}),
    ("a computed name set in globals", ["n = input()", "globals()[n] = 3"], {"barrier": [1]}),
    ("globals given away", ["a = 1", "print(list(globals()))"], {"barrier": [1]}),
    ("globals given to unknown code", ["import zork", "zork.f(globals())"], {"barrier": [1]}),
    ("globals kept", ["a = 1", "g = globals()"], {"barrier": [1]}),
    ("globals in a list", ["a = 1", "g = [globals()]"], {"barrier": [1]}),
    ("globals shown", ["a = 1", "globals()"], {"barrier": [1]}),
    ("a loop over globals", ["a = 1", "for n in globals(): pass"], {"barrier": [1]}),
    # Code in strings
    (
        "exec with globals",
        ["a = 1", "exec('b = a', globals())", "print(b)"],
        {"inputs": {1: {"a": 0}, 2: {"b": 1}}},
    ),
    (
        "exec in a function",
        ["a = 1", "def f():\n    exec('global q\\nq = a')", "f()", "print(q)"],
        {"inputs": {2: {"f": 1, "a": 0}, 3: {"q": 2}}},
    ),
    (
        "exec in a function binds nothing",
        ["def f():\n    exec('q = 1')", "f()"],
        {"outputs": {1: []}},
    ),
    (
        "exec in a dict",
        ["a = 1", "d = {}", "exec('a = 2', d)", "print(d['a'])", "print(a)"],
        {"inputs": {2: {"d": 1}, 3: {"d": 2}, 4: {"a": 0}}},
    ),
    (
        "exec of text that sets the process",
        ["import os", "exec('os.chdir(\"x\")')"],
        {"setup": [1]},
    ),
    ("exec of text that is no code", ["exec('a b')"], {"barrier": [], "syntax": []}),
    (
        "exec of compiled text",
        ["a = 1", "c = compile('b = a', '', 'exec')", "exec(c)", "print(b)"],
        {"inputs": {2: {"c": 1, "a": 0}, 3: {"b": 2}}},
    ),
    ("eval of text", ["l = []", "eval('l').append(1)", "print(l)"], {"edges": [(1, 2)]}),
    ("eval of unknown text", ["l = []", "eval(input())"], {"barrier": [1]}),
    (
        "timeit of text",
        [
            "import timeit\nl = []",
            "t = timeit.timeit('l.append(1)', globals=globals())",
            "print(l)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "timeit of a function",
        ["import timeit\nl = []", "t = timeit.timeit(lambda: l.append(1))", "print(l)"],
        {"edges": [(1, 2)]},
    ),
    (
        "timeit of text alone",
        ["import timeit\nl = []", "t = timeit.timeit('l = 3')", "print(l)"],
        {"free": [(1, 2)]},
    ),
    ("timeit of unknown text", ["import timeit", "timeit.timeit(input())"], {"barrier": [1]}),
    (
        "a query reads variables",
        [
            "import pandas as pd\ndf = pd.read_csv('a')",
            "t = 1",
            "df.query('a > @t')",
            "df.query('a > t')",
        ],
        {"inputs": {2: {"df": 0, "t": 1}, 3: {"df": 0}}},
    ),
    (
        "a query calls functions",
        [
            "import pandas as pd\ndf = pd.read_csv('a')",
            "l = []\ndef f(x): return l.append(1)",
            "df.query('a > @f(b)')",
            "print(l)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a query in a function reads its variables",
        [
            "import pandas as pd\ndf = pd.read_csv('a')",
            "t = 1",
            "def f(t): return df.query('a > @t')",
            "f(3)",
        ],
        {"inputs": {3: {"f": 2, "df": 0}}},
    ),
    (
        "eval of a frame in place",
        [
            "import pandas as pd\ndf = pd.read_csv('a')",
            "t = 1",
            "df.eval('c = a + @t', inplace=True)",
            "df",
        ],
        {"inputs": {2: {"df": 0, "t": 1}, 3: {"df": 2}}},
    ),
    (
        "eval of a frame",
        ["import pandas as pd\ndf = pd.read_csv('a')", "e = df.eval('c = a + b')", "df"],
        {"free": [(1, 2)]},
    ),
    (
        "pd.eval reads variables",
        ["import pandas as pd", "t = 1", "pd.eval('t + 1')"],
        {"inputs": {2: {"t": 1}}},
    ),
    (
        "a query of unknown text",
        ["import pandas as pd\ndf = pd.read_csv('a')", "df.query(input())"],
        {"barrier": [1]},
    ),
    # History
    (
        "history needs every cell's kernel",
        ["1 + 1", "a = 2", "print(_)"],
        {"barrier": [2], "sticky": [0]},
    ),
    (
        "`_` as a name",
        ["_ = 3", "print(_)"],
        {"inputs": {1: {"_": 0}}, "sticky": [], "barrier": []},
    ),
    (
        "`_` that may be a name",
        ["if input():\n    _ = 3", "print(_)"],
        {"barrier": [1], "sticky": [0]},
    ),
    ("`_` after it was deleted", ["_ = 3", "del _", "print(_)"], {"barrier": [2], "sticky": [0]}),
    # Process state
    (
        "an option by attribute",
        ["import pandas as pd", "pd.options.display.max_rows = 5"],
        {"setup": [1]},
    ),
    (
        "options in a name",
        ["import pandas as pd", "o = pd.options.display", "o.max_rows = 5"],
        {"setup": [2]},
    ),
    (
        "a module's dict",
        ["import json", "vars(json)['x'] = 3", "json.__dict__['x'] = 3"],
        {"setup": [1, 2]},
    ),
    ("setattr on a module", ["import json", "setattr(json, 'x', 3)"], {"setup": [1]}),
    ("delattr on a module", ["import json", "delattr(json, 'x')", "del json.x"], {"setup": [1, 2]}),
    ("a module from sys.modules", ["import sys", "sys.modules['json'].x = 3"], {"setup": [1]}),
    (
        "a virtual subclass",
        ["from collections.abc import Sequence\nclass A: pass", "Sequence.register(A)"],
        {"sticky": [1]},
    ),
    (
        "a pickler is registered",
        ["import copyreg\nclass A: pass", "copyreg.pickle(A, str)"],
        {"sticky": [1]},
    ),
    (
        "a codec is registered",
        ["import codecs", "codecs.register(lambda n: None)"],
        {"sticky": [1]},
    ),
    ("a signal", ["import signal", "signal.signal(signal.SIGALRM, print)"], {"sticky": [1]}),
    ("an exit function", ["import atexit", "atexit.register(print)"], {"sticky": [1]}),
    (
        "hooks run in later cells",
        [
            "n = 1\ndef f(*a): print(n)",
            "get_ipython().events.register('pre_run_cell', f)",
            "n = 2",
            "x = 3",
        ],
        {"sticky": [1], "edges": [(2, 3)]},
    ),
    (
        "an accessor",
        [
            "import pandas as pd",
            "@pd.api.extensions.register_series_accessor('foo')\nclass F:\n    def __init__(s, o): s.o = o",
        ],
        {"sticky": [1]},
    ),
    (
        "a formatter of IPython",
        ["ip = get_ipython()", "ip.display_formatter.formatters['text/html'].for_type(int, str)"],
        {"sticky": [1], "barrier": []},
    ),
    (
        "the shell in a name",
        ["ip = get_ipython()\nx = [1]", "ip.run_line_magic('time', 'x.append(2)')", "print(x)"],
        {"edges": [(1, 2)], "barrier": []},
    ),
    ("the shell itself", ["ip = get_ipython()", "ip.user_ns_hidden()"], {"barrier": [1]}),
    (
        "a colormap",
        [
            "import matplotlib as mpl",
            "mpl.colormaps.register(1, name='x')",
            "mpl.colormaps['viridis']",
        ],
        {"setup": [1]},
    ),
    (
        "handlers of a logger",
        [
            "import logging",
            "logging.getLogger().handlers.clear()",
            "logging.root.setLevel(3)",
            "logging.getLogger('a').propagate = False",
        ],
        {"setup": [1, 2, 3]},
    ),
    (
        "filters of warnings",
        ["import warnings as w", "w.filters.insert(0, None)", "print(1)"],
        {"barrier": [1], "edges": [(0, 1), (1, 2)]},
    ),
    (
        "a context manager entered by hand",
        ["import numpy as np", "e = np.errstate(all='ignore')", "e.__enter__()"],
        {"sticky": [2]},
    ),
    (
        "a builtin class is no process state",
        ["import zork", "zork.f(int)"],
        {"sticky": [], "setup": []},
    ),
    # Functions of libraries, called back
    (
        "a library function in a partial",
        [
            "from functools import partial\nimport heapq\nh = []",
            "p = partial(heapq.heappush, h)",
            "p(3)",
            "print(h)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a library function mapped",
        ["import random\nls = [[1], [2]]", "list(map(random.shuffle, ls))", "print(ls)"],
        {"edges": [(1, 2)]},
    ),
    (
        "a method of a type mapped",
        ["ls = [[2, 1], [1]]", "list(map(list.sort, ls))", "print(ls)"],
        {"edges": [(1, 2)]},
    ),
    (
        "a file given to print",
        ["import io\nb = io.StringIO()", "print(1, file=b)", "b.getvalue()"],
        {"edges": [(1, 2)]},
    ),
    (
        "output sent to an object",
        [
            "import io, contextlib\nb = io.StringIO()",
            "with contextlib.redirect_stdout(b):\n    print(1)",
            "b.getvalue()",
        ],
        {"edges": [(1, 2)]},
    ),
    # Magics
    ("%who", ["a = 1", "%who", "b = 2"], {"barrier": [1], "edges": [(0, 1), (1, 2)]}),
    ("%whos", ["a = 1", "%whos"], {"barrier": [1]}),
    ("%history", ["a = 1", "%history"], {"barrier": [1], "sticky": [0]}),
    (
        "%rerun",
        ["a = [1]", "%rerun", "print(a)"],
        {"barrier": [1], "sticky": [0, 1], "edges": [(1, 2)]},
    ),
    (
        "%cat",
        ["%%writefile a.txt\nx", "%cat a.txt", "%cat b.txt"],
        {"edges": [(0, 1)], "free": [(0, 2)]},
    ),
    ("%precision", ["%precision 3"], {"setup": [0]}),
    ("%pdb", ["%pdb on"], {"sticky": [0]}),
    ("inspection shows a value", ["x = [1]", "x.append(2)", "x?"], {"inputs": {2: {"x": 1}}}),
    (
        "%xdel",
        ["a = 1", "%xdel a", "b = 2"],
        {"deletes": {1: ["a"]}, "edges": [(0, 1)], "free": [(1, 2)]},
    ),
    (
        "%store",
        ["a = 1", "%store a", "%store -r a", "print(a)"],
        {"inputs": {1: {"a": 0}, 3: {"a": 2}}, "edges": [(1, 2)], "outside": [1]},
    ),
    ("%store of everything", ["a = 1", "%store -r"], {"barrier": [1]}),
    ("%sc", ["%sc x=ls", "print(x)"], {"inputs": {1: {"x": 0}}}),
    # Displays of earlier cells
    (
        "an imported display",
        ["from IPython.display import display", "display(1)", "display(2)"],
        {"free": [(1, 2)]},
    ),
    (
        "a display by id",
        [
            "from IPython.display import display, update_display",
            "display(1, display_id='a')",
            "update_display(2, display_id='a')",
            "update_display(3, display_id='a')",
        ],
        {"edges": [(1, 2), (2, 3)]},
    ),
    # Files by other openers
    (
        "gzip",
        [
            "import gzip",
            "gzip.open('a.gz', 'wt').write('x')",
            "gzip.open('a.gz').read()",
            "gzip.open('b.gz').read()",
        ],
        {"edges": [(1, 2)], "free": [(1, 3)], "outside": [1]},
    ),
    (
        "a path opens",
        ["from pathlib import Path\np = Path('a')", "p.open('w').write('x')", "p.open().read()"],
        {"edges": [(1, 2)], "outside": [1]},
    ),
    (
        "an archive",
        [
            "import zipfile",
            "z = zipfile.ZipFile('a.zip', 'w')",
            "zipfile.ZipFile('a.zip').namelist()",
        ],
        {"edges": [(1, 2)], "outside": [1], "unshippable": [1]},
    ),
    (
        "a shelf",
        ["import shelve", "s = shelve.open('a')", "s['x'] = 1", "print(s['x'])"],
        {"edges": [(1, 2), (2, 3)], "outside": [1, 2, 3], "unshippable": [1, 2, 3]},
    ),
    (
        "a database in memory",
        [
            "import sqlite3",
            "c = sqlite3.connect(':memory:')",
            "c.execute('x')",
            "c.execute('y').fetchall()",
        ],
        {"outside": [], "edges": [(1, 2), (2, 3)], "unshippable": [1, 2, 3]},
    ),
    (
        "settings in a file",
        [
            "import configparser\nc = configparser.ConfigParser()",
            "c.read('a.ini')",
            "c['x']['y'] = '1'",
            "print(c.get('x', 'y'))",
        ],
        {"edges": [(1, 2), (2, 3)], "unknown": []},
    ),
    # NumPy, SciPy, seaborn
    (
        "a ufunc in place",
        ["import numpy as np\nx = np.zeros(3)", "np.hypot.at(x, [0], 1)", "x"],
        {"edges": [(1, 2)], "unknown": []},
    ),
    (
        "a window of an array",
        [
            "import numpy as np\nx = np.zeros(3)",
            "w = np.lib.stride_tricks.as_strided(x)",
            "w[0] = 1",
            "x",
        ],
        {"edges": [(2, 3)], "unknown": []},
    ),
    (
        "a distribution draws",
        [
            "from scipy import stats",
            "a = stats.norm.rvs(size=3)",
            "b = stats.norm.rvs(size=3)",
            "c = stats.norm.rvs(size=3, random_state=1)",
        ],
        {"edges": [(1, 2)], "free": [(2, 3)], "unknown": []},
    ),
    (
        "a distribution is pure",
        ["from scipy import stats", "x = [1, 2]", "p = stats.norm.pdf(x)", "print(x)"],
        {"free": [(2, 3)], "unknown": []},
    ),
    (
        "a frozen distribution draws",
        [
            "from scipy import stats\nd = stats.norm(0, 1)",
            "a = d.rvs(3)",
            "b = d.rvs(3)",
            "c = d.pdf(1)",
        ],
        {"edges": [(1, 2)], "unknown": []},
    ),
    (
        "a solver overwrites",
        [
            "import numpy as np\nfrom scipy import linalg\nx = np.eye(2)",
            "y = linalg.inv(x)",
            "z = linalg.inv(x, overwrite_a=True)",
            "x",
        ],
        {"free": [(1, 2)], "edges": [(2, 3)], "unknown": []},
    ),
    (
        "a filter into an array",
        [
            "import numpy as np\nfrom scipy import ndimage\nx = np.eye(2); o = np.eye(2)",
            "ndimage.gaussian_filter(x, 1, output=o)",
            "x.sum()",
            "o",
        ],
        {"free": [(1, 2)], "edges": [(1, 3)], "unknown": []},
    ),
    (
        "an optimiser calls back",
        [
            "from scipy.optimize import minimize\nseen = []",
            "def f(x):\n    seen.append(1)\n    return x ** 2",
            "r = minimize(f, [1.0])",
            "print(seen)",
            "print(r.x)",
        ],
        {"edges": [(2, 3), (2, 4)], "unknown": []},
    ),
    (
        "a sparse matrix is a view",
        [
            "import numpy as np\nfrom scipy.sparse import csr_matrix\nd = np.ones(2)",
            "m = csr_matrix((d, [0, 1], [0, 1, 2]))",
            "d[0] = 5",
            "print(m)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a matrix in a file",
        ["from scipy import io", "io.savemat('a.mat', {})", "io.loadmat('a.mat')"],
        {"edges": [(1, 2)], "outside": [1]},
    ),
    (
        "seaborn's theme",
        ["import seaborn as sns", "sns.set_theme()", "sns.heatmap([[1]])", "sns.lineplot([1])"],
        {"setup": [1], "unknown": [], "free": [(2, 3)]},
    ),
    # Modules of the notebook's folder, written by a cell
    (
        "a local module's function is walked",
        ["%%writefile m.py\ndef f(x): return len(x)\n", "import m\nl = []", "m.f(l)", "print(l)"],
        {"inputs": {3: {"l": 1}}, "free": [(2, 3)], "unknown": [], "sticky": [], "setup": []},
    ),
    (
        "a local module's function changes its argument",
        [
            "%%writefile m.py\ndef f(x): x.append(1)\n",
            "from m import f\nl = []",
            "f(l)",
            "print(l)",
        ],
        {"inputs": {3: {"l": 2}}, "unknown": [], "sticky": []},
    ),
    (
        "a local module's state is set",
        ["%%writefile m.py\nx = []\ndef f(): x.append(1)\n", "import m", "m.f()", "print(m.x)"],
        {"setup": [2], "sticky": []},
    ),
    (
        "a local module's state is set and used",
        [
            "%%writefile m.py\nn = 0\ndef f():\n    global n\n    n += 1\n    return n\n",
            "import m",
            "print(m.f())",
            "print(m.n)",
        ],
        {"sticky": [2], "edges": [(2, 3)]},
    ),
    (
        "a local module's state in a name",
        [
            "%%writefile m.py\nx = []\ndef f(): x.append(1)\n",
            "from m import x, f",
            "f()",
            "print(x)",
        ],
        {"sticky": [2], "edges": [(2, 3)]},
    ),
    (
        "a local module keeps an object",
        [
            "%%writefile m.py\nx = []\ndef f(v): x.append(v)\n",
            "import m\nl = []",
            "m.f(l)",
            "print(m.x)",
        ],
        {"sticky": [2], "edges": [(2, 3)]},
    ),
    (
        "a local module's class",
        [
            "%%writefile m.py\nclass C:\n    def __init__(s, v): s.v = v\n    def add(s): s.v.append(1)\n",
            "import m\nl = []\nc = m.C(l)",
            "c.add()",
            "print(l)",
        ],
        {"inputs": {3: {"l": 2}}, "unknown": [], "sticky": []},
    ),
    (
        "a local module's class is changed",
        ["%%writefile m.py\nclass C:\n    n = 0\n", "import m", "m.C.n = 3"],
        {"setup": [2]},
    ),
    (
        "a local module's global is set",
        ["%%writefile m.py\nk = 1\ndef f(): return k\n", "import m", "m.k = 2", "print(m.f())"],
        {"setup": [2]},
    ),
    (
        "importing a local module prints",
        ["%%writefile m.py\nprint(1)\n", "import m"],
        {"sticky": [1]},
    ),
    (
        "importing a local module sets the process",
        ["%%writefile m.py\nimport os\nos.environ['A'] = 'b'\n", "import m"],
        {"sticky": [1]},
    ),
    (
        "a local module is written again",
        ["%%writefile m.py\nx = 1\n", "import m", "%%writefile m.py\nx = 2\n", "print(m.x)"],
        {"sticky": [1]},
    ),
    (
        "all names of a local module",
        ["%%writefile m.py\ndef f(): return 3\n", "from m import *", "print(f())"],
        {"barrier": [], "inputs": {2: {"f": 1}}},
    ),
    (
        "a local module imported in a function",
        [
            "%%writefile m.py\ndef f(x): x.append(1)\n",
            "l = []\ndef g():\n    import m\n    m.f(l)",
            "g()",
            "print(l)",
        ],
        {"inputs": {3: {"l": 2}}, "unknown": []},
    ),
    (
        "a local module of unknown text",
        ["%%writefile -a m.py\nx = 1\n", "import m\nl = []", "m.f(l)", "print(l)"],
        {"inputs": {3: {"l": 2}}, "unknown": [2], "sticky": [2]},
    ),
    (
        "state of a module that was written like any file",
        ["with open('m.py', 'w') as f:\n    f.write('l = []')", "import m", "m.l.append(1)"],
        {"unknown": [2], "sticky": [2]},
    ),
    (
        "two names of one file",
        [
            "import os\nopen('a', 'w').close()",
            "os.link('a', 'b')",
            "open('a', 'w').close()",
            "print(open('b').read())",
        ],
        {"edges": [(0, 1), (1, 2), (2, 3)], "inputs": {3: {}}},
    ),
    (
        "two names of one file, by the shell",
        ["!ln -s a b", "open('a', 'w').close()", "print(open('b').read())"],
        {"edges": [(0, 1), (1, 2)], "inputs": {2: {}}},
    ),
    (
        "%run of a known file",
        ["%%writefile p.py\nl = []\ndef f(): return l.append(1)\n", "%run p.py", "f()", "print(l)"],
        {"barrier": [], "sticky": [1, 2], "edges": [(1, 2), (2, 3)], "inputs": {3: {"l": 2}}},
    ),
    (
        "packed into a buffer",
        ["import struct\nb = bytearray(4)", "struct.pack_into('i', b, 0, 3)", "print(b)"],
        {"edges": [(1, 2)], "unknown": []},
    ),
    (
        "pickle finds a class by its name",
        [
            "class A:\n    pass",
            "a = A()",
            "import pickle\nd = pickle.dumps([a])",
            "pickle.loads(d)",
        ],
        {"inputs": {2: {"A": 0, "a": 1}, 3: {"A": 0, "d": 2}}},
    ),
    (
        "joblib finds a class by its name",
        [
            "class A:\n    pass",
            "a = A()",
            "from joblib import dump, load\ndump(a, 'a.job')",
            "load('a.job')",
        ],
        {"inputs": {2: {"A": 0, "a": 1}, 3: {"A": 0}}},
    ),
    (
        "a buffer is read to its end by who iterates over it",
        [
            "import io\nb = io.StringIO('1\\n2')",
            "print(list(b))",
            "b.read()",
        ],
        {"inputs": {1: {"b": 0}, 2: {"b": 1}}},
    ),
    (
        "annotations at the top level",
        ["x: int = 1", "y: str", "print(__annotations__)"],
        {"barrier": [2], "sticky": [0]},
    ),
    # The closed list, said plainly: a kernel that has run all cells before
    (
        "all objects",
        ["a = 1", "import gc\nprint(len(gc.get_objects()))"],
        {"barrier": [1], "sticky": [0]},
    ),
    ("frames", ["a = 1", "import sys\nsys._getframe()"], {"barrier": [1], "sticky": [0]}),
    (
        "frames by inspect",
        ["a = 1", "import inspect\ninspect.stack()"],
        {"barrier": [1], "sticky": [0]},
    ),
    ("ctypes", ["a = 1", "import ctypes\nctypes.c_int(3)"], {"barrier": [1], "sticky": [0]}),
    ("a tracer", ["a = 1", "import sys\nsys.settrace(print)"], {"barrier": [1], "sticky": [0, 1]}),
    (
        "a list shows the objects in it",
        [
            "import math\nclass P:\n    def __repr__(self): return str(math.sqrt(4))",
            "ps = [P()]",
            "ps",
        ],
        {"edges": [(0, 2)], "inputs": {2: {"ps": 1, "math": 0}}},
    ),
    (
        "a frame shows the objects in it",
        [
            "import pandas as pd\nseen = []\n"
            "class P:\n    def __repr__(self): return str(seen.append(1))",
            "df = pd.DataFrame({'p': [P()]})",
            "df",
            "print(seen)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a type is registered with a dispatcher",
        [
            "import functools\n@functools.singledispatch\ndef show(x): return 0",
            "@show.register(int)\ndef _i(x): return 1",
            "len(show.registry)",
            "n = 3",
            "@show.register\ndef _s(x: str): return n",
            "ask = show.register(list)",
            "ask(_s)",
            "print(show(''))",
        ],
        {
            "edges": [(0, 1), (1, 2), (1, 4), (4, 5), (5, 6), (3, 7), (6, 7)],
            "free": [(1, 3), (2, 3), (2, 7)],
            "sticky": [],
            "unknown": [],
        },
    ),
    (
        "a type is registered with an abstract class",
        [
            "import abc\nclass Base(abc.ABC): pass",
            "Base.register(int)",
            "isinstance(3, Base)",
            "@Base.register\nclass A: pass",
            "isinstance(A(), Base)",
            "print(1)",
        ],
        {
            "edges": [(0, 1), (1, 2), (1, 3), (3, 4)],
            "free": [(1, 5), (2, 5), (2, 4)],
            "sticky": [],
            "unknown": [],
        },
    ),
    (
        "a type is registered with a class whose objects are there",
        [
            "import abc\nclass Base(abc.ABC): pass\nclass Sub(Base): pass\nclass A: pass",
            "a, s = A(), Sub()",
            "Base.register(A)",
            "isinstance(s, Base)",
        ],
        {"edges": [(2, 3)], "outputs": {2: ["A", "Base", "Sub", "s"]}},
    ),
    (
        "a type is registered with a class of a metaclass that nobody sees",
        [
            "import abc, zork\nclass M(abc.ABCMeta): pass\n"
            "class Base(metaclass=M): pass\nclass Other(zork.Base): pass",
            "Base.register(int)",
            "Other.register(int)",
        ],
        {"sticky": [1, 2]},
    ),
    (
        "a method of the class's own that is called register",
        [
            "kinds = []\nclass A:\n    @classmethod\n    def register(cls, k): kinds.append(k)",
            "A.register(int)",
            "print(kinds)",
        ],
        {"edges": [(1, 2)], "sticky": []},
    ),
]
