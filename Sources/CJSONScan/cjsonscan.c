#include "cjsonscan.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// One bit for each of 64 bytes that equals `wanted`.
static inline uint64_t equal_mask(const uint8_t *block, uint8_t wanted) {
#if defined(__SSE2__)
    uint64_t mask = 0;
    __m128i pattern = _mm_set1_epi8((char)wanted);
    for (int part = 0; part < 4; part++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(block + 16 * part));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, pattern)) << (16 * part);
    }
    return mask;
#else
    uint64_t mask = 0;
    for (int part = 0; part < 8; part++) {
        uint64_t word;
        memcpy(&word, block + 8 * part, 8);
        word ^= 0x0101010101010101u * wanted;
        // The high bit of each byte that is zero (exact, without a borrow between bytes), gathered by a multiplication.
        uint64_t zero = ~(((word & 0x7F7F7F7F7F7F7F7Fu) + 0x7F7F7F7F7F7F7F7Fu) | word | 0x7F7F7F7F7F7F7F7Fu);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        zero = __builtin_bswap64(zero);
#endif
        mask |= ((zero >> 7) * 0x0102040810204080u >> 56) << (8 * part);
    }
    return mask;
#endif
}

/// Brackets of both kinds by their lower-case twins: '[' | 0x20 is '{', ']' | 0x20 is '}'; `lower` says which of all bytes
/// have that bit.
static inline void bracket_masks(const uint8_t *block, uint64_t *opening, uint64_t *closing, uint64_t *lower) {
#if defined(__SSE2__)
    uint64_t open = 0, close = 0, low = 0;
    const __m128i twin = _mm_set1_epi8(0x20), open_pattern = _mm_set1_epi8('{'), close_pattern = _mm_set1_epi8('}');
    for (int part = 0; part < 4; part++) {
        __m128i given = _mm_loadu_si128((const __m128i *)(block + 16 * part));
        __m128i bytes = _mm_or_si128(given, twin);
        // A mask is made of the highest bits.
        low |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_slli_epi16(given, 2)) << (16 * part);
        open |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, open_pattern)) << (16 * part);
        close |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, close_pattern)) << (16 * part);
    }
    *opening = open;
    *closing = close;
    *lower = low;
#else
    uint64_t open = equal_mask(block, '{'), close = equal_mask(block, '}');
    *opening = open | equal_mask(block, '[');
    *closing = close | equal_mask(block, ']');
    *lower = open | close;
#endif
}

/// The bits behind an odd number of backslashes, as `carry` says of the byte before the block.
static inline uint64_t escaped_mask(uint64_t backslashes, uint64_t *carry) {
    uint64_t escaped = *carry;
    uint64_t rest = backslashes & ~*carry;
    *carry = 0;
    while (rest) {
        int at = __builtin_ctzll(rest);
        if (at == 63) {
            *carry = 1;
            break;
        }
        // The next byte is escaped, and if it is a backslash itself it escapes nothing.
        escaped |= 2ull << at;
        rest &= ~(3ull << at);
    }
    return escaped;
}

/// Each bit is set where an odd number of bits is set up to it.
static inline uint64_t prefix_xor(uint64_t bits) {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;
    return bits;
}

size_t cjsonscan_skip(const uint8_t *bytes, size_t count, int depth, int is_object) {
    // How many braces are open; of those that are open the others are brackets.
    int64_t braces = is_object ? 1 : 0;
    uint64_t carry = 0;
    // All bits set while a string goes on from the block before.
    uint64_t inside = 0;
    int level = 1;
    uint8_t tail[64];
    for (size_t offset = 0; offset < count; offset += 64) {
        const uint8_t *block = bytes + offset;
        if (count - offset < 64) {
            // Blanks behind the end mean nothing.
            memset(tail, ' ', 64);
            memcpy(tail, block, count - offset);
            block = tail;
        }
        uint64_t backslashes = equal_mask(block, '\\');
        uint64_t quotes = equal_mask(block, '"');
        if (backslashes | carry) quotes &= ~escaped_mask(backslashes, &carry);
        uint64_t strings = prefix_xor(quotes) ^ inside;
        inside = (uint64_t)((int64_t)strings >> 63);
        uint64_t opening, closing, lower;
        bracket_masks(block, &opening, &closing, &lower);
        opening &= ~strings;
        closing &= ~strings;
        int opened = __builtin_popcountll(opening), closed = __builtin_popcountll(closing);
        // Neither the end nor too deep within this block, whatever the order.
        if (closed < level && level + opened <= depth) {
            level += opened - closed;
            braces += __builtin_popcountll(opening & lower) - __builtin_popcountll(closing & lower);
            continue;
        }
        for (uint64_t brackets = opening | closing; brackets; brackets &= brackets - 1) {
            int at = __builtin_ctzll(brackets);
            int is_brace = lower >> at & 1;
            if (closing >> at & 1) {
                braces -= is_brace;
                if (--level == 0) return braces == 0 ? offset + (size_t)at + 1 : SIZE_MAX - 1;
            } else {
                braces += is_brace;
                if (++level > depth) return SIZE_MAX;
            }
        }
    }
    return 0;
}

size_t cjsonscan_string(const uint8_t *bytes, size_t count) {
    size_t offset = 0;
    while (offset < count) {
        const uint8_t *quote = memchr(bytes + offset, '"', count - offset);
        if (!quote) return 0;
        size_t at = (size_t)(quote - bytes), first = at;
        while (first > 0 && bytes[first - 1] == '\\') first--;
        if ((at - first) % 2 == 0) return at + 1;
        offset = at + 1;
    }
    return 0;
}
