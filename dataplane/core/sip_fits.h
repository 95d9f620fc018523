/* Does a request fit a stencil? Written once and compiled for each instruction set, as the parser
 * is: the file that includes this says which, and names the function NX_SIP_FITS; who cuts stencils
 * includes it for the classes alone.
 * A byte fits that is the stencil's own, or of a class that may stand there. From 0x80 on nothing
 * is of a class. */
#ifndef NX_CORE_SIP_FITS_H
#define NX_CORE_SIP_FITS_H

#include "dataplane/core/sip_block.h"
#include "dataplane/core/sip_path.h"

#define MAY_DIGIT  0x01
#define MAY_LETTER 0x06
#define MAY_TEXT   0x18 /* space to '~' */

/* Two of the classes are two bits each, so that AVX2 can find them by the halves of a byte: what is
 * said of the lower half and of the upper one is true of the byte. */
static const uint8_t may_class[128] __attribute__((aligned(64))) = {
	[' ' ... '/'] = 0x08,
	['0' ... '9'] = 0x08 | MAY_DIGIT,
	[':' ... '@'] = 0x08,
	['A' ... 'O'] = 0x08 | 0x02,
	['P' ... 'Z'] = 0x08 | 0x04,
	['[' ... '`'] = 0x08,
	['a' ... 'o'] = 0x08 | 0x02,
	['p' ... 'z'] = 0x10 | 0x04,
	['{' ... '~'] = 0x10,
};

static inline uint8_t may_class_of(uint8_t byte)
{
	return byte < sizeof(may_class) ? may_class[byte] : 0;
}

#ifdef NX_SIP_FITS
/* block_misfits names the bytes at p that do not fit. */
#if defined(NX_SIP_AVX512)
static always_inline uint64_t block_misfits(
	const uint8_t *p, const uint8_t *text, const uint8_t *may)
{
	const block v = block_load(p);
	const __m512i ascii = _mm512_min_epu8(v, _mm512_set1_epi8(0x7f)); /* DEL: of no class */
	const __m512i class = _mm512_permutex2var_epi8(_mm512_load_si512((const void *)may_class),
		ascii, _mm512_load_si512((const void *)(may_class + 64)));
	const __mmask64 differ = _mm512_cmpneq_epu8_mask(v, block_load(text));

	return in_register(_mm512_mask_testn_epi8_mask(differ, class, block_load(may)));
}

#elif defined(NX_SIP_AVX2)
static always_inline __m256i half_misfits(__m256i v, const uint8_t *text, const uint8_t *may)
{
	const __m256i low = _mm256_broadcastsi128_si256(_mm_setr_epi8(0x1d, 0x1f, 0x1f, 0x1f, 0x1f,
		0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1e, 0x1a, 0x1a, 0x1a, 0x1a, 0x0a));
	const __m256i high = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(0, 0, 0x08, 0x09, 0x0a, 0x0c, 0x0a, 0x14, 0, 0, 0, 0, 0, 0, 0, 0));
	const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0xf));
	const __m256i class =
		_mm256_and_si256(_mm256_shuffle_epi8(low, v), _mm256_shuffle_epi8(high, upper));
	const __m256i none =
		_mm256_cmpeq_epi8(_mm256_and_si256(class, ymm_load(may)), _mm256_setzero_si256());

	return _mm256_andnot_si256(_mm256_cmpeq_epi8(v, ymm_load(text)), none);
}

static always_inline uint64_t block_misfits(
	const uint8_t *p, const uint8_t *text, const uint8_t *may)
{
	const block v = block_load(p);

	return bits(half_misfits(v.lo, text, may),
		half_misfits(v.hi, text + BLOCK / 2, may + BLOCK / 2));
}

#else
static inline uint64_t block_misfits(const uint8_t *p, const uint8_t *text, const uint8_t *may)
{
	return *p != *text && !(may_class_of(*p) & *may);
}
#endif

/* The last block ends with the headers, over bytes that were looked at already. */
bool NX_SIP_FITS(const struct nx_sip_stencil *s, const uint8_t *msg)
{
	const size_t last = s->sip.header_len - (size_t)BLOCK;
	uint64_t misfits = block_misfits(msg + last, s->text + last, s->may + last);

	for (size_t i = 0; i < last; i += BLOCK)
		misfits |= block_misfits(msg + i, s->text + i, s->may + i);
	return !misfits;
}
#endif

#endif
