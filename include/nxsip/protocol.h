/* clang-format off */
/* The control protocol: Unix stream socket (mode 0660), one JSON-RPC 2.0 object a line, named
 * parameters, no batches. Binary data never travels as JSON: `load` passes an open descriptor
 * (SCM_RIGHTS), which belongs to the line that holds the last byte sent with it.
 *
 * Errors: JSON-RPC's own codes for what is not a call (-32700, -32600, -32601, -32602), else the
 * code of error.h (negative, small), its name in error.data.name, a sentence in error.message.
 * Text that is not UTF-8 (a user's bytes) is shown with U+FFFD in its place.
 *
 * "[x]" is optional; every result is an object. USER is written as nx_key_from_row reads it.
 *
 * hello       {protocol}                     -> {protocol, version, name}
 * status      {}                             -> {name, version, pid, uptime_s, state, settling_s,
 *               bypass, shadow, policy_version, data_version, digest, writer: null | {client, since_s,
 *               what}  (since_s: for so long), stall: null | {since_s, workers: [N]},
 *               workers: [{worker, core, rx_packets, idle_percent}],
 *               domains: [{name, authoritative, complete, shadow, ready, known, gone, head, bytes,
 *               digest, fault}],   fault: null, or why it has no table
 *               bytes: of its table, with all copies (workers.user_tables)
 *               verdicts: {pass, 404, 604, absorb, drop}}        state: "loading" | "serving"
 *               settling_s: for how long nothing will be answered yet (box.settle)
 *               stall: a worker has passed no quiescent state for more than a second; workers: those
 *               whose loop stands still. Changes answer `stalled` until it moves
 * digest      {[domain]}                     -> {version, count, digest, domains: [{name, count, digest}]}
 *               equal wherever the data are equal: 32 hexadecimal digits; null where the store cannot
 *               be read. The whole's takes in policy records too
 * stats       {}                             -> {monotonic_ns, rx_packets, rx_bytes, tx_packets,
 *               tx_bytes, tx_replies, reasons: {NAME: {verdict, count}},
 *               classes: {CLASS: {NAME: count}}, workers: [{worker, core, rx_packets, tx_packets}]}
 *               (reasons holds every reason, also zero ones; classes only what is not zero)
 * ports       {}                             -> {ports: [{name, pair, side, driver, mac, queues, mtu,
 *               numa_node, link_up, link_mbps, rss, offloads: [..], rx_packets, tx_packets,
 *               rx_missed, rx_errors, tx_errors, rx_nombuf}]}
 * service.list{}                             -> {services: [{name, kind, direction, vlan, addresses,
 *               ports, hosts: [{host, domain}], plan}]}
 *               vlan: a list of ids and null (untagged); plan: null where none is named
 * domain.add  {name, [authoritative], [complete], [shadow]} -> {version}
 * domain.set  {name, [authoritative], [complete], [shadow]} -> {version}
 * domain.del  {name, [force]}                -> {version}     (has users: needs force)
 * domain.list {}                             -> {domains: [as in status]}
 * range.add   {domain, prefix, min, max}     -> {version}     prefix "+4420794"; digits without +
 * range.set   {domain, prefix, [min], [max]} -> {version}
 * range.del   {domain, prefix}               -> {version}
 * range.list  {[domain]}                     -> {ranges: [{domain, prefix, min, max}]}
 * source.add  {prefix, class}                -> {version}     a prefix put into a class of the file
 * source.set  {prefix, class}                -> {version}
 * source.del  {prefix}                       -> {version}     (one of the file: set-in-file)
 * source.list {}                             -> {classes: [{name, trust, answer, may_604, symmetric,
 *               options, register, unanswerable, unanswerable_rate, dialog_rate, plan}],
 *               sources: [{prefix, class, origin}]}
 *               rates: 0: no limit; origin: "file" | "store"
 * rule.add    {expression, verdict, [priority], [domain], [shadow]} -> {id, version}
 * rule.set    {id, [expression], [verdict], [priority], [shadow]}   -> {version}
 * rule.del    {id}                           -> {version}
 * rule.list   {}                             -> {rules: [{id, priority, verdict, domain|null,
 *               expression, shadow}]}            verdict: "pass" | "404" | "604" | "drop"
 * user.add    {domain, user, [head], [digits_are_names]} -> {version, user, was}
 * user.gone   {domain, user, [digits_are_names]}         -> {version, user, was}
 * user.del    {domain, user, [digits_are_names]}         -> {version, user, was}
 * user.get    {domain, user, [digits_are_names]}         -> {user, state, [updated]}
 * user.list   {domain, [prefix], [limit], [after]}       -> {users: [{user, state, updated}], [next]}
 *               limit at most (and if absent) NX_LIST_MAX; next: opaque, the
 *               `after` of the next page, absent on the last one
 *               state, was: "absent" | "known" | "gone" | "head"; updated: seconds since the epoch
 * load        {domain, mode, [skip_bad], [digits_are_names], [expect], [max_shrink], [force]}
 *               + descriptor of a CSV file   -> {version, rows, added, changed, removed, unchanged,
 *               skipped, bad: [{row, column, text, why}], count, digest, grace_us, seconds}
 *               mode: "merge" | "replace". CSV: `user[,state]`, header line optional. Meanwhile
 *               notifications: progress {phase, rows, bytes, size}; phase: "read" | "table" |
 *               "commit". The client's end closing cancels. A bad row refuses the load whole
 *               (error.data.row and .column name it), unless skip_bad (the first NX_BAD_ROWS_MAX
 *               are listed, all are counted).
 *               Guards (also of commit): expect, users that the domain must then have; max_shrink,
 *               percent of its users that it may lose (replace: 10, else 100), unless force: `guard`
 * begin       {domain, mode, [base]}         -> {txn, base}     mode: "delta" | "replace"; base: the data
 *               version it builds on; another one in force: `conflict`. The connection has the right
 *               to write until commit or abort; its end aborts, and so does NX_TXN_IDLE_S alone
 * put         {txn, users: [USER], [state], [digits_are_names]} -> {staged}   state: "known" | "gone" |
 *               "head"; all of them or, where one is refused, none. Of a user's states the last counts
 * del         {txn, users: [USER], [digits_are_names]}          -> {staged}   of a delta
 * diff        {txn}                          -> {added, changed, removed, unchanged, before, count,
 *               examples: [{user, was, state}], seconds}        what the commit would do now
 * commit      {txn, [expect], [max_shrink], [force]} -> {version, added, changed, removed, unchanged,
 *               count, digest, grace_us, seconds}     refused: the transaction is open as it was
 * abort       {txn}                          -> {}
 * load.diff   as load                        -> {rows, added, changed, removed, unchanged, skipped, bad,
 *               examples: [{user, was, state}], seconds}       what that load would change, and the
 *               first users concerned; nothing is changed, nobody waits
 * dump        {domain} + descriptor to write to -> {version, rows, bytes, digest, bare_digits, seconds}
 *               the domain's users of one moment as CSV in key order: what load --replace makes the
 *               same data of. A file, pipe, stream socket or terminal; bare_digits: a name is of bare
 *               digits, load needs digits_are_names. The client's end closing cancels.
 *               Both: notifications as for load, phase "compare" or "dump" (bytes, size: users)
 * explain     {uri, [from], [service], [method]} -> {verdict, reason, text, step, step_text, service,
 *               class, host_domain|null, key|null, user_state,
 *               rule: null | {id, expression}, range: null | {prefix, min, max}}
 *               from: an address (default: an unlisted one); service: a name (default: the first
 *               that is terminating)
 * plan.test   {number, [from], [service]}    -> {service, class, plan|null, plan_of|null, dialled|null,
 *               steps: [{step, digits, rest}], key|null, reason|null, text|null}
 *               from, service: as for explain. plan_of: "class" | "service"; null: no plan is named,
 *               only global numbers are judged. step: "strip" | "carrier" | "global" |
 *               "international" | "national" | "ambiguous" | "bare-pass" | "bare-national" |
 *               "bare-global" | "country-code"; digits: what the step took off (country-code: put
 *               on), rest: what it left. reason, text: why the number passes, where it makes no key
 * shadow      {on, [domain]}                 -> {version, [deferred]}
 * bypass      {on}                           -> {version, [deferred]}   deferred: true while a load
 *               runs: in force at once, stored when the load ends
 * reload      {}                             -> {version, applied: [KEY], needs_restart: [KEY]}
 *               version: of the policy; an error of the file: error.data.errors, a line each
 * shutdown    {}                             -> {}
 *
 * Every result of a change comes after the change is durable and every worker sees it. Changes of
 * one user that wait at the same time share a store transaction; a client may send the next ones
 * without waiting, and is answered in order. bypass and the box's shadow survive a restart.
 * One writer at a time; others get `busy` and who holds it. */
#ifndef NXSIP_PROTOCOL_H
#define NXSIP_PROTOCOL_H

#define NX_PROTOCOL         1
#define NX_SOCKET_DEFAULT   "/run/nxsip/nxsipd.sock"
#define NX_CONFIG_DEFAULT   "/etc/nxsip/nxsip.yaml"
#define NX_LINE_MAX         (256 * 1024)      /* bytes of one request line */
#define NX_UNREAD_MAX       (8 * 1024 * 1024) /* bytes a client may leave unread: then it is closed */
#define NX_CLIENTS_MAX      256
#define NX_LIST_MAX         10000
#define NX_BAD_ROWS_MAX     100
#define NX_TXN_BYTES_MAX    (256u << 20)      /* gathered by a transaction: some ten million numbers */
#define NX_TXN_IDLE_S       60                /* a transaction that is left alone so long is aborted */

#define NX_RPC_PARSE        (-32700)
#define NX_RPC_REQUEST      (-32600)
#define NX_RPC_METHOD       (-32601)
#define NX_RPC_PARAMS       (-32602)

#endif
