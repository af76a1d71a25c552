"""Classes and functions of the notebook after trips through several processes."""

from __future__ import annotations

from typing import Any

import pytest

CLASSES = """
    import abc, enum
    from dataclasses import dataclass, field
    from typing import NamedTuple

    @dataclass
    class Point:
        x: int
        y: int = 0
        tags: list = field(default_factory=list)

    @dataclass(frozen=True, slots=True)
    class Frozen:
        v: int = 1

    class Color(enum.Enum):
        RED = 1
        GREEN = 'g'
        ALIAS = 1

        @property
        def nice(self):
            return self.name.title()

    class Planet(enum.Enum):
        EARTH = (5.9, 6.3)
        MARS = (0.6, 3.3)

        def __init__(self, mass, radius):
            self.mass = mass
            self.radius = radius

    class Word(str, enum.Enum):
        A = 'a'

    class Made(enum.Enum):
        ONE = 'one', 1

        def __new__(cls, value, extra):
            member = object.__new__(cls)
            member._value_ = value
            member.extra = extra
            return member

    class Perm(enum.Flag):
        R = enum.auto()
        W = enum.auto()

    class Level(enum.IntEnum):
        LOW = 1

    class Oops(Exception):
        def __init__(self, code, why):
            super().__init__(f'{code}: {why}')
            self.code = code

    class Shape(abc.ABC):
        @abc.abstractmethod
        def area(self): ...

    class Square(Shape):
        def __init__(self, a): self.a = a
        def area(self): return self.a ** 2

    Shape.register(int)

    class Pair(NamedTuple):
        a: int
        b: int = 2

    class Slots:
        __slots__ = ('p', '__q', '__weakref__')
        def __init__(self): self.p, self.__q = 1, 2
        def q(self): return self.__q

    class Temp:
        def __init__(self, c): self._c = c
        @property
        def c(self): return self._c
        @c.setter
        def c(self, value): self._c = value
        @staticmethod
        def s(): return 's'
        @classmethod
        def k(cls): return cls.__name__
        def __eq__(self, other): return isinstance(other, Temp) and self._c == other._c
        def __hash__(self): return hash(self._c)
"""


def test_kinds_of_classes_through_three_processes(book: Any) -> None:
    names = "Point Frozen Color Planet Word Made Perm Level Oops Shape Square Pair Slots Temp"
    book.cell(0, CLASSES, names)
    make = """
        point = Point(1); point.tags.append(2); frozen = Frozen(); color = Color.RED
        earth = Planet.EARTH; word = Word.A; made = Made.ONE; perm = Perm.R | Perm.W
        level = Level.LOW; square = Square(3); pair = Pair(1); slots = Slots(); temp = Temp(20)
        try:
            raise Oops(4, 'bad')
        except Oops as e:
            oops = e
    """
    book.cell(1, make, "point frozen color earth word made perm level square pair slots temp oops")
    check = """
        import pickle, copy
        assert isinstance(point, Point) and point == Point(1, 0, [2]) and Point(1).tags == []
        assert frozen == Frozen() and not hasattr(frozen, '__dict__')
        assert color is Color.RED is Color.ALIAS is Color(1) and color.nice == 'Red'
        assert list(Color) == [Color.RED, Color.GREEN] and Color['GREEN'].value == 'g'
        assert earth is Planet.EARTH and earth.mass == 5.9 and Planet.MARS.radius == 3.3
        assert Planet((0.6, 3.3)) is Planet.MARS
        assert word is Word.A and word == 'a' and Word('a') is word
        assert made is Made.ONE and made.extra == 1 and Made('one') is made
        assert perm == Perm.R | Perm.W and Perm.R in perm and (perm & Perm.W) is Perm.W
        assert level is Level.LOW and level + 1 == 2
        try:
            raise oops
        except Oops as e:
            assert e.code == 4 and str(e) == '4: bad'
        assert square.area() == 9 and isinstance(square, Shape) and isinstance(3, Shape)
        try:
            Shape()
        except TypeError:
            pass
        else:
            raise AssertionError
        assert pair == Pair(1, 2) and pair.b == 2 and pair._replace(a=5) == (5, 2)
        assert slots.q() == 2 and not hasattr(slots, '__dict__') and isinstance(slots, Slots)
        temp.c = 21
        assert temp.c == 21 and temp.s() == 's' and temp.k() == 'Temp' and temp == Temp(21)
        for obj in (point, frozen, color, earth, word, made, perm, level, square, pair, temp):
            back = pickle.loads(pickle.dumps(obj))
            assert back == obj or type(back) is type(obj)
            assert type(copy.deepcopy(obj)) is type(obj)
        temp.c = 20
    """
    book.cell(2, check)
    book.cell(0, check, names.lower())
    book.cell(1, check)


def test_inheritance_across_versions(book: Any) -> None:
    book.cell(0, "class Base:\n    def who(self): return 'base'", "Base")
    book.cell(1, "class Sub(Base):\n    def who(self): return super().who() + 'sub'", "Sub")
    book.cell(2, "s = Sub()", "s")
    book.cell(
        0, "assert s.who() == 'basesub' and isinstance(s, Base) and type(s).__mro__[1] is Base"
    )


