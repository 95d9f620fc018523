/* The memory of datagrams in fragments. A slot knows a datagram by 64 bits of keyed hash: a wrong
 * match would let one datagram's fragments follow another's verdict, and needs 2^64 tries without a
 * sign of success. */
#include <assert.h>

#include "dataplane/core/fragment.h"
#include "dataplane/core/siphash.h"

#define TICK_SHIFT 24 /* ns to ticks: 17 ms; 32 bits of them are 2.3 years, and then come round */
#define LIFE       ((uint32_t)(NX_FRAGMENT_LIFE_NS >> TICK_SHIFT) + 1) /* rounded up */

enum fate { FREE, PASSED, ENDED };

void nx_fragments_init(struct nx_fragments *m, const uint8_t key[16],
	struct nx_fragment_bucket *bucket, uint32_t n)
{
	assert(n > 0 && (n & (n - 1)) == 0);
	memcpy(m->key, key, sizeof(m->key));
	m->bucket = bucket;
	m->mask = n - 1;
}

static uint64_t key_of(const struct nx_fragments *m, const struct nx_fragment *f)
{
	uint8_t text[2 * sizeof(f->src.b) + sizeof(f->id) + sizeof(f->vlan)];
	uint8_t *at = text;

	memcpy(at, f->src.b, sizeof(f->src.b));
	at += sizeof(f->src.b);
	memcpy(at, f->dst.b, sizeof(f->dst.b));
	at += sizeof(f->dst.b);
	memcpy(at, &f->id, sizeof(f->id));
	at += sizeof(f->id);
	memcpy(at, &f->vlan, sizeof(f->vlan));
	return nx_siphash(m->key, text, sizeof(text));
}

static bool is_live(const struct nx_fragment_slot *s, uint32_t tick)
{
	return s->fate != FREE && tick - s->tick <= LIFE;
}

static struct nx_fragment_slot *find(struct nx_fragment_bucket *b, uint64_t key, uint32_t tick)
{
	for (unsigned i = 0; i < NX_FRAGMENT_SLOTS; i++)
		if (b->slot[i].key == key && is_live(&b->slot[i], tick))
			return &b->slot[i];
	return NULL;
}

/* Whether a newcomer that ended takes a's place rather than b's; both live. */
static bool goes_before(
	const struct nx_fragment_slot *a, const struct nx_fragment_slot *b, uint32_t tick)
{
	return a->fate != b->fate ? a->fate == PASSED : tick - a->tick > tick - b->tick;
}

/* take gives a datagram not known yet a slot; NULL: it finds none. */
static struct nx_fragment_slot *take(
	struct nx_fragment_bucket *b, uint64_t key, enum fate fate, uint32_t tick)
{
	struct nx_fragment_slot *place = &b->slot[0];

	for (unsigned i = 1; i < NX_FRAGMENT_SLOTS && is_live(place, tick); i++) {
		struct nx_fragment_slot *s = &b->slot[i];

		if (!is_live(s, tick) || goes_before(s, place, tick))
			place = s;
	}
	if (is_live(place, tick) && place->fate == ENDED && fate == PASSED)
		return NULL;
	*place = (struct nx_fragment_slot){.key = key, .fate = (uint8_t)fate, .tick = tick};
	return place;
}

static void account(struct nx_fragment_slot *s, const struct nx_fragment *f, uint32_t tick)
{
	if (f->off == 0) {
		s->missing = (uint16_t)((s->has_first ? 0 : s->missing) + f->total);
		s->has_first = true;
		s->tick = tick;
	}
	s->missing = (uint16_t)(s->missing - f->len);
	if (s->has_first && s->missing == 0)
		s->fate = FREE;
}

bool nx_fragments_follow(
	struct nx_fragments *m, const struct nx_fragment *f, bool ends, uint64_t now_ns)
{
	const uint64_t key = key_of(m, f);
	const uint32_t tick = (uint32_t)(now_ns >> TICK_SHIFT);
	struct nx_fragment_bucket *b = &m->bucket[key & m->mask];
	struct nx_fragment_slot *s = find(b, key, tick);
	enum fate fate;

	if (f->off == 0)
		fate = ends && !(s && s->fate == PASSED) ? ENDED : PASSED;
	else
		fate = s ? (enum fate)s->fate : PASSED;
	if (!s)
		s = take(b, key, fate, tick);
	if (s) {
		s->fate = (uint8_t)fate;
		account(s, f, tick);
	}
	return fate == ENDED;
}
