#ifndef CJSONSCAN_H
#define CJSONSCAN_H

#include <stddef.h>
#include <stdint.h>

/// Finds the end of the JSON list or object whose opening bracket stands just before `bytes`.
///
/// Looks at brackets and strings only, 64 bytes at a time; what stands between them is not judged.
/// Returns how many bytes belong to it, its closing bracket included; 0 where they do not suffice; `SIZE_MAX` where
/// more than `depth` brackets stand in each other.
size_t cjsonscan_skip(const uint8_t *bytes, size_t count, int depth);

/// Finds the end of the JSON string whose opening quote stands just before `bytes`.
///
/// Returns how many bytes belong to it, its closing quote included; 0 where they do not suffice.
size_t cjsonscan_string(const uint8_t *bytes, size_t count);

#endif
