/* See sip_files.h. */
#include "tests/torture/sip_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static int is_message(const struct dirent *e)
{
	return e->d_name[0] != '.' && e->d_type != DT_DIR;
}

static void add(struct sip_folder *f, const char *name, const uint8_t *text, size_t len, bool crlf)
{
	struct sip_file *file = &f->file[f->n];
	size_t n = 0;

	*file = (struct sip_file){strdup(name), crlf, 0, malloc(crlf ? 2 * len : len + 1)};
	if (!file->name || !file->text)
		fail(name);
	for (size_t i = 0; i < len; i++) {
		if (crlf && text[i] == '\n')
			file->text[n++] = '\r';
		file->text[n++] = text[i];
	}
	file->len = n;
	f->n++;
	if (n <= SIP_MESSAGE_MAX)
		return;
	fprintf(stderr, "%s/%s: left out: longer than a datagram\n", f->path, name);
	f->n--;
	free(file->name);
	free(file->text);
}

static void read_file(struct sip_folder *f, const char *name)
{
	static uint8_t text[SIP_MESSAGE_MAX + 1];
	char path[4096];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	file = fopen(path, "rbe");
	if (!file)
		fail(path);
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	add(f, name, text, len, false);
	if (memchr(text, '\n', len) && !memchr(text, '\r', len))
		add(f, name, text, len, true);
}

void sip_folder_read(struct sip_folder *f, const char *path)
{
	struct dirent **entry;
	int n = scandir(path, &entry, is_message, alphasort);

	*f = (struct sip_folder){.path = path};
	if (n < 0)
		fail(path);
	f->file = calloc(2 * (size_t)n + 1, sizeof(*f->file));
	if (!f->file)
		fail(path);
	for (int i = 0; i < n; i++) {
		read_file(f, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
}

void sip_folder_free(struct sip_folder *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->file[i].name);
		free(f->file[i].text);
	}
	free(f->file);
}
