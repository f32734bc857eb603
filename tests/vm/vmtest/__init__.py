# SPDX-License-Identifier: LGPL-2.1-or-later
"""Harness that runs kdumpd in virtual machines with real kernels, hotplug and panics."""
