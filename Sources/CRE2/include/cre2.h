#ifndef TRIAGE_CRE2_H
#define TRIAGE_CRE2_H

/// The small part of RE2 that triage uses, with C linkage. Owned by the CEL target's `Pattern`.

#ifdef __cplusplus
extern "C" {
#endif

#include <stdbool.h>
#include <stddef.h>

typedef struct cre2_pattern cre2_pattern;

#ifdef __cplusplus
}
#endif

#endif
