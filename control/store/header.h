/* Seals of the data file's two headers. LMDB writes a header by one small write and gives it no
 * checksum; of two headers it believes the one with the greater number, so one changed byte in
 * either can put the commit before in the place of the last. Each header therefore has a seal, in
 * the part of its page that LMDB never writes: the number of the transaction and a hash of the
 * header, written when its commit is done.
 *
 * The seal of commit n is in the page cache before commit n+1 begins, and that one's sync takes it
 * to the disk before its header goes there. So of two headers on a disk the older is always sealed.
 * The newer one may bear the seal of the header that it replaced, where the power failed before the
 * seal was on the disk; a header that says less than its seal, or what its seal does not, has been
 * altered. Headers that were never sealed are those of a copy that LMDB made.
 * Left out: a disk that gives back a whole sector as it was before a write it had acknowledged. */
#ifndef NX_CONTROL_HEADER_H
#define NX_CONTROL_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NX_HEADER_LEN 152  /* of page 0 and 1, what LMDB uses: its page's head and its header */
#define NX_SEAL_AT    2048 /* in the page: in another sector, so that no write of one tears both */
#define NX_SEAL_LEN   32

enum nx_seal { NX_SEAL_NONE, NX_SEAL_SOUND, NX_SEAL_BROKEN };

/* nx_header_txn: the number of the transaction whose header this is. */
uint64_t nx_header_txn(const uint8_t header[NX_HEADER_LEN]);

/* nx_header_read_seal says what the bytes at NX_SEAL_AT are; *txn: whose they are, where sound.
 * BROKEN: they are no seal, or they are that of header's own transaction but not of its bytes. */
enum nx_seal nx_header_read_seal(
	const uint8_t header[NX_HEADER_LEN], const uint8_t seal[NX_SEAL_LEN], uint64_t *txn);

/* nx_header_seals_agree judges the two seals of a file: what each is, the numbers in the headers,
 * and in the seals. */
struct nx_sealed {
	enum nx_seal seal;
	uint64_t txn, seal_txn;
};
bool nx_header_seals_agree(const struct nx_sealed *newer, const struct nx_sealed *older);

/* nx_header_seal seals the header in page 0 or 1.  Return: 0 or errno. */
int nx_header_seal(int fd, size_t page_size, unsigned page);

#endif