def test_dataclass_is_extended_elsewhere(book: Any) -> None:
    book.cell(0, "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int", "A")
    book.cell(
        1,
        "from dataclasses import dataclass, replace, fields, MISSING\n"
        "@dataclass\nclass B(A):\n    y: int\nb = replace(B(1, 2), x=3)\n"
        "assert fields(A)[0].default is MISSING",
        "B b",
    )
    book.cell(2, "assert b == B(3, 2)\ntry:\n    B()\nexcept TypeError: pass\nelse: raise 1")


def test_metaclass_and_registries_run_once(book: Any) -> None:
    book.cell(
        0,
        """
        class Meta(type):
            made = []
            def __new__(m, name, bases, ns, **kw):
                m.made.append(name)
                return super().__new__(m, name, bases, ns)
            def __init__(cls, name, bases, ns, **kw):
                super().__init__(name, bases, ns)
            def __len__(cls): return 42
        class A(metaclass=Meta): pass

        class Plugin:
            known = []
            def __init_subclass__(cls, *, key, **kw):
                super().__init_subclass__(**kw)
                cls.key = key
                Plugin.known.append(key)
        class One(Plugin, key='one'): pass
        """,
        "Meta A Plugin One",
    )
    book.cell(
        1,
        "assert len(A) == 42 and Meta.made == ['A'] and type(A) is Meta\n"
        "assert Plugin.known == ['one'] and One.key == 'one'\n"
        "class Two(Plugin, key='two'): pass",
        "Two Plugin One",
        mutated="Plugin One",
    )
    book.cell(2, "assert Plugin.known == ['one', 'two'] and Two.key == 'two'")


def test_changed_class_attribute_is_a_new_version(book: Any) -> None:
    book.cell(0, "class A:\n    n = 1", "A")
    book.cell(1, "a = A()", "a")
    book.cell(1, "A.n = 2", "A a", mutated="A a")
    book.cell(2, "assert A.n == 2 and a.n == 2 and type(a) is A")


def test_nested_local_and_mutually_recursive_classes(book: Any) -> None:
    book.cell(
        0,
        """
        class Outer:
            class Inner:
                v = 1
            def other(self): return Other()
        class Other:
            def back(self): return Outer()
        def local():
            class Local:
                def me(self): return type(self)
            return Local
        L = local()
        l = L()
        i = Outer.Inner()
        """,
        "Outer Other L l i",
    )
    book.cell(
        1,
        "assert isinstance(l, L) and l.me() is L and type(i) is Outer.Inner\n"
        "assert isinstance(Outer().other().back(), Outer) and Other",
    )


def test_class_comes_along_unasked_and_is_found_by_name(book: Any) -> None:
    book.cell(0, "class A:\n    pass\na = A()", "a")
    assert book.manifest("a")["deps"] == [book.versions["A"]]
    book.cell(1, "import pickle\nassert type(pickle.loads(pickle.dumps(a))) is type(a)", take="a")
    book.cell(1, "b = A()", "b")
    book.cell(2, "assert type(a) is type(b) is A")


def test_late_bound_globals(book: Any) -> None:
    book.cell(0, "n = 1\ndef f(): return n\ndef g(): return f() + 1", "n f g")
    book.cell(1, "n = 5\nassert f() == 5 and g() == 6 and f.__globals__ is globals()")
    book.cell(2, "assert f() == 1", take="f n")


def test_closures_share_cells(book: Any) -> None:
    book.cell(
        0,
        """
        def counter():
            n = 0
            def inc():
                nonlocal n
                n += 1
                return n
            def get(): return n
            return inc, get
        inc, get = counter()
        inc()
        def fact():
            def f(k): return 1 if k == 0 else k * f(k - 1)
            return f
        fact = fact()
        """,
        "inc get fact",
    )
    book.cell(
        1,
        "assert get() == 1 and inc() == 2 and get() == 2 and fact(5) == 120",
        "inc get",
        mutated="inc get",
    )
    book.cell(2, "assert get() == 2 and inc() == 3 and get() == 3")


