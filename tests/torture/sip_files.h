/* Folders of messages, a datagram a file. A file with LF line ends only was stored as text: it is
 * there twice, as it is and with CRLF. */
#ifndef NX_TORTURE_SIP_FILES_H
#define NX_TORTURE_SIP_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIP_MESSAGE_MAX 65472 /* bytes: with headers of any kind still an IP packet */

struct sip_file {
	char *name;
	bool made_crlf;
	size_t len;
	uint8_t *text;
};

struct sip_folder {
	const char *path;
	struct sip_file *file; /* by name */
	size_t n;
};

/* sip_folder_read reads all files of a folder but hidden ones; ends the program where it cannot.
 * What is longer than a message can be is left out, and stderr says so. */
void sip_folder_read(struct sip_folder *f, const char *path);
void sip_folder_free(struct sip_folder *f);

#endif
