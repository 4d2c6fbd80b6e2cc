#include "cre2.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <vector>

struct cre2_pattern {
    RE2 re;
    cre2_pattern(const re2::StringPiece &text, const RE2::Options &options) : re(text, options) {}
};

struct cre2_set {
    RE2::Set set;
    explicit cre2_set(const RE2::Options &options) : set(options, RE2::UNANCHORED) {}
};

namespace {

RE2::Options options_with(int64_t maximum_memory) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(maximum_memory);
    return options;
}

// RE2 tells "took no part" by a null pointer, so that an empty text must not have one.
re2::StringPiece piece(const uint8_t *bytes, size_t length) {
    return bytes == nullptr ? re2::StringPiece("", 0)
                            : re2::StringPiece(reinterpret_cast<const char *>(bytes), length);
}

void tell(char *error, size_t capacity, const std::string &message) {
    if (error != nullptr && capacity > 0) std::snprintf(error, capacity, "%s", message.c_str());
}

}  // namespace

cre2_pattern *cre2_pattern_create(
    const uint8_t *pattern, size_t length, int64_t maximum_memory, int maximum_program_size, char *error,
    size_t error_capacity) {
    std::unique_ptr<cre2_pattern> made(
        new (std::nothrow) cre2_pattern(piece(pattern, length), options_with(maximum_memory)));
    if (made == nullptr) {
        tell(error, error_capacity, "out of memory");
        return nullptr;
    }
    if (!made->re.ok()) {
        tell(error, error_capacity, made->re.error());
        return nullptr;
    }
    if (made->re.ProgramSize() > maximum_program_size) {
        tell(error, error_capacity,
             "pattern too large: compiles to " + std::to_string(made->re.ProgramSize()) +
                 " instructions, the limit is " + std::to_string(maximum_program_size));
        return nullptr;
    }
    return made.release();
}

void cre2_pattern_destroy(cre2_pattern *pattern) { delete pattern; }

int cre2_pattern_group_count(const cre2_pattern *pattern) { return pattern->re.NumberOfCapturingGroups(); }

const char *cre2_pattern_group_name(const cre2_pattern *pattern, int group) {
    const auto &names = pattern->re.CapturingGroupNames();
    auto found = names.find(group);
    return found == names.end() ? nullptr : found->second.c_str();
}

bool cre2_pattern_match(
    const cre2_pattern *pattern, const uint8_t *text, size_t length, size_t start, cre2_span *spans, int span_count) {
    const re2::StringPiece whole = piece(text, length);
    if (start > length) return false;
    constexpr int few = 16;
    re2::StringPiece on_stack[few];
    std::vector<re2::StringPiece> on_heap;
    re2::StringPiece *groups = on_stack;
    if (span_count > few) {
        on_heap.resize(span_count);
        groups = on_heap.data();
    }
    if (!pattern->re.Match(whole, start, length, RE2::UNANCHORED, groups, span_count)) return false;
    for (int i = 0; i < span_count; i++) {
        if (groups[i].data() == nullptr) {
            spans[i] = {-1, -1};
        } else {
            const ptrdiff_t from = groups[i].data() - whole.data();
            spans[i] = {from, from + static_cast<ptrdiff_t>(groups[i].size())};
        }
    }
    return true;
}

cre2_set *cre2_set_create(int64_t maximum_memory) {
    return new (std::nothrow) cre2_set(options_with(maximum_memory));
}

void cre2_set_destroy(cre2_set *set) { delete set; }

int cre2_set_add(cre2_set *set, const uint8_t *pattern, size_t length, char *error, size_t error_capacity) {
    std::string reason;
    const int index = set->set.Add(piece(pattern, length), &reason);
    if (index < 0) tell(error, error_capacity, reason);
    return index;
}

bool cre2_set_compile(cre2_set *set) { return set->set.Compile(); }

int cre2_set_match(const cre2_set *set, const uint8_t *text, size_t length, int *indices, int capacity) {
    std::vector<int> found;
    RE2::Set::ErrorInfo error{RE2::Set::kNoError};
    if (!set->set.Match(piece(text, length), &found, &error)) {
        return error.kind == RE2::Set::kNoError ? 0 : -1;
    }
    const int count = std::min(static_cast<int>(found.size()), capacity);
    std::copy(found.begin(), found.begin() + count, indices);
    return static_cast<int>(found.size());
}
