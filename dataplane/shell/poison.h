/* In AddressSanitizer builds the room of an mbuf before and after its frame is off limits while the
 * frame is judged: without this, reads beyond a frame stay inside the buffer and go unseen. */
#ifndef NX_SHELL_POISON_H
#define NX_SHELL_POISON_H

#include <rte_mbuf.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

static inline void nx_poison(const struct rte_mbuf *m)
{
	for (; m; m = m->next) {
		const char *end = rte_pktmbuf_mtod(m, const char *) + m->data_len;

		ASAN_POISON_MEMORY_REGION(m->buf_addr, m->data_off);
		ASAN_POISON_MEMORY_REGION(
			end, (size_t)((const char *)m->buf_addr + m->buf_len - end));
	}
}

static inline void nx_unpoison(const struct rte_mbuf *m)
{
	for (; m; m = m->next)
		ASAN_UNPOISON_MEMORY_REGION(m->buf_addr, m->buf_len);
}

/* nx_unpoison_from opens the buffer from off bytes on, to be written to. */
static inline void nx_unpoison_from(const struct rte_mbuf *m, uint16_t off)
{
	ASAN_UNPOISON_MEMORY_REGION((const char *)m->buf_addr + off, (size_t)(m->buf_len - off));
}
#else
static inline void nx_poison(const struct rte_mbuf *m)
{
	(void)m;
}

static inline void nx_unpoison(const struct rte_mbuf *m)
{
	(void)m;
}

static inline void nx_unpoison_from(const struct rte_mbuf *m, uint16_t off)
{
	(void)m;
	(void)off;
}
#endif

#endif
