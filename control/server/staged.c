/* Gathered users: see staged.h. A user is two bytes (length; state, and above it the state it had)
 * and its key; the index adds four. */
#include "control/server/staged.h"

#include <stdlib.h>
#include <string.h>

#define HEAD       2
#define ROOM_FIRST ((uint32_t)64 << 10)
#define OLD_SHIFT  4

static int make_room(struct nx_staged *s, uint32_t bytes)
{
	uint64_t room = s->room ? (uint64_t)s->room * 2 : ROOM_FIRST;
	uint8_t *arena;

	if (s->room - s->used >= bytes)
		return NX_OK;
	if (room > UINT32_MAX)
		room = UINT32_MAX;
	if (room - s->used < bytes)
		return NX_ERR_FULL;
	if (!(arena = realloc(s->arena, room)))
		return NX_ERR_NOMEM;
	s->arena = arena;
	s->room = (uint32_t)room;
	return NX_OK;
}

int nx_staged_add(struct nx_staged *s, const struct nx_key *key, uint8_t state, uint64_t bytes_max)
{
	uint32_t bytes = HEAD + (uint32_t)key->len;
	int rc;

	if (s->used + bytes + (s->n + UINT64_C(1)) * sizeof(*s->index) > bytes_max)
		return NX_ERR_FULL;
	if ((rc = make_room(s, bytes)) != NX_OK)
		return rc;
	s->arena[s->used] = key->len;
	s->arena[s->used + 1] = state;
	memcpy(s->arena + s->used + HEAD, key->text, key->len);
	s->used += bytes;
	s->n++;
	free(s->index);
	s->index = NULL;
	return NX_OK;
}

void nx_staged_cut(struct nx_staged *s, const struct nx_staged *mark)
{
	s->used = mark->used;
	s->n = mark->n;
}

static int key_cmp(const uint8_t *a, const uint8_t *b)
{
	int c = memcmp(a + HEAD, b + HEAD, a[0] < b[0] ? a[0] : b[0]);

	return c != 0 ? c : a[0] - b[0];
}

/* Equal keys stay in the order in which they came. */
static int offset_cmp(const void *a, const void *b, void *arg)
{
	const uint8_t *arena = arg;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	int c = key_cmp(arena + i, arena + j);

	return c != 0 ? c : i < j ? -1 : i > j;
}

int nx_staged_sort(struct nx_staged *s)
{
	bool in_order = true;
	uint32_t n = 0;

	if (s->index)
		return NX_OK;
	if (!(s->index = malloc((s->n + (size_t)1) * sizeof(*s->index))))
		return NX_ERR_NOMEM;
	for (uint32_t at = 0; n < s->n; at += HEAD + (uint32_t)s->arena[at]) {
		s->index[n++] = at;
		if (n > 1 && in_order)
			in_order = key_cmp(s->arena + s->index[n - 2], s->arena + at) < 0;
	}
	s->n_index = n;
	if (in_order)
		return NX_OK;
	qsort_r(s->index, n, sizeof(*s->index), offset_cmp, s->arena);
	s->n_index = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (i + 1 == n || key_cmp(s->arena + s->index[i], s->arena + s->index[i + 1]) != 0)
			s->index[s->n_index++] = s->index[i];
	}
	return NX_OK;
}

void nx_staged_get(const struct nx_staged *s, uint32_t i, struct nx_staged_user *out)
{
	const uint8_t *p = s->arena + s->index[i];

	out->key.len = p[0];
	out->key.kind = p[0] && p[HEAD] == '+' ? NX_KEY_NUMBER : NX_KEY_NAME;
	memcpy(out->key.text, p + HEAD, p[0]);
	out->state = p[1] & ((1 << OLD_SHIFT) - 1);
	out->old = p[1] >> OLD_SHIFT;
}

void nx_staged_set_old(struct nx_staged *s, uint32_t i, uint8_t old)
{
	uint8_t *p = s->arena + s->index[i];

	p[1] = (uint8_t)((p[1] & ((1 << OLD_SHIFT) - 1)) | old << OLD_SHIFT);
}

void nx_staged_fini(struct nx_staged *s)
{
	free(s->arena);
	free(s->index);
	*s = (struct nx_staged){0};
}
