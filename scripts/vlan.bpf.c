/* A VLAN sub-interface for kernels without the 8021q module, as two tc classifiers. The lab gives a
 * namespace a second veth pair: programs bind to its one end, and what comes out at the other
 * is tagged and sent on to the trunk; what the trunk receives with the tag goes back the same way.
 *
 *	tc filter add dev INNER ingress protocol all bpf obj vlan.o sec tag \
 *		action mirred egress redirect dev TRUNK
 *	tc filter add dev TRUNK ingress protocol all bpf obj vlan.o sec untag \
 *		action mirred egress redirect dev INNER
 *
 * Self-contained, so that it builds with gcc-bpf and no kernel headers: the context's head and the
 * helpers' numbers are part of the kernel's stable interface (linux/bpf.h).
 *	bpf-gcc -O2 -DVLAN_ID=100 -c vlan.bpf.c -o vlan.o */

#ifndef VLAN_ID
#error "-DVLAN_ID=1..4094"
#endif

#define SECTION(name) __attribute__((section(name), used))

struct __sk_buff {
	unsigned int len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci,
		vlan_proto;
};

static long (*const skb_vlan_push)(
	struct __sk_buff *, unsigned short proto_be, unsigned short tci) = (void *)18;
static long (*const skb_vlan_pop)(struct __sk_buff *) = (void *)19;

enum { NO_MATCH = 0, MATCH = -1 };

#define ETH_P_8021Q_BE 0x0081 /* 0x8100 in network order on a little-endian machine */

SECTION("tag") int vlan_tag(struct __sk_buff *skb)
{
	return skb_vlan_push(skb, ETH_P_8021Q_BE, VLAN_ID) ? NO_MATCH : MATCH;
}

SECTION("untag") int vlan_untag(struct __sk_buff *skb)
{
	if (!skb->vlan_present || (skb->vlan_tci & 0xfff) != VLAN_ID)
		return NO_MATCH;
	return skb_vlan_pop(skb) ? NO_MATCH : MATCH;
}

SECTION("license") char vlan_license[] = "Dual BSD/GPL";
