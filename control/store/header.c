/* Seals of headers: see header.h. A seal is a magic number, the transaction, the hash of the header
 * and the hash of those three, eight bytes each, big-endian. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "control/store/header.h"
#include "control/store/store_internal.h"

#define SEAL_MAGIC UINT64_C(0x6e78736970206864) /* "nxsip hd" */
#define TXN_AT     (NX_HEADER_LEN - 8)          /* the header's last field */

uint64_t nx_header_txn(const uint8_t header[NX_HEADER_LEN])
{
	uint64_t txn;

	memcpy(&txn, header + TXN_AT, sizeof(txn));
	return le64toh(txn);
}

static void make_seal(const uint8_t header[NX_HEADER_LEN], uint8_t seal[NX_SEAL_LEN])
{
	nx_put_be64(seal, SEAL_MAGIC);
	nx_put_be64(seal + 8, nx_header_txn(header));
	nx_put_be64(seal + 16, XXH3_64bits(header, NX_HEADER_LEN));
	nx_put_be64(seal + 24, XXH3_64bits(seal, 24));
}

enum nx_seal nx_header_read_seal(
	const uint8_t header[NX_HEADER_LEN], const uint8_t seal[NX_SEAL_LEN], uint64_t *txn)
{
	static const uint8_t none[NX_SEAL_LEN];
	uint8_t own[NX_SEAL_LEN];

	*txn = nx_get_be64(seal + 8);
	if (memcmp(seal, none, NX_SEAL_LEN) == 0)
		return NX_SEAL_NONE;
	if (nx_get_be64(seal) != SEAL_MAGIC || nx_get_be64(seal + 24) != XXH3_64bits(seal, 24))
		return NX_SEAL_BROKEN;
	make_seal(header, own);
	return *txn != nx_header_txn(header) || memcmp(seal, own, NX_SEAL_LEN) == 0
		       ? NX_SEAL_SOUND
		       : NX_SEAL_BROKEN;
}

bool nx_header_seals_agree(const struct nx_sealed *newer, const struct nx_sealed *older)
{
	uint64_t replaced = newer->txn > 1 ? newer->txn - 2 : 0;

	if (newer->seal == NX_SEAL_BROKEN || older->seal == NX_SEAL_BROKEN)
		return false;
	if (older->seal == NX_SEAL_NONE)
		return newer->seal == NX_SEAL_NONE;
	return older->seal_txn == older->txn &&
	       (newer->seal == NX_SEAL_NONE || newer->seal_txn == newer->txn ||
		       newer->seal_txn == replaced);
}

int nx_header_seal(int fd, size_t page_size, unsigned page)
{
	off_t at = (off_t)(page * page_size);
	uint8_t header[NX_HEADER_LEN], seal[NX_SEAL_LEN];
	ssize_t n = pread(fd, header, sizeof(header), at);

	if (n != sizeof(header))
		return n < 0 ? errno : EIO;
	make_seal(header, seal);
	n = pwrite(fd, seal, sizeof(seal), at + NX_SEAL_AT);
	if (n != sizeof(seal))
		return n < 0 ? errno : EIO;
	return 0;
}
