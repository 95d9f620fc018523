/* Aligned tables and numbers for a person's eyes. */
#ifndef NX_CTL_TABLE_H
#define NX_CTL_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct nx_table;

/* nx_table_create takes the columns' headings; one that begins with '>' is aligned right. */
struct nx_table *nx_table_create(unsigned columns, const char *const headings[]);

/* nx_table_cell adds the next cell, row by row; control bytes are shown escaped. */
__attribute__((format(printf, 2, 3))) void nx_table_cell(struct nx_table *t, const char *fmt, ...);

/* nx_table_print prints the table and frees it; prints `empty` where it has no row. */
void nx_table_print(struct nx_table *t, FILE *out, const char *empty);

/* nx_print_text writes text with control bytes escaped, so that nobody's user name moves the
 * reader's cursor. */
void nx_print_text(FILE *out, const char *text);

/* nx_number writes n with thousands separated (1,234,567) into buf and returns it. */
const char *nx_number(uint64_t n, char buf[32]);
/* nx_bytes writes a size with its unit (12.4 MiB); nx_duration seconds as 3 d 4 h, 5 min 6 s. */
const char *nx_bytes(uint64_t n, char buf[32]);
const char *nx_duration(uint64_t seconds, char buf[32]);

#endif
