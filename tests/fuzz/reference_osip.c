/* libosip2's reading. It allocates a little for every header; here all of that comes from one
 * block, which is empty again for the next message, so that the fuzzer does not wait for malloc. */
#include <stdlib.h>

#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>

#include "tests/fuzz/reference_parsers.h"

#define BLOCK_LEN (64u << 20)
#define ALIGNMENT 16

struct reference_osip {
	char *call_id;
	struct reference_number via_count;
};

/* The library's hooks have no argument for a context. */
static struct {
	uint8_t *at;
	size_t used;
} block;

static void *block_alloc(size_t size)
{
	size_t need = (size + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	uint8_t *p = block.at + block.used;

	if (need > BLOCK_LEN - block.used)
		return NULL;
	block.used += need;
	memcpy(p, &size, sizeof(size));
	return p + ALIGNMENT;
}

static void block_free(void *p)
{
	(void)p;
}

static void *block_realloc(void *old, size_t size)
{
	void *p = block_alloc(size);
	size_t had;

	if (!old || !p)
		return p;
	memcpy(&had, (uint8_t *)old - ALIGNMENT, sizeof(had));
	return memcpy(p, old, had < size ? had : size);
}

/* It would write its complaints to standard output. */
static void say_nothing(
	const char *file, int line, osip_trace_level_t level, const char *text, va_list ap)
{
	(void)file;
	(void)line;
	(void)level;
	(void)text;
	(void)ap;
}

struct reference_osip *reference_osip_create(void)
{
	struct reference_osip *o = calloc(1, sizeof(*o));

	block.at = malloc(BLOCK_LEN);
	if (!o || !block.at)
		abort();
	osip_set_allocators(block_alloc, block_realloc, block_free);
	osip_trace_initialize_func(TRACE_LEVEL0, say_nothing);
	parser_init();
	return o;
}

void reference_osip_destroy(struct reference_osip *o)
{
	free(block.at);
	block.at = NULL;
	free(o);
}

static struct reference_text param(osip_list_t *params, const char *name)
{
	char key[16];
	osip_generic_param_t *p = NULL;

	strcpy(key, name); /* the library takes no const */
	if (osip_generic_param_get_byname(params, key, &p) != OSIP_SUCCESS || !p)
		return (struct reference_text){0};
	return reference_string(p->gvalue ? p->gvalue : "");
}

/* Other schemes than sip and sips are kept as one string: of tel, what stands before parameters is
 * the user. */
static struct reference_text uri_user(const osip_uri_t *uri)
{
	if (uri->string)
		return (struct reference_text){uri->string, strcspn(uri->string, ";")};
	return reference_string(uri->username);
}

static struct reference_text uri_host(const osip_uri_t *uri)
{
	return reference_string(uri->string ? NULL : uri->host);
}

static void read_via(struct reference_osip *o, osip_message_t *m, struct reference_text *field)
{
	const int count = osip_list_size(&m->vias);
	osip_via_t *via = NULL;

	osip_message_get_via(m, 0, &via);
	if (!via)
		return;
	field[REFERENCE_VIA_COUNT] = reference_number(&o->via_count, (uint32_t)count);
	field[REFERENCE_VIA_HOST] = reference_string(via->host);
	field[REFERENCE_VIA_PORT] = reference_string(via->port);
	field[REFERENCE_VIA_BRANCH] = param(&via->via_params, "branch");
	field[REFERENCE_VIA_RPORT] = param(&via->via_params, "rport");
	field[REFERENCE_VIA_RECEIVED] = param(&via->via_params, "received");
	field[REFERENCE_VIA_MADDR] = param(&via->via_params, "maddr");
}

static void read_fields(struct reference_osip *o, osip_message_t *m, struct reference_text *field)
{
	field[REFERENCE_METHOD] = reference_string(m->sip_method);
	field[REFERENCE_USER] = uri_user(m->req_uri);
	field[REFERENCE_HOST] = uri_host(m->req_uri);
	field[REFERENCE_PORT] = reference_string(m->req_uri->port);
	field[REFERENCE_FROM_TAG] = param(&m->from->gen_params, "tag");
	field[REFERENCE_TO_USER] = uri_user(m->to->url);
	field[REFERENCE_TO_HOST] = uri_host(m->to->url);
	field[REFERENCE_TO_TAG] = param(&m->to->gen_params, "tag");
	osip_call_id_to_str(m->call_id, &o->call_id);
	field[REFERENCE_CALL_ID] = reference_string(o->call_id);
	field[REFERENCE_CSEQ_NUMBER] = reference_string(m->cseq->number);
	field[REFERENCE_CSEQ_METHOD] = reference_string(m->cseq->method);
	read_via(o, m, field);
}

void reference_osip_read(
	struct reference_osip *o, const uint8_t *msg, size_t len, struct reference_reading *out)
{
	osip_message_t *m = NULL;

	block.used = 0;
	o->call_id = NULL;
	if (osip_message_init(&m) != OSIP_SUCCESS)
		abort();
	if (osip_message_parse(m, (const char *)msg, len) != OSIP_SUCCESS) {
		out->why = "osip_message_parse fails";
		return;
	}
	out->verdict = MSG_IS_RESPONSE(m) ? REFERENCE_RESPONSE : REFERENCE_REQUEST;
	if (out->verdict != REFERENCE_REQUEST)
		return;
	if (!m->req_uri || !m->from || !m->from->url || !m->to || !m->to->url || !m->call_id ||
		!m->cseq) {
		out->verdict = REFERENCE_REJECTS;
		out->why = "a header that has to be there is missing";
		return;
	}
	read_fields(o, m, out->field);
}