def test_kinds_of_functions(book: Any) -> None:
    book.cell(
        0,
        """
        import functools, asyncio
        def sig(a, b=[1], *c, d: int = 2, **e) -> 'str':
            'doc'
            return a, b, c, d, e
        sig.note = 'n'
        def deco(f):
            @functools.wraps(f)
            def wrapper(*a): return 'w', f(*a)
            return wrapper
        @deco
        def decorated(x): return x
        @functools.lru_cache(maxsize=7)
        def fib(k): return k if k < 2 else fib(k - 1) + fib(k - 2)
        part = functools.partial(sig, 1, d=5)
        def gen(n): yield from range(n)
        async def co(): return 3
        lam = lambda x: x * 2
        class K:
            def m(self): return self
            anon = lambda self: 5
            @functools.cached_property
            def cp(self): return [1]
            @functools.lru_cache
            def cached(self): return 6
        k = K()
        bound = k.m
        anon = k.anon
        upper = 'abc'.upper
        @functools.singledispatch
        def single(x): return 'other'
        @single.register
        def _(x: int): return 'int'
        """,
        "functools sig deco decorated fib part gen co lam k bound anon upper single K",
    )
    book.cell(
        1,
        """
        import asyncio, functools, inspect, pickle, copy
        assert sig(0) == (0, [1], (), 2, {}) and sig.__doc__ == 'doc' and sig.note == 'n'
        assert str(inspect.signature(sig)) == "(a, b=[1], *c, d: int = 2, **e) -> 'str'"
        assert decorated(1) == ('w', 1) and decorated.__wrapped__(1) == 1
        assert decorated.__name__ == 'decorated' and deco(lam)(1) == ('w', 2)
        assert fib(30) == 832040 and fib.cache_info().maxsize == 7
        assert part() == (1, [1], (), 5, {}) and part.func is sig
        assert list(gen(3)) == [0, 1, 2] and asyncio.run(co()) == 3
        assert bound() is k and anon() == 5 and k.cp == [1] and k.cached() == 6
        assert upper() == 'ABC' and single(1) == 'int' and single('') == 'other'
        for f in (sig, decorated, gen, co, K):
            assert pickle.loads(pickle.dumps(f)) is f
        assert pickle.loads(pickle.dumps(bound))().__class__ is K
        assert copy.deepcopy(k).m().__class__ is K
        """,
    )


def test_functions_of_libraries_made_at_run_time(book: Any, tmp_path: Any) -> None:
    (tmp_path / "mylib_for_values.py").write_text(
        "import functools\nBASE = 10\n"
        "def add(f):\n    @functools.wraps(f)\n    def g(x): return f(x) + BASE\n    return g\n"
    )
    path = f"import sys\nif {str(tmp_path)!r} not in sys.path: sys.path.append({str(tmp_path)!r})\n"
    book.cell(
        0,
        path + "import mylib_for_values\n@mylib_for_values.add\ndef f(x): return x\n"
        "m = mylib_for_values",
        "f m",
    )
    book.cell(1, path, take="")
    book.cell(1, "assert f(1) == 11\nm.BASE = 20\nassert f(1) == 21\nm.BASE = 10")


def test_missing_module_is_named(book: Any, tmp_path: Any) -> None:
    (tmp_path / "only_here_for_values.py").write_text("class A: pass\n")
    book.cell(
        0,
        f"import sys\nsys.path.append({str(tmp_path)!r})\n"
        "import only_here_for_values\na = only_here_for_values.A()",
        "a",
    )
    answer = book.kernels[1].ask("load", inputs={"a": book.versions["a"]}, manifests=book.manifests)
    assert "'only_here_for_values' is not installed here" in answer["load_error"][3]


def test_source_and_tracebacks(book: Any) -> None:
    book.cell(
        0,
        "def f(x):\n    # the comment\n    return 1 / x\n\nclass A:\n    def m(self):\n"
        "        return f(0)",
        "f A",
    )
    book.cell(1, "a = A()", "a")
    out = book.cell(
        2,
        "import inspect\nassert '# the comment' in inspect.getsource(f)\n"
        "assert 'return f(0)' in inspect.getsource(A.m)\na.m()",
        ok=False,
    )
    assert "return 1 / x" in out and "return f(0)" in out and "ZeroDivisionError" in out


def test_joblib_in_two_processes(book: Any) -> None:
    pytest.importorskip("joblib")
    book.cell(
        0,
        "class Box:\n    def __init__(self, v): self.v = v\nk = 3\ndef work(x): return Box(x * k)",
        "Box k work",
    )
    book.cell(
        1,
        """
        from joblib import Parallel, delayed
        made = Parallel(n_jobs=2)(delayed(work)(i) for i in range(4))
        """,
        "made",
        take="work k Box",
    )
    book.cell(2, "assert [b.v for b in made] == [0, 3, 6, 9] and type(made[0]) is Box")


def test_exceptions_keep_cause_and_notes(book: Any) -> None:
    book.cell(
        0,
        """
        class E(Exception): pass
        try:
            try:
                int('x')
            except ValueError as v:
                raise E('outer') from v
        except E as e:
            err = e
        os_error = FileNotFoundError(2, 'No such file', 'x')
        """,
        "E err os_error",
    )
    book.cell(
        1,
        "assert isinstance(err.__cause__, ValueError) and os_error.filename == 'x'\n"
        "try:\n    raise err\nexcept E: pass",
    )


@pytest.mark.parametrize("turns", [3])
def test_definitions_keep_their_hash_over_trips(book: Any, turns: int) -> None:
    book.cell(
        0,
        "class A:\n    x = [1]\n    def f(self, y=2):\n        return {'a', 'b', 'x', y}\n"
        "def g(z): return A().f(z)",
        "A g",
    )
    digests = []
    for turn in range(turns):
        book.cell((turn + 1) % 3, "A, g", "A g", mutated="A g")
        digests.append((book.manifest("A")["digest"], book.manifest("g")["digest"]))
    assert digests[0] == digests[1] == digests[2]
