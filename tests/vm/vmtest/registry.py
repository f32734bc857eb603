# SPDX-License-Identifier: LGPL-2.1-or-later
"""How cases are declared: groups of cases that share a boot."""

import dataclasses
import typing

from .kdumpd import Kdumpd
from .machine import Config

KERNELS = ("new", "old")
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

    reset(t) is called before each case. Groups that need kdumpd in the guest get the installed
    tree; the others must do without it. A benchmark runs only when it is asked for by name."""

    def __init__(self, name, config=Config(), kdumpd=True, reset=None, benchmark=False):
        self.name = name
        self.config = config
        self.kdumpd = kdumpd
        self.reset = reset
        self.benchmark = benchmark
        self.cases = []
        GROUPS.append(self)

    def case(self, kernels=KERNELS, panics=False):
        def register(function):
            name = function.__name__.replace("_", "-")
            about = (function.__doc__ or "").strip().splitlines()[0]
            self.cases.append(Case(name, function, tuple(kernels), panics, about))
            return function
        return register


class Context:
    """What a case gets."""

    def __init__(self, machine):
        self.vm = machine
        self.guest = machine.guest
        self.kernel = machine.kernel
        self.notes = []         # figures that are shown with the result
        self.kdumpd = Kdumpd(machine.guest)

    def note(self, text):
        self.notes.append(text)
