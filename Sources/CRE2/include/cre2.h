#ifndef TRIAGE_CRE2_H
#define TRIAGE_CRE2_H

/// The small part of RE2 that triage uses, with C linkage. Owned by the CEL target's `Pattern` and `PatternSet`.
///
/// Texts and patterns are a pointer and a length: NUL bytes and invalid UTF-8 are ordinary input.
/// A compiled pattern or set is never changed again and may be used from several threads at once.

#ifdef __cplusplus
extern "C" {
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cre2_pattern cre2_pattern;
typedef struct cre2_set cre2_set;

/// Offsets of a match's or a group's first byte and of the one after its last; -1 where the group took no part.
typedef struct {
    ptrdiff_t start;
    ptrdiff_t end;
} cre2_span;

/// Compiles, or returns NULL and writes a NUL-terminated reason to `error`.
cre2_pattern *cre2_pattern_create(
    const uint8_t *pattern, size_t length, int64_t maximum_memory, int maximum_program_size, char *error,
    size_t error_capacity);
void cre2_pattern_destroy(cre2_pattern *pattern);

int cre2_pattern_group_count(const cre2_pattern *pattern);
/// The name of a group (numbered from 1), or NULL; lives as long as the pattern.
const char *cre2_pattern_group_name(const cre2_pattern *pattern, int group);

/// Looks for the leftmost match at or after `start`. `spans` receives the whole match and then the groups, as many
/// as `span_count` says; with none of them the search is fastest.
bool cre2_pattern_match(
    const cre2_pattern *pattern, const uint8_t *text, size_t length, size_t start, cre2_span *spans, int span_count);

cre2_set *cre2_set_create(int64_t maximum_memory);
void cre2_set_destroy(cre2_set *set);
/// Adds a pattern and returns its index, or returns -1 and writes a reason to `error`.
int cre2_set_add(cre2_set *set, const uint8_t *pattern, size_t length, char *error, size_t error_capacity);
/// Ends the adding; false when the patterns together need too much memory.
bool cre2_set_compile(cre2_set *set);

/// Which patterns match anywhere in the text, in one pass. Writes at most `capacity` indices, in no order, and
/// returns how many match; -1 when the search ran out of memory.
int cre2_set_match(const cre2_set *set, const uint8_t *text, size_t length, int *indices, int capacity);

#ifdef __cplusplus
}
#endif

#endif
