# SPDX-License-Identifier: LGPL-2.1-or-later
"""How cases are declared: groups of cases that share a boot."""

import dataclasses
import typing

from .kdumpd import Kdumpd
from .kernels import FLAVOURS
from .machine import Config

# Most cases run on one that updates the image itself, and one that does not; those that show what
# kdumpd is for, on each.
BOTH = ("new", "old")
EVERY = tuple(FLAVOURS)
GROUPS = []


@dataclasses.dataclass
class Case:
    name: str
    function: typing.Callable
    kernels: tuple
    panics: bool            # the guest is gone afterwards
    about: str


class Group:
    """Cases that share one boot, in the order in which they are declared.

    reset(t) is called before each case. What is laid over the guest's root, tree, is kdumpd as it
    is installed, its "packages", or nothing.

    A run without names takes a group on the kernels in default, and with --full on those in full;
    its cases say on which they can. What takes long is in the second only where full says so. A
    benchmark runs only when it or its suite is asked for by name."""

    def __init__(self, name, config=Config(), tree="kdumpd", reset=None, benchmark=False,
                 long=False, default=BOTH, full=None, suites=()):
        self.name = name
        self.config = config
        self.tree = tree
        self.reset = reset
        self.default = () if benchmark or long else default
        self.full = (() if benchmark or long else EVERY) if full is None else full
        self.suites = suites
        self.cases = []
        GROUPS.append(self)

    def case(self, kernels=BOTH, panics=False):
        def register(function):
            name = function.__name__.replace("_", "-")
            about = (function.__doc__ or "").strip().splitlines()[0]
            self.cases.append(Case(name, function, tuple(kernels), panics, about))
            return function
        return register


class Context:
    """What a case gets."""

    def __init__(self, machine, loader=""):
        self.vm = machine
        self.kernel = machine.kernel
        self.loader = loader    # that cases are asked to use which do not care, if any
        self.notes = []         # figures that are shown with the result

    @property
    def guest(self):
        return self.vm.guest    # another one after the power was cut

    @property
    def kdumpd(self):
        return Kdumpd(self.guest)

    def note(self, text):
        self.notes.append(text)
