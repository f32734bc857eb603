# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cases, one file for each subject."""
