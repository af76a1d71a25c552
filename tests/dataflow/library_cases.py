# ruff: noqa: E501 (one cell a line)
"""Cases as in `cases`, for what the tables say of libraries: a case for each category of effects."""

from __future__ import annotations

from .cases import Case

PLT = "import matplotlib.pyplot as plt\nfig = plt.figure()\n"

LIBRARY_CASES: list[Case] = [
    # Builtins, the standard library, IPython
    (
        "a computed import",
        ["n = input()", "m = __import__(n)"],
        {"barrier": [1]},
    ),
    ("quit ends the kernel", ["x = 1", "quit()"], {"barrier": [1]}),
    (
        "a static method made by hand",
        [
            "l = [1]",
            "def f(x): x.append(2)",
            "g = staticmethod(f)",
            "g(l)",
            "print(l)",
        ],
        {"edges": [(3, 4)]},
    ),
    (
        "what comes out of a heap",
        ["e = [1]\nh = [e]", "import heapq\nx = heapq.heappop(h)", "x.append(2)", "print(e)"],
        {"edges": [(2, 3)]},
    ),
    (
        "what comes out of a deque",
        [
            "from collections import deque\ne = [1]\nd = deque([e])",
            "x = d.popleft()",
            "x.append(2)",
            "print(e)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a GUI is enabled",
        ["get_ipython().enable_gui('qt')", "print(1)"],
        {"sticky": [0]},
    ),
    (
        "JSON shows the data itself",
        ["from IPython.display import JSON\nd = {}", "j = JSON(d)", "d['x'] = 1", "j"],
        {"edges": [(2, 3)]},
    ),
    (
        "Pretty shows the data itself",
        ["from IPython.display import Pretty\nl = [[1]]", "p = Pretty(l)", "l[0].append(2)", "p"],
        {"edges": [(2, 3)]},
    ),
    # numpy
    (
        "arrays in files",
        ["import numpy as np\na = np.arange(3)", "np.save('a.npy', a)", "a.tofile('b')"],
        {"outside": [1, 2]},
    ),
    (
        "an array's memory",
        ["import numpy as np\na = np.arange(3)", "m = a.data"],
        {"barrier": [1]},
    ),
    (
        "a mapped array",
        ["import numpy as np", "m = np.memmap('m', mode='w+', shape=3)", "m[0] = 1"],
        {"unshippable": [1, 2]},
    ),
    # pandas
    (
        "the clipboard",
        ["import pandas as pd\ndf = pd.DataFrame({'x': [1]})", "df.to_clipboard()"],
        {"outside": [1]},
    ),
    (
        "a workbook that is read",
        ["import pandas as pd", "book = pd.ExcelFile('a.xlsx')"],
        {"unshippable": [1]},
    ),
    (
        "a table is drawn into the current figure",
        [
            "import pandas as pd\ndf = pd.DataFrame({'x': [1]})",
            PLT + "ax = df.plot(ax=plt.gca())",
            "ax.set_title('t')",
            "fig",
        ],
        {"edges": [(2, 3)]},
    ),
    # matplotlib
    (
        "lines are part of the current figure",
        [PLT + "lines = plt.plot([1, 2])", "lines[0].set_color('r')", "fig"],
        {"edges": [(1, 2)]},
    ),
    (
        "tables from the network",
        ["import seaborn as sns", "t = sns.load_dataset('tips')"],
        {"outside": [1]},
    ),
    # joblib
    ("a cache folder", ["import joblib", "m = joblib.Memory('cache')"], {"outside": [1]}),
    (
        "calls in threads",
        [
            "from joblib import Parallel, delayed\nl = []",
            "def f(i): l.append(i)",
            "p = Parallel(n_jobs=2, backend='threading')",
            "p(delayed(f)(i) for i in range(2))",
            "print(l)",
        ],
        {"edges": [(3, 4)]},
    ),
    # scipy
    (
        "a matrix is written",
        ["from scipy import io\nm = {'a': [1]}", "io.savemat('a.mat', m)"],
        {"outside": [1]},
    ),
    (
        "errors of special functions",
        ["from scipy import special", "special.seterr(all='raise')", "special.gammaln(0)"],
        {"setup": [1]},
    ),
    (
        "another backend of transforms",
        ["import scipy.fft", "scipy.fft.set_global_backend('scipy')", "scipy.fft.fft([1])"],
        {"sticky": [1]},
    ),
    (
        "a factorized matrix",
        [
            "from scipy.sparse import eye\nfrom scipy.sparse.linalg import splu",
            "lu = splu(eye(3).tocsc())",
        ],
        {"unshippable": [1]},
    ),
    (
        "a result's members are views",
        [
            "from scipy import optimize\nr = optimize.minimize(abs, [1.0])",
            "x = r.x",
            "x[0] = 5",
            "print(r)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "an estimated density refers to its data",
        [
            "import numpy as np\nfrom scipy.stats import gaussian_kde\nu = np.arange(5.0)",
            "k = gaussian_kde(u)",
            "u[0] = 3",
            "print(k.dataset)",
        ],
        {"edges": [(2, 3)]},
    ),
    # scikit-learn
    (
        "a dataset in a file",
        [
            "from sklearn.datasets import dump_svmlight_file, load_svmlight_file",
            "dump_svmlight_file([[1]], [1], 'a.txt')",
            "X, y = load_svmlight_file('a.txt')",
        ],
        {"edges": [(1, 2)], "outside": [1]},
    ),
    (
        "a dataset from the network",
        ["from sklearn.datasets import fetch_openml", "d = fetch_openml('iris')"],
        {"outside": [1]},
    ),
    (
        "parts of a split refer to what was split",
        [
            "from sklearn.model_selection import train_test_split\nl = [[1], [2]]",
            "a, b = train_test_split(l, random_state=0)",
            "a[0].append(3)",
            "print(l)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a tree is drawn into the current figure",
        [
            "from sklearn.tree import DecisionTreeClassifier, plot_tree\nm = DecisionTreeClassifier(random_state=0).fit([[1], [2]], [0, 1])",
            PLT + "drawn = plot_tree(m)",
            "drawn[0].set_text('root')",
            "fig",
        ],
        {"edges": [(2, 3)]},
    ),
    # Blocks that put back what they set, and nothing else
    (
        "what a block puts back",
        [
            "import numpy as np",
            "with np.printoptions(precision=1):\n    np.set_printoptions(precision=2)",
            "import pandas as pd",
            "with pd.option_context('display.max_rows', 5):\n    pd.set_option('display.max_rows', 6)",
            "import matplotlib.pyplot as plt",
            "with plt.rc_context():\n    plt.rc('lines', linewidth=3)",
            "import scipy.fft",
            "with scipy.fft.set_workers(2):\n    scipy.fft.set_global_backend('scipy')",
            "import sklearn",
            "with sklearn.config_context():\n    sklearn.set_config(display='text')",
        ],
        {"sticky": [], "setup": []},
    ),
    (
        "what a block does not put back",
        [
            "import os, warnings\nimport numpy as np\nimport pandas as pd",
            "with warnings.catch_warnings():\n    pd.set_option('display.precision', 2)",
            "with warnings.catch_warnings():\n    os.environ['X'] = '1'",
            "with np.errstate(all='ignore'):\n    pd.options.display.precision = 2",
        ],
        {"setup": [1, 2, 3]},
    ),
    # Results that may be what was given
    (
        "results of calls that a library makes",
        [
            "from joblib import Parallel, delayed\nimport numpy as np\na = np.arange(3)",
            "r = Parallel()([delayed(np.asarray)(a)])",
            "r[0][0] = 5",
            "print(a)",
        ],
        {"edges": [(1, 2), (2, 3)]},
    ),
    (
        "a table is piped through something unknown",
        [
            "import zork\nimport pandas as pd\ndf = pd.DataFrame({'x': [1]})",
            "d = df.pipe(zork.f)",
            "d['x'] = 2",
            "print(df)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a step of an iterator by hand",
        ["l = [[1]]\ng = iter(l)", "x = g.__next__()", "x.append(1)", "print(l)"],
        {"edges": [(2, 3)]},
    ),
    (
        "a plot of clusters is part of the current figure",
        [
            "from scipy.cluster.hierarchy import dendrogram, linkage",
            PLT + "tree = dendrogram(linkage([[1], [2]]))",
            "tree['icoord'].clear()",
            "fig",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "scientific data from the network",
        ["from scipy import datasets", "x = datasets.face()"],
        {"outside": [1]},
    ),
    (
        "what set-up uses changes after it",
        [
            "n = 3",
            "import numpy as np\nnp.set_printoptions(precision=n)\nn = 4",
            "print(1)",
        ],
        {"sticky": [1], "setup": []},
    ),
    (
        "what is in a union of sets",
        [
            "class A: pass\na = A()\ns = {1}",
            "t = s.union([a])",
            "for x in t:\n    if x != 1:\n        x.n = 2",
            "print(a.n)",
        ],
        {"edges": [(2, 3)]},
    ),
    # What shares with its source, and what is filled by place
    (
        "a grid of views",
        [
            "import numpy as np\na = np.zeros(4)\nb, c = np.meshgrid(a, a, copy=False)",
            "a[0] = 1",
            "print(b)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "open grids are views",
        ["import numpy as np\na = np.arange(3)\nb, = np.ix_(a)", "b[0] = 5", "print(a)"],
        {"edges": [(1, 2)]},
    ),
    (
        "einsum may give a view",
        ["import numpy as np\na = np.eye(3)\nd = np.einsum('ii->i', a)", "d[0] = 5", "print(a)"],
        {"edges": [(1, 2)]},
    ),
    (
        "a polynomial holds its coefficients",
        ["import numpy as np\na = np.arange(3)\np = np.poly1d(a)", "p[0] = 5", "print(a)"],
        {"edges": [(1, 2)]},
    ),
    (
        "out by place: a ufunc",
        ["import numpy as np\na = np.zeros(4)\nb = a[::2]", "np.add(1, 2, a)", "print(b)"],
        {"edges": [(1, 2)]},
    ),
    (
        "out by place: a function",
        ["import numpy as np\na = np.zeros(3)\nb = a[:1]", "np.choose([0], [[1]], a)", "print(b)"],
        {"edges": [(1, 2)]},
    ),
    (
        "out by place: two results",
        [
            "import numpy as np\na = np.zeros(3)\nb = np.zeros(3)\nc = b[:1]",
            "np.modf(np.ones(3), a, b)",
            "print(c)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "out by place: cumsum",
        ["import numpy as np\na = np.arange(4.)\nb = a[:2]", "a.cumsum(0, None, a)", "print(b)"],
        {"edges": [(1, 2)]},
    ),
    (
        "out by place: clip",
        ["import numpy as np\na = np.arange(4.)\nb = a[:2]", "a.clip(1, 2, a)", "print(b)"],
        {"edges": [(1, 2)]},
    ),
    (
        "out by place: take",
        [
            "import numpy as np\na = np.arange(4.)\nb = a[:2]",
            "np.arange(9.).take([1, 2, 3, 4], None, a)",
            "print(b)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "out by place: a ufunc's method",
        [
            "import numpy as np\na = np.zeros(3)\nb = a[:1]",
            "np.hypot.accumulate(np.arange(3.), 0, None, a)",
            "print(b)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "out by place: a transform",
        [
            "import numpy as np\na = np.zeros(3, complex)\nb = a[:1]",
            "np.fft.fft(a, None, -1, None, a)",
            "print(b)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "out by place: random numbers",
        [
            "import numpy as np\na = np.zeros(3)\nb = a[:1]\ng = np.random.default_rng(0)",
            "g.random(None, 'f8', a)",
            "print(b)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "out by place: in what a star gives",
        ["import numpy as np\na = np.zeros(3)\nb = a[:1]", "np.add(*[1, 2, a])", "print(b)"],
        {"edges": [(1, 2)]},
    ),
    (
        "out is the result",
        ["import numpy as np\na = np.zeros(3)\nb = np.add(1, 2, a)", "b[0] = 7", "print(a)"],
        {"edges": [(1, 2)]},
    ),
    (
        "out by place: scipy.special",
        [
            "import numpy as np\na = np.zeros(3)\nb = a[:1]\nfrom scipy import special",
            "special.expit(np.ones(3), a)",
            "print(b)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "output by place: an image",
        [
            "import numpy as np\na = np.zeros(3)\nb = a[:1]\nfrom scipy import ndimage",
            "ndimage.shift(np.ones(3), 1, a)",
            "print(b)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "output is the result",
        [
            "import numpy as np\na = np.zeros(3)\nfrom scipy import ndimage\nb = ndimage.shift(np.ones(3), 1, output=a)",
            "b[0] = 1",
            "print(a)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "overwriting by place",
        [
            "import numpy as np\na = np.eye(3)\nb = a[:1]\nfrom scipy import linalg",
            "linalg.lu_factor(a, True)",
            "print(b)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "numbers for nan in place",
        [
            "import numpy as np\na = np.array([np.nan])\nb = a",
            "np.nan_to_num(a, copy=False)",
            "print(b)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "numbers for nan in place, by place",
        [
            "import numpy as np\na = np.array([np.nan])\nb = a",
            "np.nan_to_num(a, False)",
            "print(b)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "an iterator that writes",
        [
            "import numpy as np\na = np.arange(3)",
            "for x in np.nditer(a, op_flags=['readwrite']):\n    x[...] = 9",
            "print(a)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "a mapped file",
        [
            "import numpy as np\nm = np.memmap('mm', dtype='f8', mode='w+', shape=3)",
            "m[0] = 1",
            "m.flush()",
            "np.fromfile('mm')",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a view of a mapped file",
        [
            "import numpy as np\nm = np.memmap('mm', dtype='f8', mode='w+', shape=3)\nv = m[1:]",
            "v[0] = 1",
            "np.fromfile('mm')",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "out that is new",
        ["import numpy as np\na = np.zeros(3)", "b = np.add(a, 1)", "b[0] = 5", "print(a)"],
        {"free": [(2, 3)]},
    ),
    (
        "attributes of a frame",
        [
            "import pandas as pd\ndf = pd.DataFrame({'a': [1]})\nmeta = {'n': 0}\ndf.attrs['meta'] = meta",
            "df.attrs['meta']['n'] += 1",
            "print(meta)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "rows as dicts",
        [
            "import pandas as pd\ndf = pd.DataFrame({'cart': [['tea']]})\nrows = df.to_dict('records')",
            "rows[0]['cart'].append('milk')",
            "print(df)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "rows of numbers as dicts",
        [
            "import pandas as pd\ndf = pd.read_csv('n.csv')\nrows = df.to_dict('records')",
            "rows.append({})",
            "print(df)",
        ],
        {"free": [(1, 2)]},
    ),
    (
        "rows as tuples",
        [
            "import pandas as pd\ndf = pd.DataFrame({'cart': [['tea']]})",
            "for row in df.itertuples():\n    row.cart.append('milk')",
            "print(df)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "objects in a new column",
        [
            "import pandas as pd\nl = []\ndf = pd.DataFrame({'a': [1]}).assign(x=[l])",
            "df['x'].iloc[0].append(1)",
            "print(l)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "objects that values are mapped to",
        [
            "import pandas as pd\nl = []\ns = pd.Series([1]).map({1: l})",
            "s.iloc[0].append(1)",
            "print(l)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "objects of the other frame",
        [
            "import pandas as pd\nl = []\na = pd.DataFrame({'k': [1]})\nb = pd.DataFrame({'k': [1], 'x': [l]})\nm = a.merge(b)",
            "m['x'].iloc[0].append(1)",
            "print(l)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "objects read from JSON",
        [
            "import pandas as pd\ndf = pd.read_json('x.json')",
            "for tags in df['tags']:\n    tags.append(1)",
            "print(df)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "the default of get",
        ["import pandas as pd\nl = []\nx = pd.Series([1]).get('q', l)", "x.append(1)", "print(l)"],
        {"edges": [(1, 2)]},
    ),
    (
        "operators that change in place",
        ["import operator\nl = []\nm = l", "operator.iconcat(l, [1])", "print(m)"],
        {"edges": [(1, 2)]},
    ),
    (
        "a buffer is read into",
        ["import io\nb = bytearray(3)\nl = [b]", "io.BytesIO(b'abc').readinto(b)", "print(l)"],
        {"edges": [(1, 2)]},
    ),
    (
        "a program is waited for",
        [
            "import subprocess, os\np = subprocess.Popen(['touch', 'x'])",
            "p.wait()",
            "os.path.exists('x')",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "a temporary folder is removed",
        [
            "import tempfile, os\ntd = tempfile.TemporaryDirectory()\np = td.name",
            "td.cleanup()",
            "os.path.exists(p)",
        ],
        {"edges": [(1, 2)]},
    ),
    (
        "a new temporary folder is nobody else's",
        [
            "x = 1",
            "import tempfile\ntd = tempfile.TemporaryDirectory()",
            "import tempfile\nwith tempfile.TemporaryDirectory() as d:\n    print(d)",
            "import tempfile\nd2 = tempfile.mkdtemp()\nf = tempfile.NamedTemporaryFile()",
            "open('a.csv').read()",
            "print(d)",
        ],
        {
            "free": [(0, 1), (1, 2), (1, 3), (2, 3), (1, 4), (2, 4), (3, 4)],
            "outside": [],
            "unshippable": [1, 3],
        },
    ),
    (
        "what is written into a temporary folder, and its end, may be any file",
        [
            "import tempfile\ntd = tempfile.TemporaryDirectory()\np = td.name",
            "open(p + '/x').read()",
            "with tempfile.TemporaryDirectory() as d:\n    open(d + '/x', 'w').write('1')",
            "open('a.csv').read()",
            "with td: pass",
            "open('b.csv').read()",
            "td = tempfile.TemporaryDirectory()",
            "open('c.csv').read()",
            "del td",
            "f = tempfile.NamedTemporaryFile(dir='.')",
            "open(q).read()",
            "f.write(b'x')",
        ],
        {
            "edges": [(1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (9, 10), (10, 11)],
            "outside": [2, 4, 6, 8, 9, 11],
        },
    ),
    (
        "the first of each group is the object of the frame",
        [
            "import pandas as pd\nlists = [[1], [2], [3]]\n"
            "df = pd.DataFrame({'k': [1, 1, 2], 'v': lists})",
            "first = df.groupby('k').first()",
            "one = df.groupby('k')['v'].get_group(1)",
            "first['v'].iloc[0].append(4)",
            "print(df)",
            "one.iloc[0].append(5)",
            "print(df)",
        ],
        {"edges": [(3, 4), (5, 6)]},
    ),
    (
        "groups of numbers are new",
        [
            "import pandas as pd\ndf = pd.read_csv('a.csv')",
            "first = df.groupby('k').first()",
            "first['v'] = 1",
            "print(df)",
        ],
        {"free": [(1, 3), (2, 3)]},
    ),
    (
        "what a stack was given is closed with it",
        [
            "from contextlib import ExitStack\nstack = ExitStack()",
            "f = stack.enter_context(open('a.txt', 'w'))",
            "stack.close()",
            "open('a.txt').read()",
        ],
        {"edges": [(1, 2), (2, 3)], "outside": [1, 2]},
    ),
    (
        "what a stack was given is called at the end of its block",
        [
            "from contextlib import ExitStack\nstack = ExitStack()\nl = []\ndef end(): l.append(n)",
            "stack.callback(end)",
            "n = 3",
            "with stack:\n    pass",
            "print(l)",
            "with ExitStack() as own:\n    own.callback(end)",
            "print(l)",
        ],
        {"edges": [(1, 3), (2, 3), (3, 4), (5, 6), (2, 5)]},
    ),
    (
        "closing gives what it closes",
        [
            "import sqlite3\nfrom contextlib import closing\nc = sqlite3.connect('a.db')",
            "with closing(c) as d:\n    d.execute('insert into t values (1)')",
            "open('a.db', 'rb').read()",
        ],
        {"edges": [(0, 1), (1, 2)], "outside": [0, 1]},
    ),
    (
        "other contexts change nothing",
        [
            "from contextlib import nullcontext, suppress\nd = [1]",
            "with nullcontext(d) as e, suppress(ValueError):\n    print(e)",
            "print(d)",
        ],
        {"free": [(1, 2)]},
    ),
    (
        "an open file is written",
        ["f = open('a.txt', 'w')", "f.write('1')", "f.close()", "open('a.txt').read()"],
        {"edges": [(2, 3)]},
    ),
    (
        "an open archive is written",
        [
            "import zipfile\nz = zipfile.ZipFile('a.zip', 'w')",
            "z.writestr('k', 'v')",
            "z.close()",
            "zipfile.ZipFile('a.zip').namelist()",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a file is written through a writer",
        [
            "import csv\nf = open('a.csv', 'w')\nw = csv.writer(f)",
            "w.writerow([1])",
            "f.flush()",
            "open('a.csv').read()",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a file is closed by with",
        ["f = open('a', 'w')\nf.write('x')", "with f:\n    pass", "open('a').read()"],
        {"edges": [(1, 2)]},
    ),
    (
        "an open file is read",
        ["f = open('a')", "f.readline()", "open('a').read()"],
        {"free": [(1, 2)]},
    ),
    (
        "a name is set in the shell's namespace",
        ["n = 0", "get_ipython().user_ns['n'] = 3", "print(n)"],
        {"edges": [(1, 2)]},
    ),
    (
        "a name is set in __main__",
        ["n = 0\nimport __main__", "__main__.n = 4", "print(n)"],
        {"edges": [(1, 2)]},
    ),
    (
        "a name is changed through __main__",
        ["n = [0]\nimport sys", "sys.modules['__main__'].n.append(4)", "print(n)"],
        {"edges": [(1, 2)]},
    ),
    (
        "a name is imported from __main__",
        ["n = [0]", "from __main__ import n as q\nq.append(1)", "print(n)"],
        {"edges": [(1, 2)]},
    ),
    (
        "a computed name is set in __main__",
        ["n = 0\nimport __main__ as m\nk = input()", "setattr(m, k, 4)", "print(n)"],
        {"barrier": [1]},
    ),
    (
        "an option of the shell is set",
        ["ip = get_ipython()", "ip.ast_node_interactivity = 'all'", "1\n2"],
        {"setup": [1]},
    ),
    (
        "a file configures logging",
        [
            "import logging.config",
            "open('l.ini', 'w').write('')",
            "logging.config.fileConfig('l.ini')",
        ],
        {"edges": [(1, 2)]},
    ),
]
