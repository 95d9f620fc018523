/* Flattening prefixes into disjoint intervals (nxsip/ivmap.h).
 *
 * Prefixes nest or are disjoint, so one sweep over them, sorted by start and then by length, with a
 * stack of those still open is enough: the top of the stack is the longest that covers the point.
 * Every prefix opens and closes once: n prefixes make at most 2n + 1 intervals. */
#include <stdlib.h>

#include "control/policy/policy.h"

struct span {
	nx_u128 first, last;
	uint32_t value;
	uint32_t order; /* as given: of equal prefixes the last wins */
};

static struct span span_of(const struct nx_ivmap_prefix *p, uint32_t order)
{
	nx_u128 host = p->len == 0 ? ~(nx_u128)0 : ((nx_u128)1 << (128 - p->len)) - 1;

	return (struct span){p->key & ~host, p->key | host, p->value, order};
}

static int span_cmp(const void *va, const void *vb)
{
	const struct span *a = va, *b = vb;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* From start on the value is v. A later word on the same start replaces the earlier. */
static void emit(struct nx_ivmap *map, nx_u128 start, uint32_t v)
{
	if (map->n && map->start[map->n - 1] == start)
		map->n--;
	if (map->n && map->value[map->n - 1] == v)
		return;
	map->start[map->n] = start;
	map->value[map->n++] = v;
}

/* Closes the top of the stack: what it covered goes on with the value below it. */
static void close_top(struct nx_ivmap *map, const struct span *const *stack, uint32_t depth)
{
	nx_u128 after = stack[depth - 1]->last + 1;

	if (after != 0)
		emit(map, after, depth > 1 ? stack[depth - 2]->value : NX_IVMAP_NONE);
}

static void sweep(
	struct nx_ivmap *map, const struct span *spans, uint32_t n, const struct span **stack)
{
	uint32_t depth = 0;

	emit(map, 0, NX_IVMAP_NONE);
	for (uint32_t i = 0; i < n; i++) {
		for (; depth && stack[depth - 1]->last < spans[i].first; depth--)
			close_top(map, stack, depth);
		emit(map, spans[i].first, spans[i].value);
		stack[depth++] = &spans[i];
	}
	for (; depth; depth--)
		close_top(map, stack, depth);
}

int nx_ivmap_build(const struct nx_ivmap_prefix *prefixes, uint32_t n, struct nx_ivmap *out)
{
	struct nx_ivmap map = {0};
	struct span *spans = NULL;
	const struct span **stack = NULL;
	int rc = NX_ERR_NOMEM;

	*out = map;
	if (n == 0)
		return 0;
	spans = calloc(n, sizeof(*spans));
	stack = calloc(n, sizeof(*stack));
	map.start = calloc(2 * (size_t)n + 1, sizeof(*map.start));
	map.value = calloc(2 * (size_t)n + 1, sizeof(*map.value));
	if (!spans || !stack || !map.start || !map.value)
		goto out;
	for (uint32_t i = 0; i < n; i++)
		spans[i] = span_of(&prefixes[i], i);
	qsort(spans, n, sizeof(*spans), span_cmp);
	sweep(&map, spans, n, stack);
	*out = map;
	map = (struct nx_ivmap){0};
	rc = 0;
out:
	nx_ivmap_fini(&map);
	free(stack);
	free(spans);
	return rc;
}

void nx_ivmap_fini(struct nx_ivmap *map)
{
	free(map->start);
	free(map->value);
	*map = (struct nx_ivmap){0};
}
