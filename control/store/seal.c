/* Small records carry a seal: a hash of the table, the key and the value, behind the value. They
 * are few and each decides about many calls (a domain's authority, a rule's verdict), so a damaged
 * one must be known at once; the users, who are many, share one digest a domain instead. */
#include <xxhash.h>

#include "control/store/store_internal.h"

#define SEAL_LEN  8
#define VALUE_MAX 4096

static uint64_t seal_of(enum nx_store_dbi dbi, const MDB_val *key, const void *value, size_t len)
{
	uint64_t of_key = XXH3_64bits_withSeed(key->mv_data, key->mv_size, (uint64_t)dbi + 1);

	return XXH3_64bits_withSeed(value, len, of_key);
}

int nx_store_put_sealed(struct nx_store_txn *t, enum nx_store_dbi dbi, MDB_val key, MDB_val value,
	const char *what, struct nx_error *err)
{
	uint8_t v[VALUE_MAX + SEAL_LEN];
	MDB_val sealed = {.mv_size = value.mv_size + SEAL_LEN, .mv_data = v};
	int rc;

	if (value.mv_size > VALUE_MAX)
		return nx_store_fail(t->store, MDB_BAD_VALSIZE, what, err);
	memcpy(v, value.mv_data, value.mv_size);
	nx_put_be64(v + value.mv_size, seal_of(dbi, &key, v, value.mv_size));
	rc = mdb_put(t->txn, t->store->dbi[dbi], &key, &sealed, 0);
	return rc == 0 ? NX_OK : nx_store_fail(t->store, rc, what, err);
}

bool nx_store_unseal(enum nx_store_dbi dbi, const MDB_val *key, MDB_val *value)
{
	size_t len = value->mv_size - SEAL_LEN;

	if (value->mv_size < SEAL_LEN || nx_get_be64((const uint8_t *)value->mv_data + len) !=
						 seal_of(dbi, key, value->mv_data, len))
		return false;
	value->mv_size = len;
	return true;
}
