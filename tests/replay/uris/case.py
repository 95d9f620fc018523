"""Request-URIs on a phone service (rules 10, 11, 30 to 34): the forms of one number are one
number; what is not plainly a number, or asks for more, passes."""

from frames import *

RULES = (
    "rule_32_one_number_in_any_dress",
    "rule_32_not_what_is_no_number",
    "rule_34_ported_and_trunked",
    "rule_34_not_npdi_alone",
    "rule_11_no_user",
)


def call(n, uri):
    return udp(invite(n, uri))


def user(n, text, rest=""):
    return call(n, f"sip:{text}@{SBC}{rest}")


FORMS = (
    ("sip:+44-20-7946-0002@192.0.2.10", "nx10a49904bc65cc9c352aa22b7a"),
    ("sip:+44(20)7946.0002@192.0.2.10", "nx1047705ab2502c2db6ab094ce6"),
    ("sip:%2B442079460002@192.0.2.10", "nx10697b3ce40151a57dd4d89e08"),
    ("sip:+44207946000%32@192.0.2.10", "nx109db59e94643e42a8d4b06fb5"),
    ("sips:+442079460002@192.0.2.10", "nx102f2586da8df6c6aa8b733059"),
    ("SIP:+442079460002@sbc.example.net", "nx1082808bf2d582098d6711dc2e"),
    ("sip:+442079460002:secret@192.0.2.10", "nx104b7d93cb7b3c960cb5d192f0"),
    ("sip:+442079460002;npdi@192.0.2.10;transport=udp", "nx105f27ba889539390aaeb36b52"),
    ("tel:+442079460002", "nx1057b2d972a6341068433fb553"),
    ("tel:+44-20-7946-0002;x=y", "nx109606dcd3b4e3a2792021829c"),
    ("tel:02079460002", None),  # local, without its context: RFC 3966 section 5.1.4
    ("tel:2079460002;phone-context=+44", "nx102b958ac084585e9b8f4b1713"),
    ("sip:2079460002;phone-context=+44@192.0.2.10;user=phone", "nx10ff22d0571d8119f77680df2e"),
)
NOT_A_NUMBER = ("alice", "*21", "+44*", "+442079460002A", "%2342", "0207946000%23")
PORTABILITY = ("+442079460002;rn=+442079", "+442079460002;cic=+1234", "+442079460002;tgrp=a",
               "+442079460002;npdi;rn=+44")
NO_PLAN = ("+442079460002;ext=7", "+442079460002;isub=7", "+0442079460002", "+4402079460002",
           "2079460002;phone-context=+1", "2079460002;phone-context=example.com",
           "+4420794600020000", "2079460002")
MALFORMED = (
    "sip:+442079460002@192.0.2.10:99999",
    "sip:+442079460002@192.0.2.10:",
    "sip:+442079460002@192.0.2.010",
    "sip:+442079460002@sbc_1.example.net",
    "sip:+442079460002@",
    "sip:",
    "sip:+442079460002@[2001:db8::10",
    "sip:+44207946000%3@192.0.2.10",
    "sip:a@b@192.0.2.10",
    "sip:+442079460002@192.0.2.10;user=phone;user=phone",
    "+442079460002",
)

FRAMES = [
    *(access(call(n, uri), unknown(n, tag, uri) if tag else passes("plan"))
      for n, (uri, tag) in enumerate(FORMS, 1)),
    *(access(user(20 + n, text), passes("not-number")) for n, text in enumerate(NOT_A_NUMBER)),
    *(access(user(30 + n, text), passes("portability")) for n, text in enumerate(PORTABILITY)),
    *(access(user(40 + n, text), passes("plan")) for n, text in enumerate(NO_PLAN)),
    *(access(udp(invite(50 + n, uri, to=f"<{NOBODY}>")), passes("bad-uri"))
      for n, uri in enumerate(MALFORMED)),
    access(user(70, "+442079460002", ";user=dialstring"), passes("not-number")),
    access(call(71, f"sip:+442079460002@{SBC}:5070"), passes("host")),
    access(call(72, f"sip:{SBC}"), passes("no-user")),
    access(udp(invite(73, f"sip::secret@{SBC}", to=f"<{NOBODY}>")), passes("bad-uri")),
    access(call(74, "mailto:alice@example.com"), passes("scheme")),
    access(call(75, "http://192.0.2.10/"), passes("scheme")),
    access(call(76, "im:alice@example.com"), passes("scheme")),
]
