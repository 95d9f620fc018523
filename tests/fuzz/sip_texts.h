/* What a message may have, right or wrong: the mutator's fixed texts. */
#ifndef NX_FUZZ_SIP_TEXTS_H
#define NX_FUZZ_SIP_TEXTS_H

static const char *const names[][2] = {{"Via", "v"}, {"From", "f"}, {"To", "t"}, {"Call-ID", "i"},
	{"CSeq", "CSeq"}, {"Max-Forwards", "Max-Forwards"}, {"Content-Length", "l"},
	{"Contact", "m"}, {"Route", "Route"}, {"Content-Type", "c"}, {"Subject", "s"},
	{"Supported", "k"}, {"Event", "o"}, {"Refer-To", "r"}, {"Content-Encoding", "e"}};

static const char *const headers[] = {"Route: <sip:192.0.2.10;lr>", "Proxy-Require: foo",
	"Replaces: a@b;to-tag=1;from-tag=2", "Join: a@b;to-tag=1;from-tag=2",
	"Target-Dialog: a@b;local-tag=1", "Resource-Priority: ets.0", "Priority: emergency",
	"Priority: psap-callback", "History-Info: <sip:a@b>;index=1", "Diversion: <sip:a@b>",
	"Max-Forwards: 0", "Content-Length: 0", "l: 0",
	"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx",
	"v: SIP/2.0/UDP [2001:db8::1]:5060;rport;branch=z9hG4bKy", "To: <sip:a@b>;tag=1",
	"Require: 100rel", "From: sip:a@b;tag=x", "Call-ID: x", "CSeq: 1 INVITE",
	"Contact: <sip:a@b>", "X: y", "x:", "Subject: lunch\r\n today", "Record-Route: <sip:r;lr>",
	"Timestamp: 54", "Content-Type: application/sdp", "Contact: *",
	"Date: Sat, 13 Nov 2010 23:29:00 GMT"};

static const char *const uris[] = {"sip:+442079460000@192.0.2.10", "sip:alice@example.net",
	"sips:alice@example.net", "tel:+442079460000", "tel:7042;phone-context=+44",
	"sip:gone@example.net", "sip:+441632960000@example.net;user=phone", "sip:a%62c@example.net",
	"sip:a;b=c@example.net", "sip:a:pw@example.net", "sip:alice@example.net:5060",
	"sip:alice@[2001:db8::10]:5060", "sip:alice@example.net;transport=udp",
	"SIP:alice@EXAMPLE.net.", "sip:a/b?c@example.net", "sip:%40@example.net",
	"sip:a&b=c+d$e,f@example.net", "sip:example.net", "sip:+44-20.7946(0000)@example.net",
	"sip:%00@example.net", "sip:a%25b@example.net", "sip:alice@example.net;x=y;z",
	"sip:alice@192.0.2.10;user=phone"};

static const char *const params[] = {";rport", ";rport=1", ";received=192.0.2.1",
	";branch=z9hG4bKq", ";maddr=1.2.3.4", ";ttl=1", ";tag=a", ";tag", ";tag=\"a\"",
	";x=\"a;b\"", ";lr", ";x", " ; x = y", ";\r\n x=y", ";x=[::1]", ";x=\"\\\"\"",
	";user=phone", ";RPORT", "; Received=::1", ";x=%41", ";comp=sigcomp", "(comment)", ",",
	", SIP/2.0/UDP 192.0.2.77"};

static const char *const numbers[] = {"0", "1", "00", "007", "255", "256", "5060", "65535", "65536",
	"2147483647", "2147483648", "4294967295", "4294967296", "18446744073709551616",
	"99999999999", "-1", "+1", "1.5", ""};

static const char *const displays[] = {"\"A\" ", "A B ", "\"a\\\"b\" ", "\"<sip:x@y>\" ", "\"\" ",
	"\"\xc3\xa9\" ", "A", "\"a\"", "A.B-!%*_+`'~ "};

#endif
