/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decisions as journal entries, with fields and message IDs that conf/kdumpd.catalog explains. */
#pragma once

#include "core/decision.h"

/* Logs one line for a decision. What comes of nothing (looking again and finding all well) is for
 * debugging only. */
void journal_decision(const Decision *d);
