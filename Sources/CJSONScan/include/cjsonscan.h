#ifndef CJSONSCAN_H
#define CJSONSCAN_H

#include <stddef.h>
#include <stdint.h>

/// Finds the end of the JSON list or object whose opening bracket stands just before `bytes`.
///
/// Looks at brackets and strings only, 64 bytes at a time; what stands between them is not judged. `is_object`: the
/// opening bracket is a brace. Returns how many bytes belong to it, its closing bracket included; 0 where they do not
/// suffice; `SIZE_MAX` where more than `depth` brackets stand in each other, `SIZE_MAX - 1` where as many brackets are
/// closed as opened, but not as many of each kind.
size_t cjsonscan_skip(const uint8_t *bytes, size_t count, int depth, int is_object);

/// Finds the end of the JSON string whose opening quote stands just before `bytes`.
///
/// Returns how many bytes belong to it, its closing quote included; 0 where they do not suffice.
size_t cjsonscan_string(const uint8_t *bytes, size_t count);

#endif
